/**
 * The training stage of a run: trains the networks, tunes the picking, writes best.safetensors. The room `fit` trains.
 */
import { findRun, findTomogram } from "../../data/dataset.js";
import { yesCount } from "../../data/masks/mask.js";
import { readNormalised, readViews } from "../../data/normalisation.js";
import type { PatchSource } from "../../data/patches/stream.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import type { Volume } from "../../domain/volume.js";
import { type AnyNetwork, normalisationOf } from "../../infer/predict/predictor.js";
import { hashOf } from "../../system/files.js";
import { type Checkpoint, heldContrast, networkOf, writeCheckpoint } from "../checkpoint/checkpoint.js";
import { type Budget, parseBudget, shareBudget } from "../experiment/budget.js";
import { featureNames } from "../experiment/features.js";
import { readFurther } from "../prepare/furtherSets.js";
import type { PreparedRun } from "../prepare/prepare.js";
import { makeFolder, type RunFolder, snapshotFile } from "../run/runFolder.js";
import { openTrainingLog, type TrainingLog } from "../watch/sinks/trainingLog.js";
import { choosePrediction, type TriedPrediction } from "./choosePrediction.js";
import { withDensities } from "./densities.js";
import { masksOfVolumes } from "./featureMasks.js";
import { trainNetwork } from "./loop.js";
import { type Mining, mineHardPlaces, miningShares } from "./mining.js";
import type { ExperimentNetwork } from "./networks.js";
import { type TrainingProgress, writeProgress } from "./progressFile.js";
import { measureStep, type TrainedSpec } from "./session.js";
import { type LogPosition, loggedSeconds } from "./stepLog.js";
import type { Rungs, TrainedNetwork } from "./training.js";
import { type Tuned, type TuneTruth, tuneNetworks } from "./tuneNetworks.js";
import { untunedPicking } from "./tunePicking.js";

/** A tune run's tomogram and truth, read once for all evaluations. */
interface TuneTomogram extends TuneTruth {
  readonly volume: Volume;
}

/** Result of the training stage. */
export interface TrainedRun {
  readonly steps: number;
  /** Largest share of a network's training time that steps waited for data. */
  readonly waitedShare: number;
  /** Largest share of a network's training time that was spent on watching, and number of all looks. */
  readonly watchedShare: number;
  readonly looks: number;
  /** The schedules that the last network followed; null where none was trained in this call. */
  readonly schedule: TrainedNetwork["schedule"] | null;
  readonly tuneScore: number | null;
  /** Ways to predict that were tried on the tune runs; absent where the experiment does not choose one. */
  readonly tried?: readonly TriedPrediction[];
  /** Seconds of the steps that earlier calls took, where this call resumed a stopped run. */
  readonly earlierSeconds: number;
  /** Whether a rung ended the training; then nothing was tuned, and there is no best.safetensors. */
  readonly ended: boolean;
}

/** Trains the experiment's unfinished networks, tunes the picking, and writes best.safetensors. */
export async function trainStage(
  prepared: PreparedRun,
  folder: RunFolder,
  progress: TrainingProgress | null,
  rungs: Rungs | null = null,
): Promise<TrainedRun> {
  const { networks, experimentHash, dataHash } = prepared;
  const done = [...(progress?.done ?? [])];
  const remaining = networks.slice(done.length);
  const tuneTomograms = await readTune(prepared);
  const results: TrainedNetwork[] = [];
  const position = logPosition(progress);
  const earlierSeconds = position ? await loggedSeconds(folder.log, position) : 0;
  if (remaining.length > 0) {
    const sources = await readSources(prepared);
    const log = await openTrainingLog(prepared, folder, position);
    try {
      for (const network of remaining) {
        const from = progress?.current?.name === network.name ? progress.current : null;
        const save = (current: TrainingProgress["current"]) =>
          writeProgress(folder.last, { experimentHash, dataHash, done, current });
        const hooks = { from, log, save, rungs };
        const result = await prepared.reporter.stoppable("step", () =>
          trainOne(prepared, folder, network, sources, tuneTomograms, hooks),
        );
        results.push(result);
        if (result.ended) return { ...courseOf(results), tuneScore: null, earlierSeconds, ended: true };
        done.push({ name: network.name, weights: result.weights, score: result.score });
      }
    } catch (error) {
      log.failed(error);
      throw error;
    } finally {
      await log.close();
    }
    await writeProgress(folder.last, { experimentHash, dataHash, done, current: null });
  }
  const trained = prepared.external
    ? [prepared.external]
    : await Promise.all(networks.map((network, at) => networkOf(network, done[at]!.weights)));
  const { score: tuneScore, tried } = await tuneAndWrite(prepared, folder, trained, tuneTomograms);
  return { ...courseOf(results), tuneScore, ...(tried && { tried }), earlierSeconds, ended: false };
}

const courseOf = (results: readonly TrainedNetwork[]) => ({
  steps: results.reduce((sum, { steps }) => sum + steps, 0),
  waitedShare: Math.max(0, ...results.map(({ waitedShare }) => waitedShare)),
  watchedShare: Math.max(0, ...results.map(({ watchedShare }) => watchedShare)),
  looks: results.reduce((sum, { looks }) => sum + looks, 0),
  schedule: results.at(-1)?.schedule ?? null,
});

/** Tunes the picking of networks on the tune runs and writes best.safetensors. */
export async function tuneStage(
  prepared: PreparedRun,
  folder: RunFolder,
  networks: readonly AnyNetwork[],
): Promise<TunedStage> {
  return tuneAndWrite(prepared, folder, networks, await readTune(prepared));
}

async function tuneAndWrite(
  prepared: PreparedRun,
  folder: RunFolder,
  networks: readonly AnyNetwork[],
  tomograms: readonly TuneTomogram[],
): Promise<TunedStage> {
  const chosen = tomograms.length > 0 ? await choosePrediction(prepared, networks, tomograms) : null;
  if (!chosen && prepared.experiment.predict.choose)
    prepared.reporter.note(
      "predict.choose: no run is tuned on, so that nothing is chosen; the experiment's own tiles stay",
    );
  const settings = chosen ? await withDensities(prepared, chosen.tuned) : untuned(prepared, networks);
  const spacing = tomograms[0]?.volume.spacing[0] ?? (await readSpacing(prepared));
  const names = prepared.external ? ["all"] : prepared.networks.map(({ name }) => name);
  const predicting = { ...prepared, experiment: chosen?.experiment ?? prepared.experiment };
  await writeCheckpoint(folder.best, names, checkpointOf(predicting, networks, spacing, settings));
  return { ...settings, ...(chosen?.tried && { tried: chosen.tried }) };
}

/** How particles and features are found in the networks' maps; the score is null where nothing was tuned. */
export type TunedStage = Omit<Tuned, "score"> & {
  readonly score: number | null;
  /** Ways to predict that were tried; absent where the experiment does not choose one. */
  readonly tried?: readonly TriedPrediction[];
};

/** Returns the checkpoint of trained networks. */
const checkpointOf = (
  { experiment, seen, lineage }: PreparedRun,
  networks: readonly AnyNetwork[],
  spacing: number,
  { picking, features, score }: TunedStage,
): Checkpoint => ({
  ...{ experiment, spacing, networks, picking, tuneScore: score, lineage },
  ...heldContrast(seen.trained),
  ...(seen.reference && { reference: seen.reference }),
  ...(features && { features }),
});

async function readSpacing({ dataset, splits, experiment }: PreparedRun): Promise<number> {
  const { tomogram, voxelSpacing, level } = experiment.data;
  const ref = findTomogram(
    findRun(dataset, [...splits.train, ...splits.holdout][0]!),
    tomogram,
    voxelSpacing,
  );
  return (await openTomogram(ref, level, dataset.access)).spacing[0];
}

/** The experiment's fallback settings, where no run tunes them. */
function untuned({ experiment, dataset }: PreparedRun, networks: readonly AnyNetwork[]): TunedStage {
  const features = featureNames(experiment);
  const types = networks
    .flatMap(({ channels }) => channels.filter((channel) => channel !== null))
    .filter((name) => !features.includes(name));
  const particle = (type: string) => dataset.particles.find(({ name }) => name === type)!;
  const threshold = experiment.picking.fallbackThreshold;
  return {
    picking: new Map(types.map((type) => [type, untunedPicking(experiment, particle(type))])),
    ...(features.length > 0 && {
      features: features.map((name) => ({ name, threshold, dice: null })),
    }),
    score: null,
  };
}

function logPosition(progress: TrainingProgress | null): LogPosition | null {
  if (!progress) return null;
  return {
    done: progress.done.map(({ name }) => name),
    current: progress.current?.name ?? "",
    step: progress.current?.step ?? 0,
  };
}

interface Hooks {
  readonly from: TrainingProgress["current"];
  readonly log: TrainingLog;
  readonly save: (current: TrainingProgress["current"]) => Promise<void>;
  readonly rungs: Rungs | null;
}

function trainOne(
  prepared: PreparedRun,
  folder: RunFolder,
  network: ExperimentNetwork,
  sources: readonly PatchSource[],
  tomograms: readonly TuneTomogram[],
  hooks: Hooks,
): Promise<TrainedNetwork> {
  const { experiment, reporter } = prepared;
  const evaluate = async (weights: Float32Array, step: number) => {
    const networks = [await networkOf(network, weights)];
    const tuned = await tuneNetworks(prepared, networks, tomograms, heldVolume);
    if (experiment.checkpoint.keep) {
      const spacing = tomograms[0]!.volume.spacing[0];
      const path = snapshotFile(folder, network.name, step);
      await makeFolder(folder.snapshots);
      const dense = await withDensities(prepared, tuned);
      await writeCheckpoint(path, [network.name], checkpointOf(prepared, networks, spacing, dense));
    }
    return tuned.score;
  };
  return trainNetwork({
    ...hooks,
    ...specOf(prepared, network),
    label: trainingLabel(network, prepared.networks),
    budget: budgetOfEach(prepared),
    sources,
    watched: tomograms.map(sourceOf),
    reporter,
    mining: miningOf(prepared, network, sources),
    evaluate: tomograms.some((each) => isJudged(network, each)) ? evaluate : null,
  });
}

/** How a network's hard places are found. */
function miningOf(
  { experiment, dataset, engine, threads, reporter }: PreparedRun,
  network: ExperimentNetwork,
  sources: readonly PatchSource[],
): Mining {
  const { particles } = dataset;
  return {
    at: network.types.length > 0 ? miningShares(experiment) : [],
    find: async (weights, onRun) => {
      const context = { experiment, particles, engine, threads, signal: reporter.signal, onRun };
      return mineHardPlaces(context, await networkOf(network, weights), network, sources);
    },
  };
}

/** What each of the networks is trained for. */
const budgetOfEach = ({ experiment, networks }: Pick<PreparedRun, "experiment" | "networks">): Budget =>
  shareBudget(parseBudget(experiment.budget), networks.length);

const specOf = (prepared: PreparedRun, network: ExperimentNetwork): TrainedSpec => ({
  ...{ experiment: prepared.experiment, network, engine: prepared.engine, threads: prepared.threads },
  seed: networkSeed(prepared.experiment.seed, network.name),
  taken: prepared.start?.weights.get(network.name),
});

/** Measures the time in ms of a training step of the first network; changes nothing of its training. */
export const measureTraining = async (prepared: PreparedRun): Promise<number> =>
  measureStep(specOf(prepared, prepared.networks[0]!), await readSources(prepared));

/** A tune run as one that patches are cut from. */
const sourceOf = ({ volume, truth, ...rest }: TuneTomogram): PatchSource => ({
  ...rest,
  volumes: [volume],
  picks: truth,
});

/** Tells whether a tomogram shows how good a network is: one that learns features alone needs voxels of them. */
const isJudged = ({ types, features }: ExperimentNetwork, { masks }: TuneTomogram): boolean =>
  types.length > 0 || features.some((name) => masks?.has(name) && yesCount(masks.get(name)!) > 0);

/** Names the network where there are several. */
function trainingLabel(network: ExperimentNetwork, networks: readonly ExperimentNetwork[]): string {
  if (networks.length === 1) return "training";
  return `training ${network.name} (${networks.indexOf(network) + 1} of ${networks.length})`;
}

/** Returns the seed of one network of an experiment; each network has its own. */
const networkSeed = (seed: number, name: string): number =>
  Number.parseInt(hashOf(`${seed}/${name}`).slice(0, 8), 16);

async function readSources({
  dataset,
  splits,
  experiment,
  picks,
  further,
  seen,
}: PreparedRun): Promise<PatchSource[]> {
  const types = experiment.data.trainOn ?? [experiment.data.tomogram];
  const sources: PatchSource[] = [];
  for (const run of splits.train) {
    const volumes: Volume[] = [];
    for (const tomogram of types)
      volumes.push(
        await readNormalised(dataset, run, { ...experiment.data, tomogram, reference: seen.reference }),
      );
    const masks = await masksOfVolumes(dataset, experiment, run, types[0]!, volumes);
    sources.push({ run, volumes, picks: picks.get(run)!, masks });
  }
  for (const each of further) sources.push(...(await readFurther(each, experiment, seen.reference)));
  return sources;
}

const heldVolume = ({ volume }: TuneTomogram): Volume => volume;

async function readTune(prepared: PreparedRun): Promise<TuneTomogram[]> {
  const { dataset, splits, experiment, external, picks, seen } = prepared;
  const choice = { ...experiment.data, reference: seen.reference };
  const tomograms: TuneTomogram[] = [];
  for (const run of splits.tune) {
    const normalisation = external ? normalisationOf(external) : "standard";
    const [volume] = await readViews(dataset, run, choice, [normalisation]);
    const masks = await masksOfVolumes(dataset, experiment, run, experiment.data.tomogram, [volume!]);
    const truth = picks.get(run)!;
    tomograms.push({ run, volume: volume!, truth, masks });
  }
  return tomograms;
}
