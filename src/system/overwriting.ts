/** The one rule of overwriting: what is there already is replaced with --overwrite alone. */
import { lstat } from "node:fs/promises";
import { PickbenchError } from "./errors.js";

/**
 * Checks that nothing stands where files or folders are to be written, or that it may be replaced.
 *
 * @param otherwise what else may be given, such as "another --out"
 * @throws BadUsage naming --overwrite
 */
export async function checkFree(
  paths: string | readonly string[],
  overwrite: boolean,
  otherwise = "another --out",
): Promise<void> {
  if (overwrite) return;
  const all = [paths].flat();
  const found = await Promise.all(all.map((path) => lstat(path).catch(() => undefined)));
  const taken = all.filter((_, at) => found[at] !== undefined);
  if (taken.length > 0) throw existsAlready(taken, otherwise);
}

const existsAlready = ([path, ...others]: readonly string[], otherwise: string): PickbenchError => {
  const more = others.length === 0 ? "exists" : `and ${others.length} more exist`;
  return new PickbenchError(
    "BadUsage",
    `${path} ${more} already; give --overwrite to replace ${others.length === 0 ? "it" : "them"}, or ${otherwise}`,
    { path: path! },
  );
};
