/** Stamps: hashes of the names, sizes and times of files, which tell what has changed without reading any. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, hashOf } from "../system/files.js";

/** Names, sizes and times of change of a file, or of all files in a folder, in the order of the names. */
async function facts(path: string): Promise<unknown> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return null;
  if (!found.isDirectory()) return [found.size, found.mtimeMs];
  const names = (await readdir(path)).sort();
  return Promise.all(names.map(async (name) => [name, await facts(join(path, name))]));
}

/** Returns a stamp of files and folders, and of what else a measurement depends on. */
export async function stampOf(paths: readonly string[], besides: unknown = null): Promise<string> {
  const all = await Promise.all(paths.map(async (path) => [path, await facts(path)]));
  return hashOf(canonicalJson([all, besides])).slice(0, 32);
}
