/** Worker entry that runs networks on tiles one by one, since ONNX Runtime blocks the thread that calls it. */

import type { Shape3, Volume } from "../../domain/volume.js";
import type { Engine, EngineName, LoadedNetwork, LoadOptions, Measured } from "../../engines/engine.js";
import { loadEngine } from "../../engines/load.js";
import { providers } from "../../engines/onnx/graph/emitter.js";
import { isOutOfMemory } from "../../engines/outOfMemory.js";
import type { Network } from "../../nets/architecture.js";
import { withConstantNorms } from "../../nets/constantNorms.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { receptiveField } from "../../nets/receptiveField.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { serve, Transfer, uninterrupted } from "../../system/threads/threads.js";
import type { AnyNetwork, ExternalNetwork, PredictNetwork, PredictSettings } from "./predictor.js";
import { tomogramStatistics } from "./statistics.js";
import { openSizes, type TileDemand } from "./tileDemands.js";
import { calibrationTiles } from "./tiles.js";
import { countVotes } from "./votes.js";

/** Facts about an opened network that its caller needs. */
export interface OpenedNetwork {
  readonly demand: TileDemand;
  /** Type that each output predicts; null for outputs that are dropped. */
  readonly channels: readonly (string | null)[];
}

/** Networks to be opened, and settings of their prediction. */
export interface OpenNetworks {
  readonly networks: readonly AnyNetwork[];
  readonly settings: PredictSettings;
}

/** A tile (z, y, x) for the opened network with index `network`. */
export interface TileCall {
  readonly network: number;
  readonly tile: Float32Array;
  readonly shape: Shape3;
  /** Voxel spacing in Å. */
  readonly spacing: number;
  /** Threads that the engine runs it on; a network trained elsewhere takes those it was opened with. */
  readonly threads: number;
}

/** A tomogram that the opened network with index `network` is fitted to before it predicts it. */
export interface MeasureCall {
  readonly network: number;
  readonly volume: Volume;
}

/**
 * What fits a network to a tomogram: statistics of its values, by which it runs in 8 bits, or those of its normalisations;
 * null where nothing has to be fitted.
 */
export type Fit = { readonly measured: Measured } | { readonly statistics: Float64Array } | null;

/** What fits the opened network with index `network`. */
export interface FitCall {
  readonly network: number;
  readonly fit: Fit;
}

/** A tile that the opened network with index `network` may be run on. */
export interface EstimateCall {
  readonly network: number;
  readonly shape: Shape3;
}

interface Loaded extends OpenedNetwork {
  /** Returns the MiB that a tile takes at least; absent for networks trained elsewhere. */
  readonly estimate?: (shape: Shape3) => Promise<number>;
  /** Measures 8-bit levels or the statistics of normalisation on a tomogram; absent for networks trained elsewhere. */
  readonly measure?: (volume: Volume) => Promise<Fit>;
  /** Fits the network to what was measured. */
  readonly fit?: (fit: Fit) => Promise<void>;
  readonly run: (call: TileCall) => Promise<Float32Array>;
  readonly close: () => Promise<void>;
}

/** A network as it is loaded, once it is fitted to a tomogram. */
type Fitted = Pick<LoadOptions, "network" | "weights" | "measured">;

let networks: readonly Loaded[] = [];

/** Opens a network trained by pickbench; the engine loads it once a tile shape. */
async function openOwn(
  given: PredictNetwork,
  { engine: name, threads, precision }: PredictSettings,
): Promise<Loaded> {
  const engine: Engine = await loadEngine(name);
  const network: Network = await loadNetwork(given.network);
  const { radii, weights, activation } = given;
  const outputs = radii?.length ?? network.outputs;
  const offsets = network.outputs - outputs;
  const loaded = new Map<string, Promise<LoadedNetwork>>();
  let fitted: Fitted = { network, weights };
  const keyOf = ({ shape, threads }: TileCall): string => `${shape}:${threads}`;
  const load = (call: TileCall): Promise<LoadedNetwork> => {
    const options = { ...fitted, activation, offsets, patch: call.shape, threads: call.threads };
    const session = loaded.get(keyOf(call)) ?? engine.load(options);
    loaded.set(keyOf(call), session);
    return session;
  };
  /** What did not suffice is freed at once: smaller tiles follow. */
  const runHere = async (call: TileCall): Promise<Float32Array> => {
    try {
      return await (await load(call)).run(call.tile);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      const opened = await loaded.get(keyOf(call))?.catch(() => undefined);
      loaded.delete(keyOf(call));
      await opened?.close();
      throw new PickbenchError("OutOfMemory", messageOf(error), { cause: error });
    }
  };
  const close = async (): Promise<void> => {
    for (const session of loaded.values()) await (await session).close();
    loaded.clear();
  };
  return {
    channels: given.channels.slice(0, outputs),
    demand: {
      name: network.architecture,
      multiple: network.multiple,
      fixed: openSizes,
      sees: receptiveField(network),
    },
    close,
    estimate: async (shape) => {
      const { inferenceMiB } = await import("../../engines/onnx/memory.js");
      return inferenceMiB(network, activation, offsets, shape, providers[name] ?? "cuda");
    },
    async measure(volume) {
      await close();
      const own = { network, weights, threads, ...calibrationTiles(volume, network.multiple) };
      if (precision === "int8") return { measured: await engine.int8!.measure(own) };
      const statistics = await tomogramStatistics(engine, own);
      return statistics && { statistics };
    },
    async fit(fit) {
      await close();
      if (fit === null) fitted = { network, weights };
      else if ("measured" in fit) fitted = { network, weights, ...fit };
      else fitted = withConstantNorms(network, weights, fit.statistics);
    },
    async run(call) {
      const { shape, spacing } = call;
      const output = await runHere(call);
      const { stride = 1 } = given.network;
      return radii ? countVotes(output, { radii, spacing, patch: shape, stride }) : output;
    },
  };
}

/** Opens a network trained elsewhere, whose one session takes tiles of all its sizes. */
async function openExternalOne(
  { model, external, activation, channels }: ExternalNetwork,
  engine: EngineName,
  threads: number,
): Promise<Loaded> {
  const { openExternal } = await import("../../engines/onnx/external/external.js");
  const { run, close } = await openExternal(model, external, activation, { engine, threads });
  const { file: name, multiple, fixed } = external;
  return {
    demand: { name, multiple, fixed },
    channels,
    run: ({ tile, shape }) => run(tile, shape),
    close,
  };
}

const open = (network: AnyNetwork, settings: PredictSettings): Promise<Loaded> =>
  "external" in network
    ? openExternalOne(network, settings.engine, settings.threads)
    : openOwn(network, settings);

serve({
  async open(given: OpenNetworks): Promise<OpenedNetwork[]> {
    networks = await uninterrupted(() =>
      Promise.all(given.networks.map((network) => open(network, given.settings))),
    );
    return networks.map(({ demand, channels }) => ({ demand, channels }));
  },
  async release(): Promise<void> {
    const closed = networks;
    networks = [];
    await uninterrupted(() => Promise.all(closed.map(({ close }) => close())));
  },
  measure: ({ network, volume }: MeasureCall): Promise<Fit> =>
    uninterrupted(async () => (await networks[network]!.measure?.(volume)) ?? null),
  async fit({ network, fit }: FitCall): Promise<void> {
    await uninterrupted(async () => networks[network]!.fit?.(fit));
  },
  /** Returns the MiB that a network takes at least on a tile. */
  estimate: ({ network, shape }: EstimateCall): Promise<number> =>
    uninterrupted(async () => (await networks[network]!.estimate?.(shape)) ?? 0),
  /** Runs a network on a tile; answers with (z, channels, y, x). */
  async run(call: TileCall): Promise<Transfer> {
    const output = await uninterrupted(() => networks[call.network]!.run(call));
    const values = output.byteLength === output.buffer.byteLength ? output : output.slice();
    return new Transfer(values, [values.buffer as ArrayBuffer]);
  },
});
