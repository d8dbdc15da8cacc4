/** Prepares a run: experiment, data, splits and networks, all checked before the first step. */
import { openDataset } from "../../data/dataset.js";
import { dataManifest, type ManifestEntry, manifestHash } from "../../data/manifest.js";
import type { Dataset } from "../../data/model.js";
import { resolveSplits, type SplitSpec, type Splits } from "../../data/splits.js";
import type { Particle } from "../../domain/particles.js";
import { resolveEngine } from "../../engines/available.js";
import type { EngineName } from "../../engines/engine.js";
import { defaultThreads } from "../../engines/engine.js";
import type { ExternalNetwork } from "../../infer/predict/predictor.js";
import { checkPrecision } from "../../infer/predict/tileDemands.js";
import { publicRuns } from "../../leaderboard/publicSplit.js";
import { PickbenchError } from "../../system/errors.js";
import { type Reporter, silentReporter } from "../../system/reporter.js";
import type { CodeLeave } from "../checkpoint/allowedCode.js";
import { readExternalNetwork } from "../checkpoint/externalNetwork.js";
import { experimentHash, readExperiment } from "../experiment/experiment.js";
import { isExternal } from "../experiment/networkChoice.js";
import type { Experiment } from "../experiment/schema.js";
import { type ExperimentNetwork, networksOf, resolveNetwork } from "../fit/networks.js";
import { checkRun } from "./checkRun.js";
import type { RunFolder } from "./runFolder.js";

/** Options of `run`, `train` and `tune`. */
export interface RunOptions {
  /** Path of a YAML file, or an experiment from a record, which nothing overrides. */
  readonly experiment: string | Experiment;
  readonly data: string;
  readonly seed?: number | undefined;
  readonly budget?: string | undefined;
  /** KEY.PATH=VALUE each, over the file. */
  readonly set?: readonly string[] | undefined;
  readonly engine?: Experiment["engine"] | undefined;
  /** Splits in place of the experiment's. */
  readonly splits?: SplitSpec | undefined;
  /** Engine that the experiment resolved to before; resolved again if absent. */
  readonly resolvedEngine?: EngineName;
  readonly resume: boolean;
  /** Replaces an existing run in the folder. */
  readonly overwrite?: boolean;
  /** Is told what was prepared. */
  readonly onPrepared?: OnPrepared | undefined;
  readonly threads?: number | undefined;
  /** Hears how far the work has come, and says when to stop; silent if absent. */
  readonly reporter?: Reporter | undefined;
}

/** Says what is about to be trained, before the first step. */
type OnPrepared = (prepared: PreparedRun, folder: RunFolder) => Promise<void>;

/** An experiment together with its data set, fully checked. */
export interface PreparedRun {
  readonly experiment: Experiment;
  readonly experimentHash: string;
  readonly dataset: Dataset;
  readonly splits: Splits;
  /** Networks to train; none where the experiment names an external one. */
  readonly networks: readonly ExperimentNetwork[];
  readonly external: ExternalNetwork | null;
  readonly manifest: readonly ManifestEntry[];
  readonly dataHash: string;
  readonly engine: EngineName;
  readonly threads: number;
  readonly reporter: Reporter;
}

/** The code that the experiment itself names, which its own checkpoints may run. */
export const ownCode = ({ networks }: Pick<PreparedRun, "networks">): CodeLeave => ({
  allowCode: networks.flatMap(({ network }) => network.file?.path ?? []),
});

/**
 * Prepares a run. @param share assigns the runs to roles by the experiment's splits, with a least number to train on
 */
export async function prepareRun(
  options: RunOptions,
  share: typeof resolveSplits = resolveSplits,
): Promise<PreparedRun> {
  const threads = options.threads ?? defaultThreads();
  const read = await experimentOf(options);
  const engine = await resolveEngine(options.resolvedEngine ?? read.engine);
  const { reporter = silentReporter } = options;
  const dataset = await openDataset(options.data, { reporter });
  const splits = splitsOf(read, dataset, options.data, share);
  const { experiment, networks, external } = await openNetworks(read, dataset.particles, engine);
  await checkPrecision(experiment.predict.precision, engine, external ? [external] : networks);
  await checkRun({ experiment, dataset, splits, networks, external, reporter });
  const manifest = await dataManifest(dataset, [...splits.train, ...splits.tune, ...splits.holdout], {
    hash: true,
  });
  return {
    experiment,
    experimentHash: experimentHash(experiment),
    dataset,
    splits,
    networks,
    external,
    manifest,
    dataHash: manifestHash(manifest),
    engine,
    threads,
    reporter,
  };
}

async function experimentOf(options: RunOptions): Promise<Experiment> {
  const { experiment, seed, budget, set, engine, splits } = options;
  if (typeof experiment === "string")
    return readExperiment(experiment, { seed, budget, set, engine, splits });
  return splits ? { ...experiment, splits } : experiment;
}

/**
 * Returns the runs of each role. @throws PickbenchError BadDataset or BadExperiment where the data set's runs do not
 * suffice
 */
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

/** Opens the networks to train, or the one trained elsewhere, whose hash is then set in the experiment. */
async function openNetworks(
  experiment: Experiment,
  particles: readonly Particle[],
  engine: EngineName,
): Promise<Pick<PreparedRun, "experiment" | "networks" | "external">> {
  const { network } = experiment;
  if (!isExternal(network))
    return {
      experiment,
      networks: networksOf(experiment, particles, await resolveNetwork(network)),
      external: null,
    };
  const { externalProvider } = await import("../../engines/onnx/external/external.js");
  externalProvider(engine, network.onnx);
  const external = await readExternalNetwork(experiment, network, particles);
  const { sha256 } = external.external;
  return { experiment: { ...experiment, network: { ...network, sha256 } }, networks: [], external };
}
