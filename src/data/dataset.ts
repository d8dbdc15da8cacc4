import { dirname, join, resolve } from "node:path";
import { challengeParticles } from "../domain/particles.js";
import { PickbenchError } from "../system/errors.js";
import { type CopickRoots, findRoots } from "./layouts/copickConfig.js";
import { portalRuns } from "./layouts/portal.js";
import { singleFileRun, volumeRuns } from "./layouts/volumeFolder.js";
import type { Dataset, Run, TomogramRef } from "./model.js";
import { isRemote } from "./remote/address.js";
import { mirroredData } from "./remote/mirror.js";
import { foldersIn } from "./volumeNames.js";

const spacingFolder = /^VoxelSpacing(\d+(?:\.\d+)?)$/;

/**
 * Opens a data set in the challenge's or copick's layout: a folder with `static/` and `overlay/`, a folder with
 * `train/` and `test/` inside (`part` chooses; `train` where it exists), or a copick configuration; or a dataset or run
 * downloaded from the CryoET Data Portal, a folder of MRC files or OME-Zarr stores, or one of those alone. No
 * tomogram's metadata is read yet. What lies behind `https://` or `s3://` is mirrored in a cache.
 *
 * @throws BadDataset where there is nothing of the kind.
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

/** Runs of all roots together: a run may have its tomograms in one and its picks in the other. */
export async function listRuns(roots: CopickRoots["existing"]): Promise<Run[]> {
  const folders = new Map<string, string[]>();
  for (const root of roots) {
    const runsFolder = join(root, "ExperimentRuns");
    for (const name of await foldersIn(runsFolder))
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

/** One run whose picks, or some of whose tomograms, lie in copick's layout and the rest in another. */
const joined = (first: Run | undefined, second: Run): Run =>
  first ? { ...second, tomograms: [...first.tomograms, ...second.tomograms] } : second;

/** Of a lone volume: picks are looked for in `overlay/` beside it. */
function rootsBeside(path: string): CopickRoots {
  const overlay = join(dirname(path), "overlay");
  return { root: path, overlay, existing: [overlay] };
}

/** Reconstructions of a run; where both roots hold the same one, the overlay's, which comes first, counts. */
async function listTomograms(run: string, runFolders: readonly string[]): Promise<TomogramRef[]> {
  const found = new Map<string, TomogramRef & { voxelSpacing: number }>();
  for (const folder of runFolders) {
    for (const spacingName of await foldersIn(folder)) {
      const label = spacingFolder.exec(spacingName)?.[1];
      if (label === undefined) continue;
      for (const name of await foldersIn(join(folder, spacingName))) {
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

/** The run of that name. @throws BadDataset with the names there are. */
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
 * The run's reconstruction of a type, at the voxel spacing labelled so (within 0.001) where one is given.
 *
 * @throws BadDataset where there is none, or several and no spacing says which, with what there is.
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
