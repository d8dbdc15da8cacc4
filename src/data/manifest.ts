/** Manifests of data: every file of a run with size and SHA-256, and how data differ from a manifest. */
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import type { ParticlePick } from "../domain/particles.js";
import type { RunRecord } from "../domain/record.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { canonicalJson, hashFile, hashOf } from "../system/files.js";
import { slashed } from "../system/paths/home.js";
import { isHidden, isSidecar } from "../system/paths/sidecar.js";
import type { Dataset, TomogramReader } from "./model.js";
import { ensureLocal } from "./remote/mirror.js";

/** A file that a result depends on. */
export interface ManifestEntry {
  /** Path with slashes: `static/ExperimentRuns/…` or `overlay/ExperimentRuns/…`. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /** SHA-256, hex; absent where hashing was not requested. */
  readonly sha256?: string;
}

/**
 * Lists every file of the named runs, tomograms and picks, sorted by path; with `only`, just the paths that it accepts.
 */
export async function dataManifest(
  dataset: Dataset,
  runs: readonly string[],
  options: { hash: boolean; only?: (path: string) => boolean },
): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  for (const root of dataset.roots) {
    const label = root === dataset.overlayRoot ? "overlay" : "static";
    for (const run of new Set(runs)) {
      const folder = join(root, "ExperimentRuns", run);
      const pathOf = (full: string): string => `${label}/${slashed(relative(root, full))}`;
      const isWanted = (full: string): boolean => options.only?.(pathOf(full)) !== false;
      await ensureLocal(folder, dataset.access, isWanted);
      for (const name of await filesUnder(folder, [])) {
        const full = join(folder, name);
        const path = pathOf(full);
        if (!isWanted(full)) continue;
        entries.push({
          path,
          size: (await stat(full)).size,
          ...(options.hash ? { sha256: await hashFile(full) } : {}),
        });
      }
    }
  }
  for (const { name, sources = [], besides = [] } of dataset.runs) {
    if (!runs.includes(name)) continue;
    for (const source of sources) entries.push(...(await entriesOf(dataset, source, options)));
    for (const each of besides)
      entries.push(...(await entriesOf({ ...dataset, root: each.path }, each.path, options, each.name)));
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Lists a run's files in another layout than copick's, by their path below the data set's root. */
async function entriesOf(
  { root, access }: Dataset,
  source: string,
  { hash }: { hash: boolean },
  name = "",
): Promise<ManifestEntry[]> {
  await ensureLocal(source, access);
  const isFolder = (await stat(source)).isDirectory();
  const files = isFolder ? (await filesUnder(source, [])).map((name) => join(source, name)) : [source];
  return Promise.all(
    files.map(async (full) => ({
      path: slashed(join(name, relative(root, full) || basename(full))),
      size: (await stat(full)).size,
      ...(hash ? { sha256: await hashFile(full) } : {}),
    })),
  );
}

/** Returns the entries of a further data set, whose paths tell it apart from the first one: `also:1/static/…`. */
export const furtherEntries = (entries: readonly ManifestEntry[], number: number): ManifestEntry[] =>
  entries.map((entry) => ({ ...entry, path: `${further}${number}/${entry.path}` }));

/** Tells whether a path of a manifest is of a further data set: of this one, or of any. */
export const isOfFurther = (path: string, number?: number): boolean =>
  path.startsWith(number === undefined ? further : `${further}${number}/`);

const further = "also:";

/** Returns one hash of a whole manifest. */
export const manifestHash = (entries: readonly ManifestEntry[]): string => hashOf(canonicalJson(entries));

/** A run known by its content, whatever it is called. */
interface RunFingerprint {
  readonly run: string;
  /** SHA-256 of types and positions of its picks in any order; null where there are none. */
  readonly picks: string | null;
  /** SHA-256 of each tomogram's files, sorted; a tomogram of which the manifest has no hash has none. */
  readonly tomograms: string[];
}

/**
 * Returns fingerprints of runs by name: their files' hashes without the names of runs and folders.
 *
 * @param manifest of the runs, at least, with hashes
 * @param picks of each of the runs
 */
export function runFingerprints(
  dataset: Dataset,
  picks: ReadonlyMap<string, readonly ParticlePick[]>,
  manifest: readonly ManifestEntry[],
): Map<string, RunFingerprint> {
  const filesOf = new Map<string, [name: string, sha256: string][]>();
  const files = dataset.runs.flatMap(({ name, tomograms }) => {
    if (!picks.has(name)) return [];
    return tomograms.map(({ path }) => {
      const own: [string, string][] = [];
      for (const place of placesOf(dataset, path)) filesOf.set(place, own);
      return { run: name, own };
    });
  });
  for (const { path, sha256 } of manifest)
    for (let end = path.length; end > 0 && sha256 !== undefined; end = path.lastIndexOf("/", end - 1))
      filesOf.get(path.slice(0, end))?.push([path.slice(end), sha256]);
  const fingerprintOf = (run: string, ofRun: readonly ParticlePick[]): RunFingerprint => {
    const hashes = files
      .filter((each) => each.run === run && each.own.length > 0)
      .map(({ own }) => hashOf(canonicalJson(own)));
    const lines = ofRun.map(({ type, x, y, z }) => canonicalJson([type, x, y, z])).sort();
    return {
      run,
      picks: lines.length === 0 ? null : hashOf(canonicalJson(lines)),
      tomograms: [...new Set(hashes)].sort(),
    };
  };
  return new Map([...picks].map(([run, ofRun]) => [run, fingerprintOf(run, ofRun)]));
}

/** Returns the paths, in a manifest, at which a file or folder of a data set may stand. */
export const placesOf = ({ root, overlayRoot, roots }: Dataset, path: string): string[] => [
  ...roots.map((each) => `${each === overlayRoot ? "overlay" : "static"}/${slashed(relative(each, path))}`),
  slashed(relative(root, path) || basename(path)),
];

/**
 * Lists the files under a folder by relative path; hidden system files (`.DS_Store`) are left out, Zarr's own are not. So
 * are sidecars.
 */
async function filesUnder(folder: string, above: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && above.length === 0) return [];
    throw new PickbenchError("BadDataset", `${folder}: cannot be listed: ${messageOf(error)}`, {
      path: folder,
    });
  });
  if (entries.length === 0) return [];
  const here = await realpath(folder);
  if (above.includes(here))
    throw new PickbenchError("BadDataset", `${folder}: a link that leads back to ${here}; remove it`, {
      path: folder,
    });
  const found: string[] = [];
  for (const entry of entries) {
    if (isHidden(entry.name) || isSidecar(entry.name)) continue;
    const full = join(folder, entry.name);
    const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(full)));
    if (!isFolder) found.push(entry.name);
    else for (const name of await filesUnder(full, [...above, here])) found.push(join(entry.name, name));
  }
  return found;
}

async function leadsToFolder(link: string): Promise<boolean> {
  try {
    return (await stat(link)).isDirectory();
  } catch (error) {
    throw new PickbenchError(
      "BadDataset",
      `${link}: a link that leads nowhere (${messageOf(error)}); mend or remove it`,
      {
        path: link,
      },
    );
  }
}

/** Differences between a data set's files and a manifest, by path. */
export interface ManifestDifferences {
  /** Files of another size or SHA-256. */
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  /** Files of the same runs that are not in the manifest. */
  readonly added: readonly string[];
  /** Number of files that match the manifest. */
  readonly same: number;
}

/**
 * Compares the files of the named runs with a manifest. All files of runs that the data set lacks are missing; their
 * names are never used as paths. Files of further data sets are compared elsewhere.
 *
 * @param only accepts the paths to compare; all if absent
 */
export async function manifestDifferences(
  dataset: Dataset,
  runs: readonly string[],
  manifest: RunRecord["data"]["files"],
  only: (path: string) => boolean = () => true,
): Promise<ManifestDifferences> {
  const known = runs.filter((run) => dataset.runs.some(({ name }) => name === run));
  return differencesFrom(
    manifest.filter(({ path }) => !isOfFurther(path) && only(path)),
    await dataManifest(dataset, known, { hash: true, only }),
  );
}

/** Compares files with those of a manifest made before. @param now with hashes */
export function differencesFrom(
  before: RunRecord["data"]["files"],
  now: readonly ManifestEntry[],
): ManifestDifferences {
  const there = new Map(now.map((entry) => [entry.path, entry]));
  const names = new Set(before.map(({ path }) => path));
  const found = before.filter(({ path }) => there.has(path));
  const changed = found.filter(({ path, size, sha256 }) => {
    const entry = there.get(path)!;
    return entry.size !== size || (sha256 !== undefined && entry.sha256 !== sha256);
  });
  return {
    changed: changed.map(({ path }) => path),
    missing: before.flatMap(({ path }) => (there.has(path) ? [] : [path])),
    added: [...there.keys()].filter((path) => !names.has(path)),
    same: found.length - changed.length,
  };
}

const metadataFiles = [".zattrs", ".zgroup", ".zarray", ".zmetadata", "zarr.json"];

/**
 * Returns a stamp that tells whether a tomogram's level has changed since it was read: a hash of its place and of every
 * file's name, size and time of change. No file is read, so that hundreds of tomograms are checked within seconds.
 */
export async function tomogramStamp(reader: TomogramReader): Promise<string> {
  const folder = join(reader.ref.path, reader.level.path);
  const files = [
    ...[reader.ref.path, folder].flatMap((path) => metadataFiles.map((name) => join(path, name))),
    ...reader.chunks().map(({ file }) => file),
  ];
  const stamps = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      return found && [file, found.size, found.mtimeMs];
    }),
  );
  return hashOf(canonicalJson(stamps));
}
