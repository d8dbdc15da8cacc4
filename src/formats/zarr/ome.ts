/** OME-NGFF metadata of multiscale images, 0.4 and 0.5: axes, levels with their spacings, and channels. */
import { join } from "node:path";
import { z } from "zod";
import { angstrom } from "../../domain/units.js";
import type { Spacing3 } from "../../domain/volume.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { readText } from "../../system/opening.js";

/** Schema of an axis of an OME-NGFF image; older metadata has only its name. */
const axisSchema = z.union([
  z.string().transform((name) => ({ name, type: undefined, unit: undefined })),
  z.looseObject({ name: z.string(), type: z.string().nullish(), unit: z.string().nullish() }),
]);
type OmeAxis = z.infer<typeof axisSchema>;

/** Indices of a tomogram's axes among an array's axes. */
export interface ArrayAxes {
  readonly rank: number;
  /** Indices of z, y and x. */
  readonly space: readonly [z: number, y: number, x: number];
  /** Index of the channels, where there are any; all other axes have length 1. */
  readonly channel: number | undefined;
}

const typesOfNames: Readonly<Record<string, string>> = {
  z: "space",
  y: "space",
  x: "space",
  c: "channel",
  t: "time",
};
const typeOf = ({ name, type }: OmeAxis): string | undefined => type ?? typesOfNames[name.toLowerCase()];

/**
 * Checks axes by OME-NGFF (0.4, section 3.2: two to five axes, two or three of them of space).
 *
 * @throws PickbenchError BadDataset where OME-NGFF does not allow them
 */
function checkAxes(path: string, axes: readonly OmeAxis[]): void {
  const names = axes.map(({ name }) => name.toLowerCase());
  const spatial = axes.filter((axis) => typeOf(axis) === "space").length;
  const isValid =
    axes.length >= 2 &&
    axes.length <= 5 &&
    new Set(names).size === names.length &&
    spatial >= 2 &&
    spatial <= 3;
  if (isValid) return;
  throw new PickbenchError(
    "BadDataset",
    `${path}: axes are ${names.join(",") || "not given"}; wanted z,y,x, or c,z,y,x for several channels`,
    { path },
  );
}

/**
 * Finds the axes of a tomogram.
 *
 * @throws PickbenchError Unsupported where the image is no volume
 */
function tomogramAxes(path: string, axes: readonly OmeAxis[]): ArrayAxes {
  const names = axes.map(({ name }) => name.toLowerCase());
  const [z, y, x] = ["z", "y", "x"].map((name) => names.indexOf(name));
  const channel = axes.findIndex((axis) => typeOf(axis) === "channel");
  if (Math.min(z!, y!, x!) < 0)
    throw new PickbenchError(
      "Unsupported",
      `${path}: axes are ${names.join(",")}: no volume; wanted z,y,x, or c,z,y,x for several channels`,
      { path },
    );
  return { rank: axes.length, space: [z!, y!, x!], channel: channel < 0 ? undefined : channel };
}

interface MultiscalesLevel {
  readonly path: string;
  readonly spacing: Spacing3;
  /** Translation of the first voxel, in Å along z, y, x, for viewers that follow it; positions do not. */
  readonly translation: Spacing3;
}

/** Multiscales metadata of an OME-Zarr folder: OME-NGFF 0.4 (`.zattrs`) or 0.5 (`zarr.json`). */
interface Multiscales {
  readonly format: 2 | 3;
  readonly axes: ArrayAxes;
  readonly levels: readonly MultiscalesLevel[];
  readonly channels: readonly string[] | undefined;
}

const transformSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("scale"), scale: z.array(z.number()) }),
  z.looseObject({ type: z.literal("translation"), translation: z.array(z.number()) }),
]);
const transformsSchema = z
  .array(transformSchema)
  .refine((all) => all.filter(({ type }) => type === "scale").length === 1, "wanted one scale")
  .optional();
const multiscalesSchema = z.looseObject({
  version: z.string().optional(),
  axes: z.array(axisSchema).optional(),
  datasets: z
    .array(z.looseObject({ path: z.string(), coordinateTransformations: transformsSchema }))
    .min(1)
    .max(64),
  coordinateTransformations: transformsSchema,
});
const channelSchema = z.looseObject({
  label: z.string().optional(),
  color: z.string().optional(),
  window: z.looseObject({ start: z.number(), min: z.number(), end: z.number(), max: z.number() }).optional(),
});
const attributesSchema = z.looseObject({
  multiscales: z.array(multiscalesSchema).min(1),
  omero: z.looseObject({ channels: z.array(channelSchema) }).optional(),
  pickbench: z.looseObject({ channels: z.array(z.string()) }).optional(),
  "pickbench.channels": z.array(z.string()).optional(),
});
const groupV3Schema = z.looseObject({ attributes: z.looseObject({ ome: z.unknown() }) });

/** Å per unit of length that OME-NGFF allows; a missing unit means Å, as copick writes it. */
const angstromsPerUnit: Readonly<Record<string, number>> = {
  angstrom: 1,
  ångström: 1,
  å: 1,
  nanometer: 10,
  micrometer: 1e4,
};

/**
 * Reads a file's text; undefined where there is no such file.
 *
 * @throws PickbenchError BadDataset where the file cannot be read
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readText(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new PickbenchError("BadDataset", `${path}: cannot be read: ${messageOf(error)}`, { path });
  }
}

/**
 * Parses JSON by a schema.
 *
 * @param what the wanted content, for the message
 * @throws PickbenchError BadDataset with the file and its first fault
 */
export function parseJson<T>(path: string, text: string, schema: z.ZodType<T>, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PickbenchError("BadDataset", `${path}: not JSON: ${messageOf(error).replace(/\s+/g, " ")}`, {
      path,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new PickbenchError(
    "BadDataset",
    `${path}: not ${what}: ${issue ? `${issue.path.join(".") || "the document"}: ${issue.message}` : "unreadable"}`,
    { path },
  );
}

const what = "OME-NGFF multiscales";

/**
 * Reads the multiscales metadata of an OME-Zarr folder.
 *
 * @throws PickbenchError BadDataset where spacing or axes are missing, Unsupported where the image is no volume
 */
export async function readMultiscales(folder: string): Promise<Multiscales> {
  const v3Path = join(folder, "zarr.json");
  const v3 = await readIfThere(v3Path);
  if (v3 !== undefined) {
    const { attributes } = parseJson(v3Path, v3, groupV3Schema, "a Zarr v3 group with OME attributes");
    const text = JSON.stringify({ ...attributes, ...asRecord(attributes.ome) });
    return multiscalesOf(v3Path, 3, parseJson(v3Path, text, attributesSchema, what));
  }
  const v2Path = join(folder, ".zattrs");
  const v2 = await readIfThere(v2Path);
  if (v2 === undefined)
    throw new PickbenchError(
      "BadDataset",
      `${folder}: no .zattrs and no zarr.json, so no voxel spacing; wanted OME-Zarr with multiscales metadata`,
      { path: folder },
    );
  return multiscalesOf(v2Path, 2, parseJson(v2Path, v2, attributesSchema, what));
}

const asRecord = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};

type Attributes = z.infer<typeof attributesSchema>;
type ImageMetadata = z.infer<typeof multiscalesSchema>;

/**
 * Checks the first image that OME-NGFF attributes describe, whatever its axes.
 *
 * @param attributes the content of `.zattrs` (0.4), or of `attributes.ome` in a group's `zarr.json` (0.5)
 * @throws PickbenchError BadDataset where the attributes are not valid
 */
export function checkImage(path: string, format: 2 | 3, attributes: string): void {
  imageOf(path, format, parseJson(path, attributes, attributesSchema, what));
}

function imageOf(path: string, format: 2 | 3, attributes: Attributes): ImageMetadata {
  const [image] = attributes.multiscales;
  const { version } = image!;
  if (format === 2 && version !== undefined && version !== "0.4")
    throw new PickbenchError("BadDataset", `${path}: OME-NGFF version ${version}; wanted 0.4 or 0.5`, {
      path,
    });
  const axes = image!.axes ?? [];
  checkAxes(path, axes);
  for (const { path: level, coordinateTransformations } of image!.datasets)
    if (coordinateTransformations === undefined)
      throw new PickbenchError(
        "BadDataset",
        `${path}: level ${level} has no scale, so no voxel spacing; wanted coordinateTransformations with a scale of ${axes.length} numbers`,
        { path },
      );
  return image!;
}

function multiscalesOf(path: string, format: 2 | 3, attributes: Attributes): Multiscales {
  const image = imageOf(path, format, attributes);
  const named: readonly OmeAxis[] = image.axes ?? [];
  const axes = tomogramAxes(path, named);
  const units = axes.space.map((at) => angstromsPerAxisUnit(path, named[at]!.unit));
  const common = scaleOf(path, "all levels", image.coordinateTransformations, axes.rank);
  const levels = image.datasets.map((dataset): MultiscalesLevel => {
    if (dataset.path.startsWith("/") || dataset.path.split(/[/\\]/).includes(".."))
      throw new PickbenchError("BadDataset", `${path}: level ${dataset.path} lies outside the folder`, {
        path,
      });
    const own = scaleOf(path, dataset.path, dataset.coordinateTransformations, axes.rank)!;
    const [z, y, x] = axes.space.map((at, axis) => angstrom(units[axis]! * own[at]! * (common?.[at] ?? 1)));
    const moved = translationOf(dataset.coordinateTransformations);
    const movedAll = translationOf(image.coordinateTransformations);
    const [depth, height, width] = axes.space.map((at, axis) =>
      angstrom(units[axis]! * ((moved?.[at] ?? 0) * (common?.[at] ?? 1) + (movedAll?.[at] ?? 0))),
    );
    return { path: dataset.path, spacing: [z!, y!, x!], translation: [depth!, height!, width!] };
  });
  return { format, axes, levels, channels: channelsOf(attributes) };
}

function angstromsPerAxisUnit(path: string, unit: string | null | undefined): number {
  if (unit === null || unit === undefined || unit === "") return 1;
  const length = angstromsPerUnit[unit.toLowerCase()];
  if (length !== undefined) return length;
  throw new PickbenchError(
    "BadDataset",
    `${path}: unit ${unit} of an axis is unknown; wanted angstrom, nanometer or micrometer`,
    { path },
  );
}

function scaleOf(
  path: string,
  level: string,
  transforms: ImageMetadata["coordinateTransformations"],
  rank: number,
): number[] | undefined {
  const scale = transforms?.flatMap((transform) => (transform.type === "scale" ? [transform.scale] : []))[0];
  if (scale === undefined) return undefined;
  if (scale.length === rank && scale.every((value) => Number.isFinite(value) && value > 0)) return scale;
  throw new PickbenchError(
    "BadDataset",
    `${path}: scale of ${level} is [${scale.join(", ")}]; wanted ${rank} numbers above 0`,
    { path },
  );
}

const translationOf = (
  transforms: ImageMetadata["coordinateTransformations"],
): readonly number[] | undefined =>
  transforms?.flatMap((transform) => (transform.type === "translation" ? [transform.translation] : []))[0];

function channelsOf(attributes: Attributes): readonly string[] | undefined {
  return (
    attributes.pickbench?.channels ??
    attributes["pickbench.channels"] ??
    attributes.omero?.channels.map(({ label }, index) => label ?? `channel ${index}`)
  );
}
