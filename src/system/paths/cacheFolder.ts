/** The cache of fetched data: where it lies, and which address each of its folders mirrors. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative, resolve, sep } from "node:path";

/** Returns the folder of fetched data: `PICKBENCH_CACHE`, or `pickbench` in the user's cache folder. */
export function cacheFolder(): string {
  const given = process.env.PICKBENCH_CACHE;
  if (given) return resolve(given);
  if (process.platform === "darwin") return join(homedir(), "Library/Caches/pickbench");
  const folder = process.platform === "win32" ? process.env.LOCALAPPDATA : process.env.XDG_CACHE_HOME;
  return join(folder || join(homedir(), ".cache"), "pickbench");
}

/** Name of the tree below a mirror: `static`, so that the mirror's folder is a data set where the tree is copick's. */
export const treeName = "static";

/** File of a mirror that holds the address of its tree. */
export const addressPath = (mirror: string): string => join(mirror, "address.txt");

/** A mirror, and a path inside its tree by its names. */
export interface Mirrored {
  readonly mirror: string;
  readonly inside: readonly string[];
}

/** Returns the mirror that a path lies in; undefined for any other path. */
export function mirroredAt(path: string): Mirrored | undefined {
  const below = relative(cacheFolder(), resolve(path));
  const [key, tree, ...inside] = below.split(sep);
  if (key === undefined || key === ".." || tree !== treeName) return undefined;
  return { mirror: join(cacheFolder(), key), inside };
}

/** Returns text in which files of the cache are named by the address that the user gave. */
export function withAddresses(text: string): string {
  const cache = cacheFolder();
  if (!text.includes(cache)) return text;
  const keys = new Set(
    text
      .split(cache + sep)
      .slice(1)
      .map((rest) => /^[0-9a-f]+/.exec(rest)?.[0]),
  );
  let shown = text;
  for (const key of keys) {
    if (key === undefined) continue;
    const address = addressOf(join(cache, key));
    if (address === undefined) continue;
    const tree = join(cache, key, treeName);
    shown = shown.split(tree).join(address);
    shown = shown.split(`${join(cache, key)}:`).join(`${address}:`);
  }
  return shown;
}

function addressOf(mirror: string): string | undefined {
  try {
    return readFileSync(addressPath(mirror), "utf8").trim();
  } catch {
    return undefined;
  }
}
