import { stat } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, hashOf } from "../files.js";
import type { TomogramReader } from "./omeZarr.js";

const metadataFiles = [".zattrs", ".zgroup", ".zarray", ".zmetadata", "zarr.json"];

/**
 * What tells whether a tomogram's level is still as it was when it was read: a hash of its place and of every file's
 * name, size and time of change. Nothing is read, so that hundreds of tomograms are known again within seconds.
 */
export async function tomogramStamp(reader: TomogramReader): Promise<string> {
  const folder = join(reader.ref.path, reader.level.path);
  const files = [
    ...[reader.ref.path, folder].flatMap((path) => metadataFiles.map((name) => join(path, name))),
    ...reader.chunks().map(({ file }) => file),
  ];
  const stamps = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      return found && [file, found.size, found.mtimeMs];
    }),
  );
  return hashOf(canonicalJson(stamps));
}
