/** Paths as they are written into files that are made to be shared: without the user's home, with slashes. */
import { homedir } from "node:os";
import { relative, sep } from "node:path";

/** Returns a path, or another word of a command line, relative to the working folder or to the user's home (`~/…`). */
export function withoutHome(word: string): string {
  const inside = relative(process.cwd(), word);
  if (word.startsWith(process.cwd()) && !inside.startsWith("..")) return inside || ".";
  return fromHome(word);
}

/** Returns a path relative to the user's home (`~/…`), if it is there. */
export function fromHome(path: string): string {
  const home = homedir();
  return path === home || path.startsWith(`${home}${sep}`) ? `~${path.slice(home.length)}` : path;
}

/** Undoes `withoutHome` for what was under the user's home. */
export const withHome = (path: string): string =>
  path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;

/** Returns a path with slashes between its names, as all systems read it. */
export const slashed = (path: string): string => path.split(/[/\\]/).join("/");
