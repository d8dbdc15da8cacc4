/** Where paths lie to one another. */
import { relative, resolve, sep } from "node:path";

/** Tells whether a path is a folder's own, or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  const below = relative(resolve(folder), resolve(path));
  return below !== ".." && !below.startsWith(`..${sep}`) && resolve(below) !== below;
}
