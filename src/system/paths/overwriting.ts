/** The rules of overwriting: what is there already is replaced with --overwrite alone. */
import { lstat, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { PickbenchError } from "../errors.js";
import { naming } from "../systemErrors.js";
import { refuseSpecial } from "./opening.js";

/**
 * Checks that nothing stands where files or folders are to be written, or that it may be replaced; a pipe, a socket or a
 * device may not.
 *
 * @param otherwise what else may be given, such as "another --out"
 * @throws BadUsage naming --overwrite
 */
export async function checkFree(
  paths: string | readonly string[],
  overwrite: boolean,
  otherwise = "another --out",
): Promise<void> {
  const all = [paths].flat();
  for (const path of all) await naming(path, () => refuseSpecial(path));
  if (overwrite) return;
  const found = await Promise.all(all.map((path) => lstat(path).catch(() => undefined)));
  const taken = all.filter((_, at) => found[at] !== undefined);
  if (taken.length > 0) throw existsAlready(taken, otherwise);
}

/**
 * Checks that files to be written are neither what is read, be it by a link, nor one another.
 *
 * @param written by flag, without dashes
 * @throws BadUsage naming the flag
 */
export async function checkApart(
  written: Readonly<Record<string, string | undefined>>,
  read: readonly string[],
): Promise<void> {
  const places = new Set(await Promise.all(read.map(placeOf)));
  for (const [flag, path] of Object.entries(written)) {
    if (path === undefined) continue;
    const place = await placeOf(path);
    if (places.has(place))
      throw new PickbenchError(
        "BadUsage",
        `--${flag} ${path} is what is read or written already, which it would replace; name another`,
        { path },
      );
    places.add(place);
  }
}

const placeOf = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));

/**
 * Checks that work is not asked both to begin anew and to go on.
 *
 * @param what it is, such as "run"
 * @throws BadUsage naming --resume and --overwrite
 */
export function checkOneAsked(
  { overwrite = false, resume }: { readonly overwrite?: boolean | undefined; readonly resume: boolean },
  what: string,
): void {
  if (!overwrite || !resume) return;
  throw new PickbenchError(
    "BadUsage",
    `--resume keeps the ${what} that --overwrite replaces; give one of them`,
  );
}

const existsAlready = ([path, ...others]: readonly string[], otherwise: string): PickbenchError => {
  const more = others.length === 0 ? "exists" : `and ${others.length} more exist`;
  return new PickbenchError(
    "BadUsage",
    `${path} ${more} already; give --overwrite to replace ${others.length === 0 ? "it" : "them"}, or ${otherwise}`,
    { path: path! },
  );
};
