/** Stamps: short hashes of what a measurement depends on; those of files tell what has changed without reading any. */
import { standingAt } from "../makings/fingerprint.js";
import { canonicalJson, hashOf } from "../system/files.js";

/** Returns a stamp of a value. */
export const stampOf = (value: unknown): string => hashOf(canonicalJson(value)).slice(0, 32);

/** Returns a stamp of files and folders by names, sizes and times of change, and of what else a measurement depends on. */
export async function stampOfFiles(paths: readonly string[], besides: unknown = null): Promise<string> {
  const all = await Promise.all(paths.map(async (path) => [path, (await standingAt(path))?.stamp ?? null]));
  return stampOf([all, besides]);
}
