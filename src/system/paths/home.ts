/** Paths as they are written into files that are made to be shared: without the user's home. */
import { homedir } from "node:os";
import { relative, sep } from "node:path";

/** Returns a path, or another word of a command line, relative to the working folder or to the user's home (`~/…`). */
export function withoutHome(word: string): string {
  const inside = relative(process.cwd(), word);
  if (word.startsWith(process.cwd()) && !inside.startsWith("..")) return inside || ".";
  const home = homedir();
  return word === home || word.startsWith(`${home}${sep}`) ? `~${word.slice(home.length)}` : word;
}

/** Undoes `withoutHome` for what was under the user's home. */
export const withHome = (path: string): string =>
  path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
