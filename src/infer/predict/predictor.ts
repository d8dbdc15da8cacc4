/** Prediction: networks are run over tomograms tile by tile, in threads of their own, and blended into probabilities. */
import { type Normalisation, ofTomogram } from "../../data/normalisation.js";
import type { Shape3, Volume } from "../../domain/volume.js";
import type { Activation } from "../../engines/activation.js";
import type { EngineName, Precision } from "../../engines/engine.js";
import type { ExternalSpec } from "../../engines/externalSpec.js";
import { shared } from "../../formats/sharedFloats.js";
import type { NetworkSpec } from "../../nets/library/catalogue.js";
import { PickbenchError } from "../../system/errors.js";
import { borrowThread, builtModule, type Thread } from "../../system/threads/threads.js";
import { type Averaging, checkProbabilities } from "./averaging.js";
import { cropped, dataBox, SlabFrame } from "./dataBox.js";
import { inPlane } from "./inPlane.js";
import type { PredictedSlab } from "./slabPrediction.js";
import { type SmallerTiles, smallerTilesText } from "./smallerTiles.js";
import type { Statistics } from "./statistics.js";
import type { Overlap } from "./tiles.js";
import type { BallRadii } from "./votes.js";

export type { PredictedSlab } from "./slabPrediction.js";

/** A network trained by pickbench. */
export interface PredictNetwork {
  readonly network: NetworkSpec;
  readonly activation: Activation;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Particle type that each output predicts; null for outputs that are dropped (background, ignored types). */
  readonly channels: readonly (string | null)[];
  /** Radii of the balls that vote for centres, by class; null where the last outputs are no offsets. */
  readonly radii: BallRadii | null;
  /** Weight against other networks, by default 1. */
  readonly share?: number;
}

/** A network trained elsewhere: an ONNX file's bytes and their specification. */
export interface ExternalNetwork {
  readonly external: ExternalSpec;
  readonly model: Uint8Array;
  readonly activation: Activation;
  readonly channels: readonly (string | null)[];
  readonly share?: number;
}

/** Any network that can predict tomograms. */
export type AnyNetwork = PredictNetwork | ExternalNetwork;

/** Returns the normalisation that a network wants of a whole tomogram. */
export const normalisationOf = (network: AnyNetwork): Normalisation =>
  "external" in network ? ofTomogram(network.external.normalisation) : "standard";

/** Returns a network's name for messages and its count of output maps. */
export const describeNetwork = (network: AnyNetwork): { name: string; outputs: number } =>
  "external" in network
    ? { name: network.external.file, outputs: network.external.outputs }
    : { name: network.network.architecture, outputs: network.network.outputs };

/** Settings of a prediction: tiles, test-time augmentation and engine. */
export interface PredictSettings {
  /** Largest tile in voxels along z, y, x. */
  readonly tile: Shape3;
  /** Least count of voxels that neighbouring tiles share. */
  readonly overlap: Overlap;
  /** Whether to average with the volume turned by 180° about z. */
  readonly halfTurn?: boolean;
  /** Whether to average over mirror images in x and y. */
  readonly flips: boolean;
  /** Whether to average over rotations by 90° about z. */
  readonly rotations: boolean;
  readonly engine: EngineName;
  /** Threads of the engine. */
  readonly threads: number;
  /** Number format, by default float32. */
  readonly precision?: Precision | undefined;
  /** By default those of each tile; in 8 bits always those of the tomogram. */
  readonly statistics?: Statistics | undefined;
  /** Averaging over networks, by default of probabilities. */
  readonly averaging?: Averaging | undefined;
}

/** Networks loaded to predict one tomogram after another. */
export interface Predictor {
  /** Types of all networks' channels, sorted. */
  readonly types: readonly string[];
  /** Normalisations that the networks want of a tomogram, each once. */
  readonly normalisations: readonly Normalisation[];
  /** Å per voxel along y and x that tomograms of any other are resampled to; null where they are taken as they are. */
  readonly planeSpacing: number | null;
  /**
   * Predicts a tomogram, averaging the networks' outputs of each type by their shares. Slabs come in z order, each once,
   * together the whole volume; only the next slab is computed while `onSlab` works. Blank margins are cut off before the
   * tiles are laid, and blank voxels are predicted as 0.
   *
   * @param views the tomogram, once for each of `normalisations`
   * @throws PickbenchError NotFinite where a network outputs NaN or infinity, BadExperiment where the tiles are no larger
   * than their overlap
   */
  predict(
    views: Volume | readonly Volume[],
    onSlab: (slab: PredictedSlab) => void | Promise<void>,
    onProgress?: (done: number, total: number) => void,
  ): Promise<void>;
  close(): Promise<void>;
}

/**
 * Loads networks into a thread of their own, which predicts one tomogram at a time. Where the engine's memory does not suffice
 * for its tiles, it goes on with smaller ones, for all tomograms that follow.
 *
 * @param onSmaller hears a sentence on every such change
 * @throws PickbenchError Unsupported where an engine, a precision, statistics or an averaging do not fit a network
 */
export async function openPredictor(
  networks: readonly AnyNetwork[],
  settings: PredictSettings,
  onSmaller: (line: string) => void = () => undefined,
): Promise<Predictor> {
  for (const network of networks) {
    const { name, outputs } = describeNetwork(network);
    if (network.channels.length !== outputs)
      throw new RangeError(`${network.channels.length} channels named of ${name}, which has ${outputs}`);
  }
  if (settings.averaging === "logits")
    checkProbabilities(
      networks,
      (at) => describeNetwork(networks[at]!).name,
      "average probabilities instead",
    );
  const types = [...new Set(networks.flatMap(({ channels }) => channels))]
    .filter((type) => type !== null)
    .sort();
  const normalisations = distinctNormalisations(networks);
  const planeSpacing = planeSpacingOf(networks);
  let hear: ((done: number, total: number) => void) | undefined;
  const thread = borrowThread(
    builtModule(import.meta.url, "./predictWorker.js"),
    (event: { readonly done: number; readonly total: number } | { readonly smaller: SmallerTiles }) =>
      "smaller" in event
        ? onSmaller(smallerTilesText(event.smaller, settings.engine))
        : hear?.(event.done, event.total),
  );
  try {
    await thread.call("open", { networks, settings, types });
  } catch (error) {
    await thread.close();
    throw error;
  }
  const predictor: Predictor = {
    types,
    normalisations,
    planeSpacing,
    async predict(views, onSlab, onProgress) {
      hear = onProgress;
      const volumes = [views].flat();
      if (volumes.length !== normalisations.length)
        throw new RangeError(`${volumes.length} views of a tomogram; wanted ${normalisations.length}`);
      const box = dataBox(volumes[0]!);
      await thread.call(
        "begin",
        volumes.map((volume) => cropped({ ...volume, data: shared(volume.data) }, box)),
      );
      const frame = new SlabFrame(types, volumes[0]!.shape, box);
      for (const slab of frame.before()) await onSlab(slab);
      await passOn(thread, (slab) => onSlab(frame.placed(slab)));
      for (const slab of frame.after()) await onSlab(slab);
    },
    close: () => thread.close(),
  };
  if (planeSpacing === null) return predictor;
  const predict = inPlane(predictor, planeSpacing);
  return { ...predictor, predict: (views, ...hearers) => predict([views].flat(), ...hearers) };
}

/** Lists the normalisations that networks want, each once, in the networks' order. */
export function distinctNormalisations(networks: readonly AnyNetwork[]): Normalisation[] {
  const byText = new Map(networks.map(normalisationOf).map((each) => [JSON.stringify(each), each]));
  return [...byText.values()];
}

/**
 * Returns the spacing along y and x that all networks are to be given, in Å; null where they take a tomogram as it is.
 *
 * @throws PickbenchError Unsupported where they want different ones
 */
function planeSpacingOf(networks: readonly AnyNetwork[]): number | null {
  const wanted = networks.map((network) =>
    "external" in network ? (network.external.planeSpacing ?? null) : null,
  );
  const [first = null] = wanted;
  if (wanted.every((each) => each === first)) return first;
  throw new PickbenchError(
    "Unsupported",
    `the checkpoints want planes of ${wanted.map((each) => (each === null ? "the tomogram's own spacing" : `${each} Å`)).join(" and ")}; predict with each by itself`,
  );
}

/** Passes slab after slab to `onSlab`, with one slab computed ahead. */
async function passOn(thread: Thread, onSlab: (slab: PredictedSlab) => void | Promise<void>): Promise<void> {
  let pending = thread.call<PredictedSlab | null>("next", null);
  for (;;) {
    const slab = await pending;
    if (slab === null) return;
    pending = thread.call<PredictedSlab | null>("next", null);
    // A failure of the slab ahead is thrown by the next `await`; until then it must not count as unhandled.
    pending.catch(() => undefined);
    await onSlab(slab);
  }
}
