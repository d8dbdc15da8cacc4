import { availableParallelism } from "node:os";
import { openDataset } from "../../data/dataset.js";
import { dataManifest, type ManifestEntry, manifestHash } from "../../data/manifest.js";
import type { Dataset } from "../../data/model.js";
import { resolveSplits, type SplitSpec, type Splits } from "../../data/splits.js";
import type { Particle } from "../../domain/particles.js";
import { resolveEngine } from "../../engines/available.js";
import type { EngineName } from "../../engines/engine.js";
import type { ExternalNetwork } from "../../infer/predict/predictor.js";
import { checkPrecision } from "../../infer/predict/tileDemands.js";
import { publicRuns } from "../../leaderboard/publicSplit.js";
import { PickbenchError } from "../../system/errors.js";
import { readExternalNetwork } from "../checkpoint/externalNetwork.js";
import { experimentHash, readExperiment } from "../experiment/experiment.js";
import { isExternal } from "../experiment/networkChoice.js";
import type { Experiment } from "../experiment/schema.js";
import { type ExperimentNetwork, networksOf, resolveNetwork } from "../fit/networks.js";
import { readProgress, type TrainingProgress } from "../fit/progressFile.js";
import { checkRun } from "./checkRun.js";
import { begunFolds, isBegun, type RunFolder } from "./runFolder.js";

/** What `run`, `train` and `tune` are called with. */
export interface RunOptions {
  /** A YAML's path, or an experiment as a record holds it, over which nothing is set. */
  readonly experiment: string | Experiment;
  readonly data: string;
  readonly seed?: number | undefined;
  readonly budget?: string | undefined;
  /** KEY.PATH=VALUE each, over the file. */
  readonly set?: readonly string[] | undefined;
  readonly engine?: Experiment["engine"] | undefined;
  /** Over the experiment's. */
  readonly splits?: SplitSpec | undefined;
  /** What the engine of the experiment was found to be before; looked for again if absent. */
  readonly resolvedEngine?: EngineName;
  readonly resume: boolean;
  /** Replaces a run that stands in the folder. */
  readonly overwrite?: boolean;
  readonly threads?: number | undefined;
  readonly quiet: boolean;
}

/** An experiment met with a data set: everything checked before the first step. */
export interface PreparedRun {
  readonly experiment: Experiment;
  readonly experimentHash: string;
  readonly dataset: Dataset;
  readonly splits: Splits;
  /** The networks to train; none where the experiment names an external one. */
  readonly members: readonly ExperimentNetwork[];
  readonly external: ExternalNetwork | null;
  readonly manifest: readonly ManifestEntry[];
  readonly dataHash: string;
  readonly engine: EngineName;
  readonly threads: number;
  readonly quiet: boolean;
}

/** @param share gives the runs their roles by the experiment's splits, at least as many to train on as it is told */
export async function prepareRun(
  options: RunOptions,
  share: typeof resolveSplits = resolveSplits,
): Promise<PreparedRun> {
  const threads = options.threads ?? Math.min(8, availableParallelism());
  const read = await experimentOf(options);
  const engine = await resolveEngine(options.resolvedEngine ?? read.engine);
  const dataset = await openDataset(options.data);
  const splits = splitsOf(read, dataset, options.data, share);
  const { experiment, members, external } = await openNetworks(read, dataset.particles, engine);
  await checkPrecision(experiment.predict.precision, engine, external ? [external] : members);
  await checkRun({ experiment, dataset, splits, members, external });
  const manifest = await dataManifest(dataset, [...splits.train, ...splits.tune, ...splits.holdout], {
    hash: true,
  });
  return {
    experiment,
    experimentHash: experimentHash(experiment),
    dataset,
    splits,
    members,
    external,
    manifest,
    dataHash: manifestHash(manifest),
    engine,
    threads,
    quiet: options.quiet,
  };
}

async function experimentOf(options: RunOptions): Promise<Experiment> {
  const { experiment, seed, budget, set, engine, splits } = options;
  if (typeof experiment === "string")
    return readExperiment(experiment, { seed, budget, set, engine, splits });
  return splits ? { ...experiment, splits } : experiment;
}

/** The runs of each role. @throws BadDataset, BadExperiment where the data set's runs do not suffice */
export function splitsOf(
  experiment: Experiment,
  dataset: Dataset,
  data: string,
  share: typeof resolveSplits = resolveSplits,
): Splits {
  const { tomogram } = experiment.data;
  const usable = dataset.runs.filter((run) => run.tomograms.some(({ tomoType }) => tomoType === tomogram));
  if (usable.length === 0)
    throw new PickbenchError(
      "BadDataset",
      `${data}: none of its ${dataset.runs.length} runs has a ${tomogram} tomogram; name another in the experiment's data.tomogram`,
    );
  const splits = share(
    experiment.splits,
    usable.map(({ name }) => name),
    isExternal(experiment.network) ? 0 : 1,
  );
  const isFold = "fold" in experiment.splits;
  if (experiment.leaderboard && !isFold) publicRuns(experiment.leaderboard, splits.holdout);
  return splits;
}

/** The networks to train, or the one that was trained elsewhere, whose hash then stands in the experiment. */
async function openNetworks(
  experiment: Experiment,
  particles: readonly Particle[],
  engine: EngineName,
): Promise<Pick<PreparedRun, "experiment" | "members" | "external">> {
  const { network } = experiment;
  if (!isExternal(network))
    return {
      experiment,
      members: networksOf(experiment, particles, await resolveNetwork(network)),
      external: null,
    };
  const { externalProvider } = await import("../../engines/onnx/external/external.js");
  externalProvider(engine, network.onnx);
  const external = await readExternalNetwork(experiment, network, particles);
  const { sha256 } = external.external;
  return { experiment: { ...experiment, network: { ...network, sha256 } }, members: [], external };
}

/**
 * Never lets a finished or half-finished run be written over unasked.
 *
 * @param begun whether a run stands in the folder
 */
export function checkUnasked(
  folder: RunFolder,
  begun: boolean,
  { overwrite, resume }: Pick<RunOptions, "overwrite" | "resume">,
): void {
  if (overwrite && resume)
    throw new PickbenchError(
      "BadUsage",
      "--resume keeps the run that --overwrite replaces; give one of them",
    );
  if (begun && !overwrite && !resume)
    throw new PickbenchError(
      "BadUsage",
      `${folder.path} already holds a run; give --resume to go on with it, --overwrite to replace it, or another --out`,
    );
}

/** The progress to go on from; null begins anew. */
export async function progressOf(
  folder: RunFolder,
  prepared: PreparedRun,
  options: RunOptions,
): Promise<TrainingProgress | null> {
  checkUnasked(folder, isBegun(folder), options);
  if ((await begunFolds(folder)).length > 0)
    throw new PickbenchError(
      "BadUsage",
      `${folder.path}: folds stand there, not one run; give --folds to go on with them, or another --out`,
    );
  if (!isBegun(folder) || options.overwrite) return null;
  const progress = await readProgress(folder.last);
  if (!progress) return null;
  if (progress.experimentHash !== prepared.experimentHash)
    throw new PickbenchError(
      "BadExperiment",
      `${folder.path}: the run there was begun with other settings (experiment, seed or budget); resume it with the same, or give another --out`,
    );
  if (progress.dataHash !== prepared.dataHash)
    throw new PickbenchError(
      "BadDataset",
      `${folder.path}: the data differ from those the run there was begun on; resume it with the same, or give another --out`,
    );
  return progress;
}
