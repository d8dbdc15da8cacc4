/** Checks of a run before its first step. */
import { findRun, findTomogram } from "../../data/dataset.js";
import { checkFeatures } from "../../data/masks/find.js";
import { knownCount, type Mask, yesCount } from "../../data/masks/mask.js";
import type { ReadMask } from "../../data/masks/read.js";
import type { Dataset, TomogramReader } from "../../data/model.js";
import { checkPatches, type PatchSource } from "../../data/patches/spec.js";
import { readRunPicks } from "../../data/picks.js";
import { isOneSpacing, spacingDoubts } from "../../data/spacings.js";
import type { Splits } from "../../data/splits.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import type { ParticlePick } from "../../domain/particles.js";
import type { ExternalNetwork } from "../../infer/predict/predictor.js";
import { tileSettings } from "../../infer/predict/tileDemands.js";
import { tileGrid } from "../../infer/predict/tiles.js";
import { demandOf } from "../../infer/predict/tilings.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import type { PicksByExperiment } from "../../score/score.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { experimentFeatures, featureNames } from "../experiment/features.js";
import { type Experiment, truthAuthor } from "../experiment/schema.js";
import { checkOneGrid, readMasks } from "../fit/featureMasks.js";
import { type ExperimentNetwork, patchSpecOf } from "../fit/networks.js";

/** Counts of each run's masks, by feature; features of which nothing is known in a run are left out. */
export type CountedMasks = ReadonlyMap<string, ReadonlyMap<string, Mask>>;

/** What a run's data show before their voxels are read. */
interface Checked {
  /** Of every tomogram that the run takes. */
  readonly readers: readonly TomogramReader[];
  /** Picks of all runs. */
  readonly picks: PicksByExperiment;
  /** Masks of all runs without their voxels. */
  readonly masks: CountedMasks;
}

/** An experiment together with its data set. */
interface Meeting {
  readonly experiment: Experiment;
  readonly dataset: Dataset;
  readonly splits: Splits;
  readonly networks: readonly ExperimentNetwork[];
  readonly external: ExternalNetwork | null;
  /** Hears what is odd. */
  readonly reporter: Reporter;
}

/**
 * Checks, before the first step, everything but the voxels that would stop a run later: patches that no network or volume
 * takes, tiles no larger than their overlap, volumes of another spacing, picks and masks that cannot be read or do not fit.
 *
 * @throws PickbenchError BadExperiment or BadDataset, for the first fault
 */
export async function checkRun(meeting: Meeting): Promise<Checked> {
  const { experiment, dataset, splits, networks, external, reporter } = meeting;
  for (const network of networks) await checkNetwork(experiment, network);
  const demands = await Promise.all((external ? [external] : networks).map(demandOf));
  const features = featureNames(experiment);
  const types = (external ? [external] : networks)
    .flatMap((network) => network.channels)
    .flatMap((name) => (name === null || features.includes(name) ? [] : [name]));
  await checkFeatures(dataset, experimentFeatures(experiment));
  const masks = new Map<string, ReadonlyMap<string, ReadMask>>();
  const readMasksOf = async (reader: TomogramReader) => {
    const { run } = reader.ref;
    const read = await readMasks(dataset, experiment, reader);
    masks.set(run, new Map([...read].map(([name, mask]) => [name, { ...mask, voxels: noVoxels }])));
    return masks.get(run)!;
  };
  const picks = new Map<string, readonly ParticlePick[]>();
  const readPicksOf = async (run: string) => {
    const read = picks.get(run) ?? (await readRunPicks(dataset, run, truthAuthor(experiment)));
    picks.set(run, read);
    return read;
  };
  const open = (run: string, tomogram: string) => openOf(dataset, experiment, run, tomogram);
  const sources: PatchSource[] = [];
  const readers: TomogramReader[] = [];
  for (const run of splits.train) {
    const opened: TomogramReader[] = [];
    for (const tomogram of experiment.data.trainOn ?? [experiment.data.tomogram])
      opened.push(await open(run, tomogram));
    readers.push(...opened);
    checkOneGridOf(experiment, run, opened);
    const ofRun = await readMasksOf(opened[0]!);
    for (const name of features)
      if (!ofRun.has(name)) reporter.note(`${run} has no mask of ${name}: nothing of it is known there`);
    const volumes = opened.map(withoutVoxels);
    sources.push({ run, volumes, picks: await readPicksOf(run), masks: ofRun });
  }
  checkLearned(networks, sources);
  for (const network of networks) checkPatches(patchSpecOf(experiment, network, experiment.seed), sources);
  for (const run of [...splits.tune, ...splits.holdout]) {
    const reader = await open(run, experiment.data.tomogram);
    readers.push(reader);
    tileGrid(reader.shape, tileSettings(experiment.predict, demands));
    const ofRun = masks.get(run) ?? (await readMasksOf(reader));
    const truth = await readPicksOf(run);
    if (types.length > 0) checkTruth(dataset, run, truth, types);
    else checkMasks(dataset, run, features, ofRun);
  }
  checkSpacings(readers);
  for (const { ref } of readers)
    for (const doubt of spacingDoubts(ref, ref.levels[0]!.spacing)) reporter.note(`warning: ${doubt}`);
  return { readers, picks, masks };
}

const noVoxels = new Uint8Array();

function checkOneGridOf(
  { features, augment }: Experiment,
  run: string,
  readers: readonly TomogramReader[],
): void {
  if (features) checkOneGrid(run, readers, "with features");
  else if (augment.mixReconstructions) checkOneGrid(run, readers, "to be mixed");
}

function checkMasks(
  dataset: Dataset,
  run: string,
  features: readonly string[],
  masks: ReadonlyMap<string, Mask>,
): void {
  if ([...masks.values()].some((mask) => knownCount(mask) > 0)) return;
  throw new PickbenchError(
    "BadDataset",
    `${dataset.root}: ${run} has no annotated voxel of ${features.join(", ")} to score against; tune on and hold out runs with masks`,
    { path: dataset.root },
  );
}

/**
 * Checks that the runs to train on hold every type and feature that is learned, whether one network learns all or each its
 * own.
 *
 * @throws PickbenchError BadDataset, naming the types without a pick, or the feature without a voxel
 */
export function checkLearned(
  networks: readonly ExperimentNetwork[],
  sources: readonly Pick<PatchSource, "run" | "picks" | "masks">[],
): void {
  const features = networks.flatMap((network) => network.features);
  for (const feature of features) checkFeatureLearned(feature, sources);
  const learned = [...new Set(networks.flatMap(({ channels }) => channels))]
    .filter((type) => type !== null)
    .filter((type) => !features.includes(type));
  const there = new Set(sources.flatMap(({ picks }) => picks.map(({ type }) => type)));
  const missing = learned.filter((type) => !there.has(type));
  if (missing.length === 0) return;
  const left = learned.filter((type) => there.has(type));
  const remedy =
    left.length > 0
      ? `learn the others with types: [${left.join(", ")}], or train on a run that has some`
      : "train on runs that have some; of particles that are not the challenge's, pickbench copick writes the configuration to give as --data";
  throw new PickbenchError(
    "BadDataset",
    `types: the runs to train on (${sources.map(({ run }) => run).join(", ")}) have no pick of ${missing.join(", ")}; ${remedy}`,
  );
}

function checkFeatureLearned(feature: string, sources: readonly Pick<PatchSource, "run" | "masks">[]): void {
  const masks = sources.flatMap(({ masks: ofRun }) => ofRun?.get(feature) ?? []);
  if (masks.some((mask) => yesCount(mask) > 0)) return;
  const runs = sources.map(({ run }) => run).join(", ");
  const labels = [...new Set(masks.flatMap((mask) => (mask as Partial<ReadMask>).labels ?? []))];
  const found =
    masks.length === 0
      ? "have no mask of it"
      : `have masks of it whose annotated voxels are all no (labels ${labels.toSorted((a, b) => a - b).join(", ")})`;
  throw new PickbenchError(
    "BadDataset",
    `features: the runs to train on (${runs}) ${found}, so ${feature} cannot be learned; train on runs that have some, or correct its label, user or masks`,
  );
}

const openOf = (
  dataset: Dataset,
  { data }: Experiment,
  run: string,
  tomogram: string,
): Promise<TomogramReader> =>
  openTomogram(
    { ...findTomogram(findRun(dataset, run), tomogram, data.voxelSpacing), nan: data.nan },
    data.level,
    dataset.access,
  );

const withoutVoxels = ({ shape, spacing }: TomogramReader) => ({ data: new Float32Array(), shape, spacing });

async function checkNetwork(
  { patch, loss, output, head }: Experiment,
  network: ExperimentNetwork,
): Promise<void> {
  const { multiple, architecture, outputs, critic } = await loadNetwork(network.network);
  const classes = network.radii?.length ?? outputs;
  if (critic && network.features.length > 0)
    throw new PickbenchError(
      "BadExperiment",
      `network: ${architecture} is trained against a critic, which judges all voxels of a map, known or not; wanted another network for features`,
    );
  if (critic && (output !== "sigmoid" || head.offsets))
    throw new PickbenchError(
      "BadExperiment",
      `network: ${architecture} is trained against a critic, which judges maps from 0 to 1; wanted output: sigmoid without head.offsets, got ${output}${head.offsets ? " with them" : ""}`,
    );
  if (patch.shape.some((size, axis) => size % multiple[axis]! !== 0))
    throw new PickbenchError(
      "BadExperiment",
      `patch.shape: got ${patch.shape.join("×")} voxels (z×y×x), wanted multiples of ${multiple.join("×")}, which ${architecture} halves evenly; round each to one`,
    );
  for (const spec of loss)
    if (spec.kind === "crossEntropy" && spec.classWeights && spec.classWeights.length !== classes)
      throw new PickbenchError(
        "BadExperiment",
        `loss.classWeights: got ${spec.classWeights.length} weights, wanted ${classes}, one for the background and one a type; correct the list`,
      );
}

function checkTruth(
  dataset: Dataset,
  run: string,
  picks: readonly ParticlePick[],
  channels: readonly (string | null)[],
): void {
  const wanted = channels.filter((channel) => channel !== null);
  if (picks.some(({ type }) => wanted.includes(type))) return;
  throw new PickbenchError(
    "BadDataset",
    `${dataset.root}: ${run} has no picks of ${wanted.join(", ")} to score against; tune on and hold out runs with picks`,
    { path: dataset.root },
  );
}

function checkSpacings(readers: readonly TomogramReader[]): void {
  const [first] = readers;
  for (const { ref, spacing } of readers)
    if (!isOneSpacing(spacing[0], first!.spacing[0]))
      throw new PickbenchError(
        "BadDataset",
        `${ref.run} ${ref.tomoType}: ${spacing[0].toFixed(2)} Å a voxel, ${first!.ref.run} has ${first!.spacing[0].toFixed(2)}; a run takes tomograms of one spacing`,
        { path: ref.path },
      );
}
