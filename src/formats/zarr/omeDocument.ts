/** Documents of Zarr folders: JSON by a schema, and the attributes of OME-NGFF images and their version. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Spacing3 } from "../../domain/volume.js";
import { isPickbenchError, messageOf, PickbenchError } from "../../system/errors.js";
import { checkLimit } from "../../system/limits.js";
import { readText } from "../../system/paths/opening.js";
import { parseJson as parsedJson } from "../json.js";

/** What a document is, for messages. */
export const what = "OME-NGFF multiscales";

/**
 * Reads a file's text; undefined where there is no such file.
 *
 * @throws PickbenchError BadDataset where the file cannot be read
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    checkLimit("headerBytes", size, { what: `${path}: the document`, path });
    return await readText(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (isPickbenchError(error)) throw error;
    throw new PickbenchError("BadDataset", `${path}: cannot be read: ${messageOf(error)}`, { path });
  }
}

/**
 * Parses JSON, as Python writes it, by a schema.
 *
 * @param what the wanted content, for the message
 * @throws PickbenchError BadDataset with the file and its first fault
 */
export function parseJson<T>(path: string, text: string, schema: z.ZodType<T>, what: string): T {
  return fitting(path, parsedJson(text, { path }), schema, what);
}

/** Checks a document by a schema. @throws PickbenchError BadDataset with the file and the first fault */
export function fitting<T>(path: string, value: unknown, schema: z.ZodType<T>, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new PickbenchError(
    "BadDataset",
    `${path}: not ${what}: ${issue ? `${issue.path.join(".") || "the document"}: ${issue.message}` : "unreadable"}`,
    { path },
  );
}

const groupV3Schema = z.looseObject({
  attributes: z.looseObject({ ome: z.unknown() }).default({ ome: undefined }),
});

/** Attributes of a folder as they stand. */
interface RawAttributes {
  readonly path: string;
  readonly format: 2 | 3;
  readonly attributes: Record<string, unknown>;
}

/**
 * Reads the attributes of an OME-Zarr folder.
 *
 * @param isOptional whether there may be none
 * @throws PickbenchError BadDataset where there are none, or they cannot be read
 */
export async function attributesIn(folder: string, isOptional: boolean): Promise<RawAttributes> {
  const v3Path = join(folder, "zarr.json");
  const v3 = await readIfThere(v3Path);
  if (v3 !== undefined) {
    const { attributes } = parseJson(v3Path, v3, groupV3Schema, "a Zarr v3 group with OME attributes");
    return { path: v3Path, format: 3, attributes: { ...attributes, ...asRecord(attributes.ome) } };
  }
  const v2Path = join(folder, ".zattrs");
  const v2 = await readIfThere(v2Path);
  if (v2 === undefined && isOptional) return { path: v2Path, format: 2, attributes: {} };
  if (v2 === undefined)
    throw new PickbenchError(
      "BadDataset",
      `${folder}: no .zattrs and no zarr.json, so no voxel spacing; wanted OME-Zarr with multiscales metadata`,
      { path: folder },
    );
  return { path: v2Path, format: 2, attributes: parseJson(v2Path, v2, z.looseObject({}), what) };
}

/** Returns the only image of a bioformats2raw folder, whose images are called 0, 1, … */
export async function onlyImage(folder: string): Promise<string> {
  const images = (await readdir(folder)).filter((name) => /^\d+$/.test(name)).sort();
  if (images.length === 1) return images[0]!;
  const found = images.length === 0 ? "no image" : `${images.length} images (${images.join(", ")})`;
  throw new PickbenchError(
    "BadDataset",
    `${folder}: a bioformats2raw folder with ${found}; wanted one: give the image's own folder, such as ${join(folder, images[0] ?? "0")}`,
    { path: folder },
  );
}

/** Versions whose metadata have a place for the spacing, and older ones whose images are read where it is given. */
const readVersions = /^0\.[45](\D|$)/;
const spacingless = /^0\.[123](\D|$)/;

/**
 * Refuses versions of OME-NGFF that are not read, before their other fields are looked at.
 *
 * @param given spacing, without which the oldest versions are of no use
 * @throws PickbenchError BadDataset
 */
export function refuseVersion(
  path: string,
  attributes: Record<string, unknown>,
  given: Spacing3 | undefined,
): void {
  const first = Array.isArray(attributes.multiscales) ? asRecord(attributes.multiscales[0]) : {};
  const version = attributes.version ?? first.version;
  if (typeof version !== "string" || readVersions.test(version)) return;
  if (given !== undefined && spacingless.test(version)) return;
  const fault = spacingless.test(version) ? `${version} has no voxel spacing` : `${version} is not read`;
  throw new PickbenchError(
    "BadDataset",
    `${path}: OME-NGFF version ${fault}; wanted 0.4 or 0.5${spacingless.test(version) ? ", or the spacing given" : ": write it again so"}`,
    { path },
  );
}

const asRecord = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};
