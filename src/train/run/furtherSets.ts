/** Further data sets of an experiment, `data.also`: opened, checked, and read to be trained on. */
import { basename } from "node:path";
import { openDataset, tomogramsNamed, tomogramsThere } from "../../data/dataset.js";
import { dataManifest, furtherEntries, type ManifestEntry, runFingerprints } from "../../data/manifest.js";
import type { Dataset, Run, TomogramReader } from "../../data/model.js";
import { readNormalised } from "../../data/normalisation.js";
import { checkPatches, type PatchSource } from "../../data/patches/spec.js";
import { readRunPicks } from "../../data/picks.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import type { Volume } from "../../domain/volume.js";
import type { PicksByExperiment } from "../../score/score.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import type { SeenRun } from "../checkpoint/lineage.js";
import type { Experiment } from "../experiment/schema.js";
import { checkOneGrid } from "../fit/featureMasks.js";
import { type ExperimentNetwork, patchSpecOf } from "../fit/networks.js";
import type { Before } from "../transfer/ancestry.js";
import { readTeachers } from "../transfer/teachers.js";

/** A further data set, all runs of which are trained on. */
export interface FurtherSet {
  /** Number of the data set, from 1. */
  readonly number: number;
  readonly dataset: Dataset;
  readonly picks: PicksByExperiment;
  /** Reconstructions to train on of each run, those of the experiment that it has. */
  readonly tomograms: ReadonlyMap<string, readonly string[]>;
  /** Its files, whose paths tell it apart from the experiment's own data set. */
  readonly manifest: readonly ManifestEntry[];
  /** Its runs with its name. */
  readonly seen: readonly SeenRun[];
  /** Networks that made its picks, where that is noted; null where it is not. */
  readonly teachers: Before | null;
}

/**
 * Opens an experiment's further data sets and checks that patches can be cut from them.
 *
 * @param first tomogram of the experiment's own data set
 * @throws PickbenchError BadDataset or BadExperiment where one cannot be read, has no run with a reconstruction that is
 * trained on, no particle of a type that is learned, or another spacing
 */
export async function openFurther(
  experiment: Experiment,
  networks: readonly ExperimentNetwork[],
  first: TomogramReader,
  reporter: Reporter,
): Promise<FurtherSet[]> {
  const sets: FurtherSet[] = [];
  for (const [k, { data, user, session }] of (experiment.data.also ?? []).entries()) {
    const number = k + 1;
    const dataset = await openDataset(data, { reporter });
    const author = { ...(user && { userId: user }), ...(session && { sessionId: session }) };
    const tomograms = tomogramsOf(dataset, experiment, data);
    const picks = new Map<string, Awaited<ReturnType<typeof readRunPicks>>>();
    const sources: PatchSource[] = [];
    for (const [run, names] of tomograms) {
      const opened = await Promise.all(names.map((name) => openOf(dataset, experiment, run, name)));
      for (const reader of opened) checkSpacing(reader, first, data);
      if (experiment.augment.mixReconstructions) checkOneGrid(run, opened, "to be mixed");
      picks.set(run, await readRunPicks(dataset, run, author));
      const volumes = opened.map(({ shape, spacing }) => ({ data: new Float32Array(), shape, spacing }));
      sources.push({ run, volumes, picks: picks.get(run)! });
    }
    for (const network of networks)
      inData(data, () => checkPatches(patchSpecOf(experiment, network, experiment.seed), sources));
    const manifest = await dataManifest(dataset, [...picks.keys()], { hash: true });
    const name = basename(data);
    const seen = [...runFingerprints(dataset, picks, manifest).values()];
    sets.push({
      ...{ number, dataset, picks, tomograms },
      manifest: furtherEntries(manifest, number),
      seen: seen.map((each) => ({ ...each, dataset: name })),
      teachers: await readTeachers(dataset.overlayRoot),
    });
    reporter.note(`${data}: ${tomograms.size} runs more to train on`);
  }
  return sets;
}

/** Adds to an error of which data set it is. */
function inData(data: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    throw new PickbenchError(error.tag, `data.also, ${data}: ${error.message}`, { path: data, cause: error });
  }
}

/** Returns the runs with reconstructions to train on, and which; those that have none are left out. */
function tomogramsOf({ runs }: Dataset, { data: own }: Experiment, data: string): Map<string, string[]> {
  const wanted = own.trainOn ?? [own.tomogram];
  const found = runs.map((run) => [run.name, wanted.filter((name) => hasOne(run, name))] as const);
  const usable = found.filter(([, names]) => names.length > 0).map(([run, names]) => [run, names] as const);
  if (usable.length > 0) return new Map(usable.map(([run, names]) => [run, [...names]]));
  throw new PickbenchError(
    "BadDataset",
    `data.also: none of the ${runs.length} runs of ${data} has a tomogram ${wanted.join(" or ")}; there is ${[...new Set(runs.map(tomogramsThere))].slice(0, 6).join("; ")}: name one in data.trainOn, or leave the data set out`,
    { path: data },
  );
}

const hasOne = (run: Run, name: string): boolean => tomogramsNamed(run, name).length === 1;

const openOf = (
  dataset: Dataset,
  { data }: Experiment,
  run: string,
  tomogram: string,
): Promise<TomogramReader> => {
  const [ref] = tomogramsNamed(dataset.runs.find(({ name }) => name === run)!, tomogram);
  return openTomogram({ ...ref!, nan: data.nan }, data.level, dataset.access);
};

function checkSpacing({ ref, spacing }: TomogramReader, first: TomogramReader, data: string): void {
  if (Math.abs(spacing[0] / first.spacing[0] - 1) <= 0.05) return;
  throw new PickbenchError(
    "BadDataset",
    `data.also: ${ref.run} of ${data} has ${spacing[0].toFixed(2)} Å a voxel, ${first.ref.run} has ${first.spacing[0].toFixed(2)}; a training takes tomograms of one spacing`,
    { path: ref.path },
  );
}

/** Reads the runs of a further data set, each normalised by itself. */
export async function readFurther(
  { number, dataset, picks, tomograms }: FurtherSet,
  { data }: Experiment,
): Promise<PatchSource[]> {
  const sources: PatchSource[] = [];
  for (const [run, names] of tomograms) {
    const volumes: Volume[] = [];
    for (const tomogram of names)
      volumes.push(await readNormalised(dataset, run, { ...data, tomogram, voxelSpacing: undefined }));
    sources.push({ run, dataset: number, volumes, picks: picks.get(run)! });
  }
  return sources;
}
