/** Further data sets of an experiment, `data.also`: opened, checked, and read to be trained on. */
import { basename } from "node:path";
import { openDataset, tomogramsNamed, tomogramsThere } from "../../data/dataset.js";
import {
  dataManifest,
  differencesFrom,
  furtherEntries,
  isOfFurther,
  type ManifestDifferences,
  type ManifestEntry,
  runFingerprints,
} from "../../data/manifest.js";
import type { Dataset, Run, TomogramReader, TomogramRef } from "../../data/model.js";
import { readNormalised } from "../../data/normalisation.js";
import { checkPatches, type PatchSource } from "../../data/patches/spec.js";
import { readRunPicks } from "../../data/picks.js";
import { isOneSpacing } from "../../data/spacings.js";
import type { RadialPower } from "../../data/spectrum/gain.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import type { ParticlePick } from "../../domain/particles.js";
import type { RunRecord } from "../../domain/record.js";
import type { Volume } from "../../domain/volume.js";
import { listed } from "../../present/text.js";
import type { PicksByExperiment } from "../../score/score.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import type { SeenRun } from "../checkpoint/lineage.js";
import type { Experiment } from "../experiment/schema.js";
import { checkOneGrid } from "../fit/featureMasks.js";
import { type ExperimentNetwork, patchSpecOf } from "../fit/networks.js";
import type { Before } from "../transfer/ancestry.js";
import { readTeachers } from "../transfer/teachers.js";
import type { FurtherTomogram } from "./seenData.js";

/** A further data set, all runs of which are trained on. */
export interface FurtherSet {
  /** Number of the data set, from 1. */
  readonly number: number;
  readonly dataset: Dataset;
  readonly picks: PicksByExperiment;
  /** Reconstructions to train on of each run, those of the experiment that it has. */
  readonly readers: ReadonlyMap<string, readonly TomogramReader[]>;
  /** The same, as they are looked at before the training. */
  readonly tomograms: readonly FurtherTomogram[];
  /** Its files, whose paths tell it apart from the experiment's own data set. */
  readonly manifest: readonly ManifestEntry[];
  /** Its runs with its name. */
  readonly seen: readonly SeenRun[];
  /** Networks that made its picks, where an author of picks is named and they are noted; null elsewhere. */
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
    const readers = await openReaders(dataset, experiment, data, first);
    const picks = new Map<string, readonly ParticlePick[]>();
    for (const run of readers.keys()) picks.set(run, await readRunPicks(dataset, run, author));
    const sources = [...readers].map(([run, opened]): PatchSource => {
      const volumes = opened.map(({ shape, spacing }) => ({ data: new Float32Array(), shape, spacing }));
      return { run, volumes, picks: picks.get(run)! };
    });
    for (const network of networks)
      inData(data, () => checkPatches(patchSpecOf(experiment, network, experiment.seed), sources));
    const manifest = await dataManifest(dataset, [...picks.keys()], { hash: true });
    const name = basename(data);
    const seen = [...runFingerprints(dataset, picks, manifest).values()];
    const tomograms = [...readers].flatMap(([run, opened]) =>
      opened.map((reader) => ({ reader, name: `${run} of ${name}`, picks: picks.get(run)! })),
    );
    sets.push({
      ...{ number, dataset, picks, readers, tomograms },
      manifest: furtherEntries(manifest, number),
      seen: seen.map((each) => ({ ...each, dataset: name })),
      teachers: user || session ? await readTeachers(dataset.overlayRoot) : null,
    });
    for (const note of furtherNotes(experiment, networks, data, dataset, picks)) reporter.note(note);
  }
  return sets;
}

/** Limit of runs that are named one by one. */
const mostNamed = 6;

/** Says how many runs there are to train on, which are left out, and which hold nothing but background. */
function furtherNotes(
  { data: own }: Experiment,
  networks: readonly ExperimentNetwork[],
  data: string,
  { runs }: Dataset,
  picks: PicksByExperiment,
): string[] {
  const left = runs.map(({ name }) => name).filter((name) => !picks.has(name));
  const learned = new Set(networks.flatMap(({ channels }) => channels));
  const bare = [...picks].flatMap(([run, ofRun]) =>
    ofRun.some(({ type }) => learned.has(type)) ? [] : [run],
  );
  const wanted = wantedOf(own).join(" or ");
  return [
    `${data}: ${picks.size} runs more to train on${left.length > 0 ? `; left out are those without one tomogram ${wanted}: ${listed(left, mostNamed)}` : ""}`,
    ...(bare.length > 0
      ? [
          `warning: ${data}: nobody picked in ${listed(bare, mostNamed)} what is learned, so that all of it is learned as background; take runs out that hold particles`,
        ]
      : []),
  ];
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

const wantedOf = ({ trainOn, tomogram }: Experiment["data"]): readonly string[] => trainOn ?? [tomogram];

/** Returns the runs with reconstructions to train on, and which; those that have none are left out. */
function tomogramsOf({ runs }: Dataset, { data: own }: Experiment, data: string): Map<string, TomogramRef[]> {
  const wanted = wantedOf(own);
  const found = runs.map((run) => [run.name, theOnes(run, wanted)] as const);
  const usable = found.filter(([, refs]) => refs.length > 0);
  if (usable.length > 0) return new Map(usable);
  throw new PickbenchError(
    "BadDataset",
    `data.also: none of the ${runs.length} runs of ${data} has a tomogram ${wanted.join(" or ")}; there is ${[...new Set(runs.map(tomogramsThere))].slice(0, 6).join("; ")}: name one in data.trainOn, or leave the data set out`,
    { path: data },
  );
}

/** Returns the reconstructions of these names that a run has one of, each once. */
const theOnes = (run: Run, names: readonly string[]): TomogramRef[] => {
  const found = names.map((name) => tomogramsNamed(run, name));
  return [...new Set(found.flatMap((refs) => (refs.length === 1 ? refs : [])))];
};

async function openReaders(
  dataset: Dataset,
  experiment: Experiment,
  data: string,
  first: TomogramReader,
): Promise<Map<string, TomogramReader[]>> {
  const { level, nan } = experiment.data;
  const readers = new Map<string, TomogramReader[]>();
  for (const [run, refs] of tomogramsOf(dataset, experiment, data)) {
    const opened = await Promise.all(refs.map((ref) => openTomogram({ ...ref, nan }, level, dataset.access)));
    for (const reader of opened) checkSpacing(reader, first, data);
    if (experiment.augment.mixReconstructions) checkOneGrid(run, opened, "to be mixed");
    readers.set(run, opened);
  }
  return readers;
}

function checkSpacing({ ref, spacing }: TomogramReader, first: TomogramReader, data: string): void {
  if (isOneSpacing(spacing[0], first.spacing[0])) return;
  throw new PickbenchError(
    "BadDataset",
    `data.also: ${ref.run} of ${data} has ${spacing[0].toFixed(2)} Å a voxel, ${first.ref.run} has ${first.spacing[0].toFixed(2)}; a training takes tomograms of one spacing`,
    { path: ref.path },
  );
}

/**
 * Reads the runs of a further data set, each normalised by itself.
 *
 * @param reference spectrum that they are given, as the experiment's own tomograms are; their own stays if absent
 */
export async function readFurther(
  { number, dataset, picks, readers }: FurtherSet,
  { data }: Experiment,
  reference: RadialPower | undefined,
): Promise<PatchSource[]> {
  const sources: PatchSource[] = [];
  for (const [run, opened] of readers) {
    const volumes: Volume[] = [];
    for (const { ref } of opened) {
      const choice = { ...data, tomogram: ref.tomoType, voxelSpacing: ref.voxelSpacing, reference };
      volumes.push(await readNormalised(dataset, run, choice));
    }
    sources.push({ run, dataset: number, volumes, picks: picks.get(run)! });
  }
  return sources;
}

/** Differences of a further data set from a record. */
interface FurtherDifferences extends ManifestDifferences {
  readonly data: string;
  /** Runs that would be trained on, of which the record knows no file. */
  readonly runs: readonly string[];
}

/** Compares the files of an experiment's further data sets with those of a record, one data set after another. */
export async function furtherDifferences(
  experiment: Experiment,
  files: RunRecord["data"]["files"],
  reporter: Reporter,
): Promise<FurtherDifferences[]> {
  const all: FurtherDifferences[] = [];
  for (const [k, { data }] of (experiment.data.also ?? []).entries()) {
    const number = k + 1;
    const dataset = await openDataset(data, { reporter });
    const before = files.filter(({ path }) => isOfFurther(path, number));
    const known = new Set(before.map(({ path }) => path));
    const now: ManifestEntry[] = [];
    const runs: string[] = [];
    for (const run of tomogramsOf(dataset, experiment, data).keys()) {
      const entries = furtherEntries(await dataManifest(dataset, [run], { hash: true }), number);
      if (!entries.some(({ path }) => known.has(path))) runs.push(run);
      now.push(...entries);
    }
    all.push({ data, runs, ...differencesFrom(before, now) });
  }
  return all;
}
