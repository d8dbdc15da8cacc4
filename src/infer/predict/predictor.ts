import { type Normalisation, ofTomogram } from "../../data/normalisation.js";
import type { Shape3, Volume } from "../../domain/volume.js";
import type { Activation } from "../../engines/activation.js";
import type { EngineName, Precision } from "../../engines/engine.js";
import type { ExternalSpec } from "../../engines/externalSpec.js";
import { shared } from "../../formats/sharedFloats.js";
import type { NetworkSpec } from "../../nets/library/catalogue.js";
import { builtModule, startThread, type Thread } from "../../system/threads.js";
import type { BallRadii } from "../pick/peaks.js";
import { type Averaging, checkProbabilities } from "./averaging.js";
import type { PredictedSlab } from "./slabPrediction.js";
import type { Overlap } from "./tiles.js";

export type { PredictedSlab } from "./slabPrediction.js";

/** A network of ours, trained here. */
export interface PredictNetwork {
  readonly network: NetworkSpec;
  readonly activation: Activation;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Per output: the particle type that it predicts; null drops it (background, ignored types). */
  readonly channels: readonly (string | null)[];
  /** Of the balls that vote for centres, by class; null where the last outputs are no offsets. */
  readonly radii: BallRadii | null;
  /** How much it counts against other networks; 1 if absent. */
  readonly share?: number;
}

/** A network trained elsewhere: an ONNX file's bytes and how they are run. */
export interface ExternalNetwork {
  readonly external: ExternalSpec;
  readonly model: Uint8Array;
  readonly activation: Activation;
  readonly channels: readonly (string | null)[];
  readonly share?: number;
}

/** What tomograms are predicted by. */
export type AnyNetwork = PredictNetwork | ExternalNetwork;

/** What a network wants done to a tomogram when it is read. */
export const normalisationOf = (network: AnyNetwork): Normalisation =>
  "external" in network ? ofTomogram(network.external.normalisation) : "standard";

/** What a network is called in messages, and how many maps it gives. */
export const describeNetwork = (network: AnyNetwork): { name: string; outputs: number } =>
  "external" in network
    ? { name: network.external.file, outputs: network.external.outputs }
    : { name: network.network.architecture, outputs: network.network.outputs };

export interface PredictSettings {
  /** The largest tile, in voxels. */
  readonly tile: Shape3;
  /** Voxels that neighbouring tiles share at least. */
  readonly overlap: Overlap;
  /** Averages with the volume turned by 180° about z. */
  readonly halfTurn?: boolean;
  /** Averages over mirror images in x and y. */
  readonly flips: boolean;
  /** Averages over rotations by 90° about z. */
  readonly rotations: boolean;
  readonly engine: EngineName;
  /** Of the engine. */
  readonly threads: number;
  /** Floats if absent. */
  readonly precision?: Precision | undefined;
  /** What is averaged over networks; probabilities if absent. */
  readonly averaging?: Averaging | undefined;
}

export interface Predictor {
  /** Sorted union of the networks' channels. */
  readonly types: readonly string[];
  /** What the networks want of a tomogram, each once. */
  readonly normalisations: readonly Normalisation[];
  /**
   * Predicts a tomogram, given once a normalisation; what several networks say of one type is averaged by their shares. Slabs come in z
   * order, each once, together the whole volume; the next one is computed while `onSlab` works, none after it.
   *
   * Throws NotFinite where a network gives NaN, BadExperiment where the tiles are no larger than their overlap.
   */
  predict(
    views: Volume | readonly Volume[],
    onSlab: (slab: PredictedSlab) => void | Promise<void>,
    onProgress?: (done: number, total: number) => void,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Loads networks into a thread of their own. One volume is predicted at a time. */
export async function openPredictor(
  networks: readonly AnyNetwork[],
  settings: PredictSettings,
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
  let hear: ((done: number, total: number) => void) | undefined;
  const thread = startThread(
    builtModule(import.meta.url, "./predictWorker.js"),
    ({ done, total }: { readonly done: number; readonly total: number }) => hear?.(done, total),
  );
  try {
    await thread.call("open", { networks, settings, types });
  } catch (error) {
    await thread.close();
    throw error;
  }
  return {
    types,
    normalisations,
    async predict(views, onSlab, onProgress) {
      hear = onProgress;
      const volumes = [views].flat();
      if (volumes.length !== normalisations.length)
        throw new RangeError(`${volumes.length} views of a tomogram; wanted ${normalisations.length}`);
      await thread.call(
        "begin",
        volumes.map((volume) => ({ ...volume, data: shared(volume.data) })),
      );
      await passOn(thread, onSlab);
    },
    close: () => thread.close(),
  };
}

/** What networks want of a tomogram, each once, in the networks' order. */
export function distinctNormalisations(networks: readonly AnyNetwork[]): Normalisation[] {
  const byText = new Map(networks.map(normalisationOf).map((each) => [JSON.stringify(each), each]));
  return [...byText.values()];
}

/** Hands on slab after slab, one computed ahead. */
async function passOn(thread: Thread, onSlab: (slab: PredictedSlab) => void | Promise<void>): Promise<void> {
  let coming = thread.call<PredictedSlab | null>("next", null);
  for (;;) {
    const slab = await coming;
    if (slab === null) return;
    coming = thread.call<PredictedSlab | null>("next", null);
    // A failure of the slab ahead is thrown when its turn comes; until then it is not unhandled.
    coming.catch(() => undefined);
    await onSlab(slab);
  }
}
