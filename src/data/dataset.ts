/**
 * Opens data sets. The room `data` reads and writes runs, tomograms and picks in every layout, local or on a server,
 * and makes training patches and simulated data from them.
 */
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { challengeParticles } from "../domain/particles.js";
import { PickbenchError } from "../system/errors.js";
import { type CopickRoots, findRoots } from "./layouts/copickConfig.js";
import { portalRuns } from "./layouts/portal.js";
import { singleFileRun, volumeRuns } from "./layouts/volumeFolder.js";
import type { Dataset, Run, TomogramRef } from "./model.js";
import { isRemote } from "./remote/address.js";
import { mirroredData } from "./remote/mirror.js";

const spacingFolder = /^VoxelSpacing(\d+(?:\.\d+)?)$/;

/**
 * Opens a data set in the challenge's or copick's layout: a folder with `static/` and `overlay/`, a folder with
 * `train/` and `test/` inside (`part` chooses; `train` where it exists), or a copick configuration; or a dataset or run
 * downloaded from the CryoET Data Portal, a folder of MRC files or OME-Zarr stores, or one single such volume. No
 * tomogram's metadata is read yet. Data behind `https://` or `s3://` are mirrored in a cache.
 *
 * @throws PickbenchError BadDataset where no run is found
 */
export async function openDataset(path: string, options: { part?: "train" | "test" } = {}): Promise<Dataset> {
  const full = isRemote(path) ? await mirroredData(path) : resolve(path);
  const lonely = await singleFileRun(full);
  const roots = lonely ? rootsBeside(full) : await findRoots(full, options.part);
  const runs = lonely ? [lonely] : await listRuns(roots.existing);
  if (runs.length === 0)
    throw new PickbenchError(
      "BadDataset",
      `${path}: no runs under ${roots.existing.map((root) => join(root, "ExperimentRuns")).join(" or ")}; wanted ExperimentRuns/RUN/VoxelSpacing…/TYPE.zarr or ExperimentRuns/RUN/Picks/*.json`,
      { path },
    );
  return {
    root: roots.root,
    overlayRoot: roots.overlay,
    roots: roots.existing,
    particles: roots.particles ?? challengeParticles,
    runs,
  };
}

/** Lists the runs of all roots together: a run may have its tomograms in one root and its picks in the other. */
export async function listRuns(roots: CopickRoots["existing"]): Promise<Run[]> {
  const folders = new Map<string, string[]>();
  for (const root of roots) {
    const runsFolder = join(root, "ExperimentRuns");
    for (const name of await folderNames(runsFolder))
      folders.set(name, [...(folders.get(name) ?? []), join(runsFolder, name)]);
  }
  const runs = new Map<string, Run>();
  for (const [name, runFolders] of folders)
    runs.set(name, { name, tomograms: await listTomograms(name, runFolders) });
  for (const root of roots)
    for (const run of await runsInOtherLayouts(root)) runs.set(run.name, joined(runs.get(run.name), run));
  return [...runs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function runsInOtherLayouts(root: string): Promise<Run[]> {
  const portal = await portalRuns(root);
  return portal.length > 0 ? portal : volumeRuns(root);
}

/** Joins two parts of a run, one in copick's layout and one in another. */
const joined = (first: Run | undefined, second: Run): Run =>
  first ? { ...second, tomograms: [...first.tomograms, ...second.tomograms] } : second;

/** Returns the roots of a single volume: picks are searched in `overlay/` beside the file. */
function rootsBeside(path: string): CopickRoots {
  const overlay = join(dirname(path), "overlay");
  return { root: path, overlay, existing: [overlay] };
}

/** Lists a run's reconstructions; where both roots hold the same one, the overlay's counts, which comes first. */
async function listTomograms(run: string, runFolders: readonly string[]): Promise<TomogramRef[]> {
  const found = new Map<string, TomogramRef & { voxelSpacing: number }>();
  for (const folder of runFolders) {
    for (const spacingName of await folderNames(folder)) {
      const label = spacingFolder.exec(spacingName)?.[1];
      if (label === undefined) continue;
      for (const name of await folderNames(join(folder, spacingName))) {
        if (!name.endsWith(".zarr")) continue;
        const tomoType = name.slice(0, -".zarr".length);
        const key = `${Number(label)}/${tomoType}`;
        if (found.has(key)) continue;
        found.set(key, {
          run,
          tomoType,
          path: join(folder, spacingName, name),
          voxelSpacing: Number(label),
        });
      }
    }
  }
  return [...found.values()].sort(
    (a, b) => a.voxelSpacing - b.voxelSpacing || (a.tomoType < b.tomoType ? -1 : 1),
  );
}

/** Lists the folders in a folder (or links to folders), without hidden ones; none where the folder does not exist. */
async function folderNames(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith("."))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return [];
    throw error;
  }
}

/** Returns the run of that name. @throws PickbenchError BadDataset, listing the existing names */
export function findRun(dataset: Dataset, name: string): Run {
  const run = dataset.runs.find((candidate) => candidate.name === name);
  if (run) return run;
  const names = dataset.runs.map((candidate) => candidate.name);
  throw new PickbenchError(
    "BadDataset",
    `${dataset.root}: no run ${name}; there is ${names.slice(0, 12).join(", ")}${names.length > 12 ? ` and ${names.length - 12} more` : ""}`,
    { path: dataset.root },
  );
}

/**
 * Returns the run's reconstruction of a type, at the voxel spacing of that label (within 0.001) where one is given.
 *
 * @throws PickbenchError BadDataset, listing the existing reconstructions, where none matches, or several do and no
 * spacing tells which
 */
export function findTomogram(run: Run, tomoType: string, voxelSpacing?: number): TomogramRef {
  const matching = run.tomograms.filter(
    (tomogram) =>
      tomogram.tomoType === tomoType &&
      (voxelSpacing === undefined || Math.abs((tomogram.voxelSpacing ?? Number.NaN) - voxelSpacing) <= 1e-3),
  );
  const [first] = matching;
  if (first && matching.length === 1) return first;
  const [only] = run.tomograms;
  if (only?.isOnly && run.tomograms.length === 1) return only;
  const there = run.tomograms.map((tomogram) => `${tomogram.tomoType} at ${tomogram.voxelSpacing}`);
  const wanted = voxelSpacing === undefined ? tomoType : `${tomoType} at ${voxelSpacing}`;
  throw new PickbenchError(
    "BadDataset",
    first
      ? `${run.name}: several tomograms ${wanted}; there is ${there.join(", ")}: name a voxel spacing`
      : `${run.name}: no tomogram ${wanted}; there is ${there.join(", ") || "none at all"}`,
  );
}
