/**
 * Opens data sets. The room `data` reads and writes runs, tomograms and picks in every layout, local or on a server,
 * and makes training patches and simulated data from them.
 */
import { join, resolve } from "node:path";
import { challengeParticles } from "../domain/particles.js";
import { angstrom } from "../domain/units.js";
import { listed } from "../present/text.js";
import { PickbenchError } from "../system/errors.js";
import { isThere } from "../system/paths/replacing.js";
import type { Reporter } from "../system/reporter.js";
import { recogniseData } from "./layouts/catalogue.js";
import { isManifestAddress, openRemoteManifest } from "./layouts/croissant.js";
import type { Asked, FoundData } from "./layouts/layout.js";
import { misnamedIn, refuseMisnamed } from "./misnamedVolumes.js";
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
  /** Å per voxel of all tomograms, over what their files say or where they say nothing. */
  readonly spacing?: number | undefined;
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
    ...(found.objects && { objects: found.objects }),
    runs: options.spacing === undefined ? found.runs : found.runs.map(withSpacing(options.spacing)),
    access,
  };
}

/** Gives every tomogram of a run a spacing, which goes before what its files say. */
const withSpacing =
  (length: number) =>
  (run: Run): Run => {
    const each = angstrom(length);
    const givenSpacing = [each, each, each] as const;
    return { ...run, tomograms: run.tomograms.map((tomogram) => ({ ...tomogram, givenSpacing })) };
  };

/** Takes the name of a split off a manifest's place: `manifest.json#test`. */
async function splitOff(given: string): Promise<{ readonly place: string; readonly split?: string }> {
  const [, place, split] = /^(.+\.json)#([^#/\\]+)$/.exec(given) ?? [];
  if (place === undefined || (!isRemote(given) && (await isThere(resolve(given))))) return { place: given };
  return { place, split: split! };
}

async function findData(named: string, without: Asked): Promise<FoundData> {
  const { part } = without;
  const { place: given, split } = await splitOff(named);
  const asked = { ...without, split };
  if (isManifestAddress(given)) return openRemoteManifest(given, asked);
  const path = isRemote(given) ? await mirroredData(given, asked.access) : resolve(given);
  if (!(await isThere(path)))
    throw new PickbenchError(
      "BadDataset",
      `${path}: no such file or folder; wanted a folder with static/ and overlay/, a folder with train/ or test/ inside, or a copick configuration`,
      { path },
    );
  await refuseMisnamed(path);
  const found = await recogniseData(path, asked);
  if (found) return found;
  const other = await misnamedIn(path);
  throw new PickbenchError(
    "BadDataset",
    `${path}: neither static/ nor overlay/ here${part === undefined ? " nor in train/ or test/" : ` in ${part}/`}, nor tomograms as the Data Portal lays them out or as MRC files; point to the folder that holds them${other === undefined ? "" : ` (${other})`}`,
    { path },
  );
}

/** Returns the run of that name. @throws PickbenchError BadDataset, listing the existing names */
export function findRun(dataset: Dataset, name: string): Run {
  const run = dataset.runs.find((candidate) => candidate.name === name);
  if (run) return run;
  const names = dataset.runs.map((candidate) => candidate.name);
  throw new PickbenchError("BadDataset", `${dataset.root}: no run ${name}; there is ${listed(names, 12)}`, {
    path: dataset.root,
  });
}

/** The reconstruction that is meant where none is named, as the challenge calls it. */
export const usualTomogram = "denoised";

/**
 * Lists a run's reconstructions that a name means: those of that type, at the voxel spacing of that label (within
 * 0.001) where one is given; else the run's only one where its name tells no type. The one rule of all commands.
 */
export function tomogramsNamed(run: Run, tomoType: string, voxelSpacing?: number): readonly TomogramRef[] {
  const matching = run.tomograms.filter(
    (tomogram) =>
      tomogram.tomoType === tomoType &&
      (voxelSpacing === undefined || Math.abs((tomogram.voxelSpacing ?? Number.NaN) - voxelSpacing) <= 1e-3),
  );
  const [only, second] = run.tomograms;
  return matching.length === 0 && only?.isOnly && second === undefined ? [only] : matching;
}

/**
 * Returns the name of the reconstruction that is meant in these runs where `asked` need not be taken by the letter: the
 * one asked for, but in place of the usual one that no run has the one that every run has alone.
 */
export function tomogramMeant(runs: readonly Run[], asked: string, voxelSpacing?: number): string {
  if (asked !== usualTomogram || runs.some((run) => tomogramsNamed(run, asked, voxelSpacing).length > 0))
    return asked;
  const all = runs.flatMap(({ tomograms }) => tomograms);
  const [type, other] = new Set(all.map(({ tomoType }) => tomoType));
  return type !== undefined && other === undefined ? type : asked;
}

/**
 * Returns the run's reconstruction of a type, by the rule of `tomogramsNamed`.
 *
 * @throws PickbenchError BadDataset, listing the existing reconstructions, where none matches, or several do and no
 * spacing tells which
 */
export function findTomogram(run: Run, tomoType: string, voxelSpacing?: number): TomogramRef {
  const [first, second] = tomogramsNamed(run, tomoType, voxelSpacing);
  if (first && second === undefined) return first;
  const wanted = voxelSpacing === undefined ? tomoType : `${tomoType} at ${voxelSpacing}`;
  throw new PickbenchError(
    "BadDataset",
    first
      ? `${run.name}: several tomograms ${wanted}; there is ${tomogramsThere(run)}: name a voxel spacing`
      : `${run.name}: no tomogram ${wanted}; there is ${tomogramsThere(run)}`,
  );
}

/** Lists a run's reconstructions for a message. */
export const tomogramsThere = ({ tomograms }: Run): string =>
  tomograms
    .map(({ tomoType, voxelSpacing }) =>
      voxelSpacing === undefined ? tomoType : `${tomoType} at ${voxelSpacing}`,
    )
    .join(", ") || "none at all";
