/** What a file or folder holds, as two hashes: of its content, and, without reading it, of sizes and times of change. */
import type { BigIntStats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { canonicalJson, hashFile, hashOf } from "../system/files.js";
import { isHidden, isSidecar, sidecarEnding } from "../system/paths/sidecar.js";

/** What stands at a path, known without reading it. */
export interface Standing {
  readonly kind: "file" | "folder";
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 of every file's path, size and times of change: equal stamps spare the reading. */
  readonly stamp: string;
}

/** A file or folder by its content. */
export interface Fingerprint extends Standing {
  /** SHA-256 of the file, or of the list of the folder's files, each with its path, size and SHA-256. */
  readonly sha256: string;
}

/** What of a folder counts. */
export interface Selection {
  /** Names of runs: where a folder's paths name any of them, the files that name none do not count. */
  readonly runs?: readonly string[] | undefined;
  /** Paths of files and folders that do not count, unless they hold all that is asked for. */
  readonly without?: readonly string[];
  /** Whether files and folders inside that have sidecars of their own do not count, for others have added them. */
  readonly isOutput?: boolean;
}

/** What of a command's output counts: not what others have added since. */
export const ofOutput: Selection = { isOutput: true };

/** The files that stand at a path, of which a selection may count. */
export interface Listing {
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly files: readonly ListedFile[];
}

interface ListedFile {
  /** Below the folder, with slashes; empty for a file itself. */
  readonly path: string;
  readonly size: number;
  /** Time of the last change, ns since 1970. */
  readonly changed: string;
  /** The same by the file system's own clock, which no program sets: it tells a change whose time was set back. */
  readonly touched: string;
  /** Whether it, or a folder that it lies in, has a sidecar of its own. */
  readonly isOthers?: boolean;
}

/** Returns what stands at a path, without reading it; undefined where there is nothing. */
export async function standingAt(path: string, selection: Selection = {}): Promise<Standing | undefined> {
  const listing = await listingAt(path);
  return listing && standingOf(listing, selection);
}

/** Returns what stands at a path, by its content; undefined where there is nothing. */
export async function fingerprintOf(
  path: string,
  selection: Selection = {},
): Promise<Fingerprint | undefined> {
  const listing = await listingAt(path);
  if (listing === undefined) return undefined;
  const standing = standingOf(listing, selection);
  if (listing.kind === "file") return { ...standing, sha256: await hashFile(path) };
  const hashes: [path: string, size: number, sha256: string][] = [];
  for (const file of countedOf(listing, selection))
    hashes.push([file.path, file.size, await hashFile(join(path, file.path))]);
  return { ...standing, sha256: hashOf(canonicalJson(hashes)) };
}

/** Tells whether sizes and times of what stands at a path are as noted; nothing is read. */
export const isUntouched = async (
  path: string,
  stamp: string | undefined,
  selection: Selection = {},
): Promise<boolean> => stamp !== undefined && (await standingAt(path, selection))?.stamp === stamp;

/** Tells whether what stands at a path is what was noted; reads it only where sizes or times differ from a stamp. */
export const isAsNoted = async (
  path: string,
  { sha256, stamp }: { readonly sha256: string; readonly stamp?: string | undefined },
  selection: Selection = {},
): Promise<boolean> =>
  (await isUntouched(path, stamp, selection)) || (await fingerprintOf(path, selection))?.sha256 === sha256;

/** Lists the files at a path, sorted; undefined where there is nothing. */
export async function listingAt(path: string): Promise<Listing | undefined> {
  const found = await statusOf(path);
  if (found === undefined) return undefined;
  if (!found.isDirectory()) return { path, kind: "file", files: [listedAs("", found)] };
  const files = await filesUnder(path, "", []);
  return { path, kind: "folder", files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** Returns what stands in a listing, as far as it counts. */
export function standingOf(listing: Listing, selection: Selection = {}): Standing {
  const files = countedOf(listing, selection);
  return {
    kind: listing.kind,
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    stamp: hashOf(canonicalJson(files.map(({ isOthers: _, ...file }) => file))),
  };
}

function countedOf(listing: Listing, { runs, without = [], isOutput }: Selection): readonly ListedFile[] {
  const { path, kind } = listing;
  if (kind === "file") return listing.files;
  const files = isOutput ? listing.files.filter(({ isOthers }) => !isOthers) : listing.files;
  const root = resolve(path);
  const left = without.map((each) => resolve(each)).filter((each) => !`${root}${sep}`.startsWith(each + sep));
  const isLeft = (file: string) => left.some((each) => file === each || file.startsWith(each + sep));
  return selected(left.length === 0 ? files : files.filter((file) => !isLeft(join(root, file.path))), runs);
}

/** Hidden files are left out, but for Zarr's own; so are what says how others were made, and special files. */
async function filesUnder(root: string, below: string, above: readonly string[]): Promise<ListedFile[]> {
  const here = join(root, below);
  const real = await realpath(here);
  if (above.includes(real)) return [];
  const files: ListedFile[] = [];
  const names = await readdir(here);
  const sidecars = new Set(names.filter(isSidecar));
  for (const name of names) {
    if (sidecars.has(name) || isHidden(name)) continue;
    const path = below === "" ? name : `${below}/${name}`;
    const found = await statusOf(join(here, name));
    const others = sidecars.has(name + sidecarEnding) ? { isOthers: true } : {};
    if (found?.isDirectory())
      for (const file of await filesUnder(root, path, [...above, real])) files.push({ ...file, ...others });
    else if (found?.isFile()) files.push({ ...listedAs(path, found), ...others });
  }
  return files;
}

const listedAs = (path: string, { size, mtimeNs, ctimeNs }: BigIntStats): ListedFile => ({
  path,
  size: Number(size),
  changed: String(mtimeNs),
  touched: String(ctimeNs),
});

/** Undefined where there is nothing, or a link that leads nowhere or to itself. */
const statusOf = (path: string): Promise<BigIntStats | undefined> =>
  stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(error.code ?? "")) return undefined;
    throw error;
  });

/** A part of a path names a run where it is its name, or goes on with a dot or an underscore after it. */
function selected(files: readonly ListedFile[], runs: readonly string[] | undefined): readonly ListedFile[] {
  if (runs === undefined) return files;
  const names = (part: string): boolean =>
    runs.some(
      (run) => part.startsWith(run) && (part.length === run.length || /[._]/.test(part[run.length]!)),
    );
  const named = files.filter(({ path }) => path.split("/").some(names));
  return named.length > 0 ? named : files;
}
