/** Paths that move from one folder to another, as those in an experiment's file do. */
import { relative, resolve } from "node:path";

/** Returns a path that is given relative to the folder `from` as one relative to the folder `to`. */
export const rebased = (path: string, from: string, to: string): string =>
  relative(resolve(to), resolve(from, path)) || path;
