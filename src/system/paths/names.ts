/**
 * The gate for names that become paths: names of runs, types, users, sessions and tomograms, and keys of listings, as files,
 * servers and flags give them.
 */
import { lstat, readlink, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { type ErrorTag, PickbenchError } from "../errors.js";
import { limits } from "../limits.js";
import { mostBytesBeside } from "./replacing.js";

/** File systems take names of 255 bytes. */
const nameBytes = 255;

/** Names of devices, which Windows takes for themselves with any ending (Microsoft, "Naming Files, Paths, and Namespaces"). */
const deviceName = /^(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(\.|$)/i;

/** Control characters, and marks that turn the direction of writing. */
const controlCharacter = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Returns what keeps a name from being a part of a path, such as "it holds a slash"; undefined for a fit name. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (/[/\\]/.test(name)) return "it holds a slash";
  if (name.startsWith(".")) return "it begins with a dot";
  if (controlCharacter.test(name)) return "it holds a control character";
  if (!isWellFormed(name)) return "it is not valid Unicode";
  if (/[. ]$/.test(name)) return "it ends in a dot or a space";
  if (deviceName.test(name)) return "Windows keeps it for a device";
  if ([...name].length > limits.nameCharacters.most)
    return `it is longer than ${limits.nameCharacters.most} characters`;
  if (Buffer.byteLength(name) > nameBytes) return `it is longer than ${nameBytes} bytes`;
  return undefined;
}

/** Without a lone half of a surrogate pair, which no file name can hold. */
const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** Where a name comes from, for the message. */
export interface NameOrigin {
  /** What is named, such as "type" or "run". */
  readonly what: string;
  /** File, folder or address that holds the name. */
  readonly path?: string | undefined;
  /** What to do, such as "give --type NAME"; "rename it" if absent. */
  readonly remedy?: string;
  /** BadDataset if absent. */
  readonly tag?: ErrorTag;
  /** What is written between names in one file's name, and so cannot stand in a name. */
  readonly separator?: string;
}

/** Returns the name. @throws PickbenchError with the origin's tag where it cannot be a part of a path */
export function checkedName(name: string, origin: NameOrigin): string {
  const { separator } = origin;
  const isSplit = separator !== undefined && name.includes(separator);
  const fault =
    nameFault(name) ?? (isSplit ? `it holds ${separator}, which stands between names` : undefined);
  if (fault !== undefined) throw unfit(name, fault, origin);
  return name;
}

/**
 * Returns the path of a file or folder in a folder, and proves that it lies there. Each name is one step down; a prefix or
 * ending that is written around a name belongs to it, but the bare name is to be checked too, by `checkedName`.
 *
 * @throws PickbenchError with the origin's tag where a name cannot be a part of a path
 */
export function inside(folder: string, names: string | readonly string[], origin: NameOrigin): string {
  const steps = [names].flat();
  for (const name of steps) {
    const fault =
      nameFault(name) ??
      (Buffer.byteLength(name) > nameBytes - mostBytesBeside ? "it is too long for a file" : undefined);
    if (fault !== undefined) throw unfit(name, fault, origin);
  }
  const path = join(folder, ...steps);
  const down = relative(folder, path);
  if (down.split(sep).length !== steps.length || down.split(sep)[0] === "..")
    throw unfit(steps.join("/"), `it leads out of ${folder}`, origin);
  return path;
}

const longestShown = 60;

function unfit(name: string, fault: string, { what, path, remedy, tag }: NameOrigin): PickbenchError {
  const shown = name.length > longestShown ? `${name.slice(0, longestShown)}…` : name;
  const where = path === undefined ? "" : `${path}: `;
  return new PickbenchError(
    tag ?? "BadDataset",
    `${where}the ${what} ${JSON.stringify(shown)} cannot be part of a file's name: ${fault}; ${remedy ?? "rename it"}`,
    path === undefined ? {} : { path },
  );
}

/**
 * Checks that no file that is to be written in a folder is a link that leads out of it: --overwrite would replace what lies
 * there. Folders that are links are followed, for runs often lie on another disk.
 *
 * @throws PickbenchError BadUsage naming the first such link
 */
export async function checkLinks(folder: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const there = await lstat(path).catch(() => undefined);
    if (there?.isSymbolicLink() !== true) continue;
    const [from, to] = [await realpath(folder), await realpath(path).catch(() => readlink(path))];
    if (isAbsolute(to) && !relative(from, to).startsWith("..")) continue;
    throw new PickbenchError(
      "BadUsage",
      `${path} is a link that leads out of ${folder}, to ${to}; remove the link, or give another --out`,
      { path },
    );
  }
}
