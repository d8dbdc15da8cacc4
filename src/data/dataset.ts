/**
 * Opens data sets. The room `data` reads and writes runs, tomograms and picks in every layout, local or on a server,
 * and makes training patches and simulated data from them.
 */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { challengeParticles } from "../domain/particles.js";
import { PickbenchError } from "../system/errors.js";
import type { Reporter } from "../system/reporter.js";
import { recogniseData } from "./layouts/catalogue.js";
import type { Asked, FoundData } from "./layouts/layout.js";
import type { Dataset, Run, TomogramRef } from "./model.js";
import { accessFor } from "./remote/access.js";
import { isRemote } from "./remote/address.js";
import { mirroredData } from "./remote/mirror.js";

/** How a data set is opened. */
export interface OpenOptions {
  /** Which of the folders `train/` and `test/`; the preferred one if absent. */
  readonly part?: "train" | "test" | undefined;
  /** The part that counts where there are both and none is asked for; `train` if absent. */
  readonly prefer?: "train" | "test" | undefined;
  /** Hears of fetching, and says when to stop; silent if absent. */
  readonly reporter?: Reporter | undefined;
}

/**
 * Opens a data set in the challenge's or copick's layout: a folder with `static/` and `overlay/`, a folder with
 * `train/` and `test/` inside (`part` chooses; else `train`, or what `prefer` says, where it exists), or a copick configuration; or a dataset or run
 * downloaded from the CryoET Data Portal, a folder of MRC files or OME-Zarr stores, or one single such volume. No
 * tomogram's metadata is read yet. Data behind `https://` or `s3://` are mirrored in a cache.
 *
 * @throws PickbenchError BadDataset where no run is found
 */
export async function openDataset(path: string, options: OpenOptions = {}): Promise<Dataset> {
  const access = accessFor(options.reporter);
  const { part, prefer = "train" } = options;
  const found = await findData(path, { part, prefer, access });
  if (found.runs.length === 0)
    throw new PickbenchError(
      "BadDataset",
      `${path}: no runs under ${found.roots.map((root) => join(root, "ExperimentRuns")).join(" or ")}; wanted ExperimentRuns/RUN/VoxelSpacing…/TYPE.zarr or ExperimentRuns/RUN/Picks/*.json`,
      { path },
    );
  return {
    root: found.root,
    overlayRoot: found.overlay,
    roots: found.roots,
    particles: found.particles ?? challengeParticles,
    runs: found.runs,
    access,
  };
}

async function findData(given: string, asked: Asked): Promise<FoundData> {
  const { part } = asked;
  const path = isRemote(given) ? await mirroredData(given, asked.access) : resolve(given);
  if ((await stat(path).catch(() => undefined)) === undefined)
    throw new PickbenchError(
      "BadDataset",
      `${path}: no such file or folder; wanted a folder with static/ and overlay/, a folder with train/ or test/ inside, or a copick configuration`,
      { path },
    );
  const found = await recogniseData(path, asked);
  if (found) return found;
  throw new PickbenchError(
    "BadDataset",
    `${path}: neither static/ nor overlay/ here${part === undefined ? " nor in train/ or test/" : ` in ${part}/`}, nor tomograms as the Data Portal lays them out or as MRC files; point to the folder that holds them`,
    { path },
  );
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
