/** Chooses how trained networks predict: tiles, overlap and precision, together with the thresholds that go with them. */
import { rounded } from "../../domain/numbers.js";
import { challengeShape, type Shape3, type Volume } from "../../domain/volume.js";
import { type Precision, precisions } from "../../engines/engine.js";
import { type AnyNetwork, distinctNormalisations } from "../../infer/predict/predictor.js";
import { checkPrecision } from "../../infer/predict/tileDemands.js";
import {
  cheaperTilings,
  demandOf,
  type Tiling,
  type TilingContext,
  valueBytesOf,
  type WeighedTiling,
  weigh,
} from "../../infer/predict/tilings.js";
import { decimals } from "../../present/text.js";
import { isPickbenchError } from "../../system/errors.js";
import type { Experiment } from "../experiment/schema.js";
import type { PreparedRun } from "../prepare/prepare.js";
import { type Tuned, type TuneTruth, tuneNetworks } from "./tuneNetworks.js";

/** Score on the tune runs that a faster prediction may cost. */
const tolerance = 0.002;

/** A way to predict that was tried on the tune runs. */
export interface TriedPrediction extends Tiling {
  /** Work by estimate, where 1 is to compute every voxel of a full tomogram once in float32. */
  readonly work: number;
  /** Tune score with thresholds that were tuned with it. */
  readonly score: number;
  /** Seconds that predicting and tuning the tune runs took; nothing is decided by them. */
  readonly seconds: number;
  readonly chosen: boolean;
}

/** What was chosen. */
export interface ChosenPrediction {
  /** The experiment, whose `predict` is what was chosen. */
  readonly experiment: Experiment;
  /** Settings that were tuned with it. */
  readonly tuned: Tuned;
  /** All that was tried, the experiment's own first; absent where the experiment chooses nothing. */
  readonly tried?: readonly TriedPrediction[];
}

type Context = Pick<PreparedRun, "experiment" | "dataset" | "engine" | "threads" | "reporter">;
type TuneTomogram = TuneTruth & { readonly volume: Volume };

/** A tiling, what was tuned with it, and the seconds that took. */
interface Attempt {
  readonly tiling: WeighedTiling;
  readonly predict: Experiment["predict"];
  readonly tuned: Tuned;
  readonly seconds: number;
}

/**
 * Tunes networks on the tune runs as the experiment predicts. Where it asks for the fastest prediction, tilings that take
 * less work in a full tomogram are tried too, the least work first, until one's score is within 0.002 of the own one's.
 */
export async function choosePrediction(
  context: Context,
  networks: readonly AnyNetwork[],
  tomograms: readonly TuneTomogram[],
): Promise<ChosenPrediction> {
  const { experiment, reporter } = context;
  const tune = (predict: Experiment["predict"]) => {
    const changed = { ...context, experiment: { ...experiment, predict } };
    return tuneNetworks(changed, networks, tomograms, ({ volume }) => volume, reporter);
  };
  if (experiment.predict.choose === undefined) return { experiment, tuned: await tune(experiment.predict) };
  const attempt = async (tiling: WeighedTiling, predict = predictWith(experiment, tiling)) => {
    const from = performance.now();
    const tuned = await tune(predict);
    return { tiling, predict, tuned, seconds: Math.round((performance.now() - from) / 10) / 100 };
  };
  const tilings = await contextOf(experiment, networks, tomograms);
  const reference = weigh(tilingOf(experiment), tilings);
  const own = await attempt(reference, experiment.predict);
  const cheaper = cheaperTilings(reference, await offered(context, networks), tilings);
  const { chosen, attempts } = await firstAsGood(own, cheaper, attempt);
  reporter.note(chosenText(own, chosen, attempts.length - 1));
  return {
    experiment: { ...experiment, predict: chosen.predict },
    tuned: chosen.tuned,
    tried: attempts.map((each) => triedOf(each, each === chosen)),
  };
}

/**
 * Tries tilings in turn, until the tune score of one is within 0.002 of the own one's.
 *
 * @returns that attempt, or the own one where there is none, and all attempts, the own one first
 */
export async function firstAsGood<Tried extends { readonly tuned: Pick<Tuned, "score"> }>(
  own: Tried,
  tilings: readonly WeighedTiling[],
  attempt: (tiling: WeighedTiling) => Promise<Tried>,
): Promise<{ readonly chosen: Tried; readonly attempts: readonly Tried[] }> {
  const attempts = [own];
  for (const tiling of tilings) {
    const tried = await attempt(tiling);
    attempts.push(tried);
    if (own.tuned.score - tried.tuned.score <= tolerance) return { chosen: tried, attempts };
  }
  return { chosen: own, attempts };
}

const tilingOf = ({ predict: { tile, overlap, precision = "float32" } }: Experiment): Tiling => ({
  tile,
  overlap,
  precision,
});

/** Returns how an experiment predicts with a tiling; float32 is named only where the experiment does. */
function predictWith({ predict }: Experiment, { tile, overlap, precision }: Tiling): Experiment["predict"] {
  const isNamed = precision !== "float32" || predict.precision !== undefined;
  return {
    ...predict,
    tile: [...tile],
    overlap: typeof overlap === "number" ? overlap : [...overlap],
    ...(isNamed && { precision }),
  };
}

/** Returns the precisions that may be taken: the experiment's where it names one, else all that engine and networks have. */
async function offered(
  { experiment: { predict }, engine }: Context,
  networks: readonly AnyNetwork[],
): Promise<readonly Precision[]> {
  if (predict.precision !== undefined) return [predict.precision];
  const able: Precision[] = [];
  for (const precision of precisions)
    try {
      await checkPrecision(precision, engine, networks);
      able.push(precision);
    } catch (error) {
      if (!isPickbenchError(error) || error.tag !== "Unsupported") throw error;
    }
  return able;
}

/** Returns what tilings are weighed for: a tomogram of the challenge's size, or a larger one of the tune runs. */
async function contextOf(
  { predict }: Experiment,
  networks: readonly AnyNetwork[],
  tomograms: readonly TuneTomogram[],
): Promise<TilingContext> {
  const shapes = tomograms.map(({ volume }) => volume.shape);
  const shape = challengeShape.map((size, axis) => Math.max(size, ...shapes.map((each) => each[axis]!)));
  const bytes = await Promise.all(networks.map(valueBytesOf));
  const channels = networks.flatMap((network) => network.channels.filter((channel) => channel !== null));
  return {
    shape: shape as unknown as Shape3,
    demands: await Promise.all(networks.map(demandOf)),
    rotations: predict.rotations,
    views: distinctNormalisations(networks).length,
    maps: new Set(channels).size,
    valueBytes: bytes.some((each) => each === null) ? null : Math.max(...bytes.map((each) => each!)),
  };
}

const triedOf = (
  { tiling: { tile, overlap, precision, work }, tuned, seconds }: Attempt,
  chosen: boolean,
): TriedPrediction => ({
  ...{ tile, overlap, precision, work: rounded(work, 3), score: tuned.score, seconds, chosen },
});

const chosenText = (own: Attempt, chosen: Attempt, faster: number): string =>
  chosen === own
    ? `predicts with ${attemptText(own)}; none of ${faster} faster ways to predict is within ${tolerance} of that`
    : `predicts with ${attemptText(chosen)}, ${decimals((100 * chosen.tiling.work) / own.tiling.work, 0)} % of the work of ${attemptText(own)}`;

const attemptText = ({ tiling: { tile, overlap, precision }, tuned }: Attempt): string =>
  `tiles of ${tile.join("×")} that share ${[overlap].flat().join(", ")} voxels, ${precision} (${decimals(tuned.score, 4)} on the tune runs)`;
