/**
 * Prepares a run: experiment, data, splits and networks, all checked before the first step. The room `prepare` holds what is
 * known of a run beforehand.
 */
import { openDataset, tomogramMeant, tomogramsNamed, tomogramsThere } from "../../data/dataset.js";
import { dataManifest, type ManifestEntry, manifestHash, runFingerprints } from "../../data/manifest.js";
import { withMaskFiles } from "../../data/masks/find.js";
import type { Dataset, Run } from "../../data/model.js";
import { pickedTypes } from "../../data/picks.js";
import { resolveSplits, type SplitSpec, type Splits } from "../../data/splits.js";
import type { Particle } from "../../domain/particles.js";
import { resolveEngine } from "../../engines/available.js";
import type { EngineName } from "../../engines/engine.js";
import { defaultThreads } from "../../engines/engine.js";
import type { ExternalNetwork } from "../../infer/predict/predictor.js";
import { checkPrecision, checkStatistics } from "../../infer/predict/tileDemands.js";
import { publicRuns } from "../../leaderboard/publicSplit.js";
import type { PicksByExperiment } from "../../score/score.js";
import { PickbenchError } from "../../system/errors.js";
import { type Reporter, silentReporter } from "../../system/reporter.js";
import type { CodeLeave } from "../checkpoint/allowedCode.js";
import { readExternalNetwork } from "../checkpoint/externalNetwork.js";
import type { Lineage, SeenRun } from "../checkpoint/lineage.js";
import { experimentHash, readExperiment } from "../experiment/experiment.js";
import { experimentFeatures } from "../experiment/features.js";
import { isExternal } from "../experiment/networkChoice.js";
import type { Experiment } from "../experiment/schema.js";
import { type ExperimentNetwork, networksOf, resolveNetwork } from "../fit/networks.js";
import type { RunFolder } from "../run/runFolder.js";
import { type Before, checkAncestry, checkFurther } from "../transfer/ancestry.js";
import { lineageOf } from "../transfer/runLineage.js";
import { openStart, type PreparedStart, prepareStart, startText } from "../transfer/start.js";
import { type CountedMasks, checkRun } from "./checkRun.js";
import { type FurtherSet, openFurther } from "./furtherSets.js";
import { type SeenData, type SeenTomograms, seeData } from "./seenData.js";

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
  /** Å per voxel of all tomograms, over what their files and the experiment say. */
  readonly spacing?: number | undefined;
  /** Splits in place of the experiment's. */
  readonly splits?: SplitSpec | undefined;
  /** Tomograms that were read before, by the whole of which this is a fold, and which has said all that is odd. */
  readonly seen?: SeenTomograms | undefined;
  /** What to begin with, over the experiment's: a path, or the name of a model that comes along. */
  readonly from?: string | undefined;
  /** Engine that the experiment resolved to before; resolved again if absent. */
  readonly resolvedEngine?: EngineName;
  readonly resume: boolean;
  /** Replaces an existing run in the folder. */
  readonly overwrite?: boolean;
  /** Is told what was prepared. */
  readonly onPrepared?: OnPrepared | undefined;
  /** Is told of each stage when it begins. */
  readonly onStage?: ((stage: Stage) => void) | undefined;
  readonly threads?: number | undefined;
  /** Hears how far the work has come, and says when to stop; silent if absent. */
  readonly reporter?: Reporter | undefined;
}

/** A run that has no role, and the reason. */
interface LeftOutRun {
  readonly run: string;
  readonly why: string;
}

/** Stages of a run, as its durations are named. */
export type Stage = "prepare" | "train" | "predict" | "masks" | "score";

/** Says what is about to be trained, before the first step. */
type OnPrepared = (prepared: PreparedRun, folder: RunFolder) => Promise<void>;

/** An experiment together with its data set, fully checked. */
export interface PreparedRun {
  readonly experiment: Experiment;
  readonly experimentHash: string;
  readonly dataset: Dataset;
  readonly splits: Splits;
  /** Runs without the tomogram that is predicted on, which have no role. */
  readonly leftOut: readonly LeftOutRun[];
  /** Networks to train; none where the experiment names an external one. */
  readonly networks: readonly ExperimentNetwork[];
  readonly external: ExternalNetwork | null;
  /** Trained weights to begin with; null where all are drawn at random. */
  readonly start: PreparedStart | null;
  /** Trainings that make the networks, this one first. */
  readonly lineage: Lineage;
  /** The runs of the data set, known by their content. */
  readonly fingerprints: ReadonlyMap<string, SeenRun>;
  readonly manifest: readonly ManifestEntry[];
  readonly dataHash: string;
  readonly seen: SeenData;
  /** Further data sets, all runs of which are trained on. */
  readonly further: readonly FurtherSet[];
  /** Picks of all runs. */
  readonly picks: PicksByExperiment;
  /** Masks of all runs, without voxels. */
  readonly masks: CountedMasks;
  readonly engine: EngineName;
  /** What is done otherwise than the experiment says, in sentences, as it comes to be. */
  readonly departures: Set<string>;
  readonly threads: number;
  readonly reporter: Reporter;
}

/** What is known of a run before its voxels are read. */
export interface Known extends Pick<PreparedRun, "networks" | "splits" | "picks" | "masks" | "fingerprints"> {
  /** The file whose trainings went before, of which something is known; null where there is none. */
  readonly before: Before | null;
  /** Runs of further data sets, which are trained on. */
  readonly further: readonly SeenRun[];
  /** The networks whose picks are trained on, where that is known. */
  readonly teachers: readonly Before[];
}

/** How runs get their roles, and what is checked of them before any voxel is read. */
interface Sharing {
  /** Assigns the runs to roles by the experiment's splits, with a least number to train on. */
  readonly share: typeof resolveSplits;
  /** Returns warnings. */
  readonly check: (known: Known) => readonly string[] | Promise<readonly string[]>;
}

/** Returns warnings of what earlier trainings saw of runs in these roles. @throws as `checkAncestry` and `checkFurther` */
export function ancestryNotes({ before, teachers, fingerprints, further }: Known, splits: Splits): string[] {
  checkFurther(further, splits, fingerprints);
  const all = before ? [before, ...teachers] : teachers;
  return all.flatMap((each) => checkAncestry(each, splits, fingerprints));
}

const asOne: Sharing = { share: resolveSplits, check: (known) => ancestryNotes(known, known.splits) };

/** The code that the experiment itself names, which its own checkpoints may run. */
export const ownCode = ({ networks }: Pick<PreparedRun, "networks">): CodeLeave => ({
  allowCode: networks.flatMap(({ network }) => network.file?.path ?? []),
});

/** Prepares a run. @param sharing of the runs, where it is not of the experiment's own roles alone */
export async function prepareRun(options: RunOptions, sharing: Sharing = asOne): Promise<PreparedRun> {
  const threads = options.threads ?? defaultThreads();
  const given = await experimentOf(options);
  const engine = await resolveEngine(options.resolvedEngine ?? given.engine);
  const { reporter = silentReporter } = options;
  const hears = options.seen ? silentReporter : reporter;
  const found = await openDataset(options.data, { reporter, spacing: given.data.spacing });
  const dataset = await withMaskFiles(found, experimentFeatures(given));
  const read = await meantIn(dataset, given);
  const splits = splitsOf(read, dataset, options.data, sharing.share);
  const leftOut = leftOutRuns(read, dataset);
  for (const line of choiceNotes(given, read, leftOut)) hears.note(line);
  const opened = await openStart(read);
  const { source } = opened;
  const { experiment, networks, external } = await openNetworks(opened.experiment, dataset.particles, engine);
  await checkPrecision(experiment.predict.precision, engine, external ? [external] : networks);
  checkStatistics(experiment.predict.statistics, external ? [external] : networks);
  const start = source && (await prepareStart(source, networks));
  if (start) hears.note(`from ${startText(start)}`);
  const made = { experiment, splits, networks, external };
  const { readers, picks, masks } = await checkRun({ ...made, dataset, reporter: hears });
  const ownManifest = await dataManifest(dataset, [...picks.keys()], { hash: true });
  const fingerprints = runFingerprints(dataset, picks, ownManifest);
  const further = await openFurther(experiment, networks, readers[0]!, hears);
  const manifest = [...ownManifest, ...further.flatMap((each) => each.manifest)];
  const furtherRuns = further.flatMap(({ seen }) => seen);
  const teachers = further.flatMap((each) => each.teachers ?? []);
  const { lineage, before, notes } = await lineageOf({ ...made, start, teachers }, fingerprints, furtherRuns);
  const known = { networks, splits, picks, masks, fingerprints, before, teachers, further: furtherRuns };
  for (const note of new Set([...notes, ...(await sharing.check(known))])) hears.note(note);
  const learned = {
    train: splits.train,
    isMatched: experiment.data.spectrum === "match",
    further: further.flatMap(({ tomograms }) => tomograms),
  };
  const seen = await seeData(dataset, picks, readers, learned, reporter, options.seen);
  return {
    experiment,
    experimentHash: experimentHash(experiment),
    dataset,
    splits,
    leftOut,
    networks,
    external,
    start,
    lineage,
    fingerprints,
    manifest,
    dataHash: manifestHash(manifest),
    seen,
    further,
    picks,
    masks,
    engine,
    departures: new Set(),
    threads,
    reporter,
  };
}

/**
 * Returns an experiment as it is meant in a data set: the only reconstruction there is in place of the usual one, and no
 * types where it has features, names no types, and nobody picked any.
 */
export async function meantIn(dataset: Dataset, experiment: Experiment): Promise<Experiment> {
  const { data, features, types } = experiment;
  const tomogram = tomogramMeant(dataset.runs, data.tomogram, data.voxelSpacing);
  const read = tomogram === data.tomogram ? experiment : { ...experiment, data: { ...data, tomogram } };
  if (!features || types || (await pickedTypes(dataset)).length > 0) return read;
  return { ...read, types: [] };
}

async function experimentOf(options: RunOptions): Promise<Experiment> {
  const { experiment, seed, budget, set, engine, splits, spacing, from } = options;
  if (typeof experiment === "string")
    return readExperiment(experiment, { seed, budget, set, engine, splits, spacing, from });
  return splits ? { ...experiment, splits } : experiment;
}

const hasTomogram = (run: Run, { tomogram, voxelSpacing }: Experiment["data"]): boolean =>
  tomogramsNamed(run, tomogram, voxelSpacing).length > 0;

const wantedTomogram = ({ tomogram, voxelSpacing }: Experiment["data"]): string =>
  voxelSpacing === undefined ? tomogram : `${tomogram} at ${voxelSpacing}`;

function leftOutRuns({ data }: Experiment, { runs }: Dataset): LeftOutRun[] {
  return runs
    .filter((run) => !hasTomogram(run, data))
    .map((run) => ({
      run: run.name,
      why: `no tomogram ${wantedTomogram(data)}; there is ${tomogramsThere(run)}`,
    }));
}

/** Limit of runs that are named one by one; the record names all. */
const mostNamed = 6;

/** Tells whether splits share runs out, by folds or by counts, instead of naming them all. */
const isCounted = (splits: SplitSpec): boolean =>
  !("train" in splits) || Object.values(splits).some((share) => !Array.isArray(share) && share !== 0);

/** Says which reconstruction was taken for the usual one, and which runs have no role. */
export function choiceNotes(
  given: Experiment,
  { data, splits }: Experiment,
  leftOut: readonly LeftOutRun[],
): string[] {
  return [
    ...(data.tomogram === given.data.tomogram
      ? []
      : [`no run has a tomogram ${given.data.tomogram}: ${data.tomogram} is taken, the only one there is`]),
    ...leftOut.slice(0, mostNamed).map(({ run, why }) => `${run} is left out: ${why}`),
    ...(leftOut.length > mostNamed ? [`${leftOut.length - mostNamed} more runs are left out so`] : []),
    ...(leftOut.length > 0 && isCounted(splits) ? ["the splits share out the runs that are left"] : []),
  ];
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
  const usable = dataset.runs.filter((run) => hasTomogram(run, experiment.data));
  const wanted = wantedTomogram(experiment.data);
  if (usable.length === 0) {
    const there = new Set(dataset.runs.map(tomogramsThere));
    throw new PickbenchError(
      "BadDataset",
      `${data}: none of its ${dataset.runs.length} runs has a tomogram ${wanted}; there is ${[...there].slice(0, 6).join("; ")}: name one in the experiment's data.tomogram`,
    );
  }
  checkNamedRuns(experiment, leftOutRuns(experiment, dataset));
  const splits = share(
    experiment.splits,
    usable.map(({ name }) => name),
    isExternal(experiment.network) ? 0 : 1,
  );
  const isFold = "fold" in experiment.splits;
  if (experiment.leaderboard && !isFold) publicRuns(experiment.leaderboard, splits.holdout);
  return splits;
}

/** @throws PickbenchError BadDataset where a run that the splits name has not the tomogram */
function checkNamedRuns({ splits }: Experiment, leftOut: readonly LeftOutRun[]): void {
  for (const [role, named] of Object.entries(splits))
    for (const { run, why } of leftOut)
      if (Array.isArray(named) && named.includes(run))
        throw new PickbenchError(
          "BadDataset",
          `splits.${role}: ${run} has ${why}; give it that one, or leave it out of the splits`,
        );
}

/** Opens the networks to train, or the one trained elsewhere; a file's hash is then set in the experiment. */
async function openNetworks(
  experiment: Experiment,
  particles: readonly Particle[],
  engine: EngineName,
): Promise<Pick<PreparedRun, "experiment" | "networks" | "external">> {
  const { network } = experiment;
  if (!isExternal(network)) {
    const resolved = await resolveNetwork(network);
    const networks = networksOf(experiment, particles, resolved);
    if (!resolved.file || typeof network === "string") return { experiment, networks, external: null };
    const { sha256 } = resolved.file;
    return { experiment: { ...experiment, network: { ...network, sha256 } }, networks, external: null };
  }
  const { externalProvider } = await import("../../engines/onnx/external/external.js");
  externalProvider(engine, network.onnx);
  const external = await readExternalNetwork(experiment, network, particles);
  const { sha256 } = external.external;
  return { experiment: { ...experiment, network: { ...network, sha256 } }, networks: [], external };
}
