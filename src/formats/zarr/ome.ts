/** OME-NGFF metadata of multiscale images, 0.4 and 0.5: axes, levels with their spacings, and channels. */
import { join } from "node:path";
import { z } from "zod";
import { angstrom } from "../../domain/units.js";
import type { Spacing3 } from "../../domain/volume.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { angstromsPer } from "../lengthUnits.js";
import {
  attributesIn,
  fitting,
  onlyImage,
  parseJson,
  readIfThere,
  refuseVersion,
  what,
} from "./omeDocument.js";

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

/** A level as the metadata describe it. */
export interface MultiscalesLevel {
  readonly path: string;
  /** Å per voxel; undefined for a coarser level without scale where the finest one's was given. */
  readonly spacing: Spacing3 | undefined;
  /** Translation of the first voxel, in Å along z, y, x, for viewers that follow it; positions do not. */
  readonly translation: Spacing3;
}

/** Multiscales metadata of an OME-Zarr folder: OME-NGFF 0.4 (`.zattrs`) or 0.5 (`zarr.json`). */
interface Multiscales {
  readonly format: 2 | 3;
  /** Undefined where the metadata name none and the spacing was given, as OME-NGFF 0.1 and 0.2: then t,c,z,y,x from the last. */
  readonly axes: ArrayAxes | undefined;
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
/** Attributes of an image whose spacing is given. */
const givenSchema = z.looseObject({
  multiscales: z
    .array(
      z.looseObject({
        axes: z.array(axisSchema).optional(),
        datasets: z
          .array(z.looseObject({ path: z.string() }))
          .min(1)
          .max(64),
      }),
    )
    .min(1),
});

/**
 * Reads the multiscales metadata of an OME-Zarr folder; of a bioformats2raw folder with one image, that image's.
 *
 * @param given Å per voxel of the finest level, in place of what the metadata say or do not say
 * @throws PickbenchError BadDataset where axes, or spacings that are not given, are missing; Unsupported where the image is
 * no volume
 */
export async function readMultiscales(folder: string, given?: Spacing3): Promise<Multiscales> {
  const { path, format, attributes } = await attributesIn(folder, given !== undefined);
  if (!("multiscales" in attributes) && "bioformats2raw.layout" in attributes) {
    const image = await onlyImage(folder);
    const inside = await readMultiscales(join(folder, image), given);
    return {
      ...inside,
      levels: inside.levels.map((level) => ({ ...level, path: `${image}/${level.path}` })),
    };
  }
  if (given !== undefined && !("multiscales" in attributes)) return bareImage(folder, format, given);
  refuseVersion(path, attributes, given);
  return given === undefined
    ? multiscalesOf(path, format, fitting(path, attributes, attributesSchema, what))
    : givenMultiscales(path, format, attributes, given);
}

/** Describes arrays without multiscales metadata: the one called 0, or the folder itself. */
async function bareImage(folder: string, format: 2 | 3, given: Spacing3): Promise<Multiscales> {
  const inside = await Promise.all(
    ["zarr.json", ".zarray"].map((name) => readIfThere(join(folder, "0", name))),
  );
  const path = inside.some((text) => text !== undefined) ? "0" : "";
  return {
    format,
    axes: undefined,
    levels: [{ path, spacing: given, translation: none }],
    channels: undefined,
  };
}

type Attributes = z.infer<typeof attributesSchema>;
type ImageMetadata = z.infer<typeof multiscalesSchema>;

/**
 * Checks the first image that OME-NGFF attributes describe, whatever its axes.
 *
 * @param attributes the content of `.zattrs` (0.4), or of `attributes.ome` in a group's `zarr.json` (0.5)
 * @throws PickbenchError BadDataset where the attributes are not valid
 */
export function checkImage(path: string, attributes: string): void {
  const parsed = parseJson(path, attributes, attributesSchema, what);
  refuseVersion(path, parsed, undefined);
  imageOf(path, parsed);
}

function imageOf(path: string, attributes: Attributes): ImageMetadata {
  const [image] = attributes.multiscales;
  const axes = image!.axes ?? [];
  checkAxes(path, axes);
  for (const { path: level, coordinateTransformations } of image!.datasets)
    if (coordinateTransformations === undefined)
      throw new PickbenchError(
        "BadDataset",
        `${path}: level ${level} has no scale, so no voxel spacing; wanted coordinateTransformations with a scale of ${axes.length} numbers, or the spacing given`,
        { path },
      );
  return image!;
}

/** Describes an image by the given spacing of its finest level. */
function givenMultiscales(
  path: string,
  format: 2 | 3,
  attributes: Record<string, unknown>,
  given: Spacing3,
): Multiscales {
  const [image] = fitting(path, attributes, givenSchema, what).multiscales;
  const axes = image!.axes && tomogramAxes(path, image!.axes);
  const whole = attributesSchema.safeParse(attributes);
  const stated = whole.success ? statedLevels(path, whole.data) : undefined;
  const levels = image!.datasets.map((dataset, index) =>
    givenLevel(path, dataset.path, given, index, stated),
  );
  return { format, axes, levels, channels: whole.success ? channelsOf(whole.data) : undefined };
}

function multiscalesOf(path: string, format: 2 | 3, attributes: Attributes): Multiscales {
  const channels = channelsOf(attributes);
  const image = imageOf(path, attributes);
  const named: readonly OmeAxis[] = image.axes ?? [];
  const axes = tomogramAxes(path, named);
  const units = axes.space.map((at) => angstromsPerAxisUnit(path, named[at]!.unit));
  const common = scaleOf(path, "all levels", image.coordinateTransformations, axes.rank);
  const levels = image.datasets.map((dataset): MultiscalesLevel => {
    const own = scaleOf(path, dataset.path, dataset.coordinateTransformations, axes.rank)!;
    const [z, y, x] = axes.space.map((at, axis) => angstrom(units[axis]! * own[at]! * (common?.[at] ?? 1)));
    const moved = translationOf(dataset.coordinateTransformations);
    const movedAll = translationOf(image.coordinateTransformations);
    const [depth, height, width] = axes.space.map((at, axis) =>
      angstrom(units[axis]! * ((moved?.[at] ?? 0) * (common?.[at] ?? 1) + (movedAll?.[at] ?? 0))),
    );
    const translation: Spacing3 = [depth!, height!, width!];
    return { path: insidePath(path, dataset.path), spacing: [z!, y!, x!], translation };
  });
  return { format, axes, levels, channels };
}

/** Returns the levels as the metadata state them, whatever their unit; undefined where they do not. */
function statedLevels(path: string, attributes: Attributes): readonly MultiscalesLevel[] | undefined {
  const unitless = attributes.multiscales.map((image) => ({
    ...image,
    axes: image.axes?.map(({ name, type }) => ({ name, type, unit: undefined })),
  }));
  try {
    return multiscalesOf(path, 2, { ...attributes, multiscales: unitless }).levels;
  } catch (error) {
    if (isPickbenchError(error)) return undefined;
    throw error;
  }
}

/** Returns a level by the given spacing of the finest one, and by how much coarser the metadata say that it is. */
function givenLevel(
  path: string,
  level: string,
  given: Spacing3,
  index: number,
  stated: readonly MultiscalesLevel[] | undefined,
): MultiscalesLevel {
  const inside = insidePath(path, level);
  const finest = stated?.[0]?.spacing;
  const own = stated?.[index];
  if (!finest || !own?.spacing)
    return { path: inside, spacing: index === 0 ? given : undefined, translation: none };
  const perStated = given.map((length, axis) => length / finest[axis]!);
  const scaled = (sizes: Spacing3) =>
    sizes.map((size, axis) => angstrom(size * perStated[axis]!)) as unknown as Spacing3;
  return {
    path: inside,
    spacing: index === 0 ? given : scaled(own.spacing),
    translation: scaled(own.translation),
  };
}

const none: Spacing3 = [angstrom(0), angstrom(0), angstrom(0)];

function insidePath(path: string, level: string): string {
  if (!level.startsWith("/") && !level.split(/[/\\]/).includes("..")) return level;
  throw new PickbenchError("BadDataset", `${path}: level ${level} lies outside the folder`, { path });
}

function angstromsPerAxisUnit(path: string, unit: string | null | undefined): number {
  if (unit === null || unit === undefined || unit === "") return 1;
  const length = angstromsPer(unit);
  if (length !== undefined) return length;
  throw new PickbenchError(
    "BadDataset",
    `${path}: unit ${unit} of an axis is unknown; wanted angstrom, nanometer, micrometer or another of OME-NGFF's, or the spacing given`,
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
