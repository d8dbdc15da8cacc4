import type { Engine, LoadedNetwork } from "../engines/engine.js";
import { loadEngine } from "../engines/load.js";
import type { Network } from "../nets/architecture.js";
import { loadNetwork } from "../nets/catalogue.js";
import { Moved, serve, tell } from "../threads.js";
import type { Shape3, Volume } from "../volume.js";
import type { PredictNetwork, PredictSettings } from "./predictor.js";
import { SlabPrediction, type TileNetwork } from "./slabPrediction.js";
import { symmetries } from "./testTime.js";
import { tileGrid } from "./tiles.js";
import { countVotes } from "./votes.js";

let settings: PredictSettings;
let types: readonly string[];
let networks: readonly TilingNetwork[];
let prediction: SlabPrediction | undefined;
/** Å per voxel of the volume that is predicted. */
let spacing = 0;

/** A network, loaded once a tile shape. */
class TilingNetwork implements TileNetwork {
  readonly outputs: number;
  readonly channels: readonly (string | null)[];
  readonly multiple: Shape3;
  readonly #engine: Engine;
  readonly #network: Network;
  readonly #given: PredictNetwork;
  readonly #loaded = new Map<string, Promise<LoadedNetwork>>();

  constructor(engine: Engine, network: Network, given: PredictNetwork) {
    this.#engine = engine;
    this.#network = network;
    this.#given = given;
    this.outputs = given.radii?.length ?? network.outputs;
    this.channels = given.channels.slice(0, this.outputs);
    this.multiple = network.multiple;
  }

  static async open(engine: Engine, given: PredictNetwork): Promise<TilingNetwork> {
    return new TilingNetwork(engine, await loadNetwork(given.network), given);
  }

  readonly run = async (tile: Float32Array, shape: Shape3): Promise<Float32Array> => {
    const output = await (await this.#load(shape)).run(tile);
    const { radii, network } = this.#given;
    return radii ? countVotes(output, { radii, spacing, patch: shape, stride: network.stride ?? 1 }) : output;
  };

  #load(patch: Shape3): Promise<LoadedNetwork> {
    const key = patch.join();
    const { weights, activation } = this.#given;
    let loaded = this.#loaded.get(key);
    if (!loaded) {
      const { threads } = settings;
      const offsets = this.#network.outputs - this.outputs;
      loaded = this.#engine.load({ network: this.#network, weights, activation, offsets, patch, threads });
      this.#loaded.set(key, loaded);
    }
    return loaded;
  }
}

serve({
  async open(given: {
    readonly networks: readonly PredictNetwork[];
    readonly settings: PredictSettings;
    readonly types: readonly string[];
  }) {
    settings = given.settings;
    types = given.types;
    const engine = await loadEngine(settings.engine);
    networks = await Promise.all(given.networks.map((network) => TilingNetwork.open(engine, network)));
  },
  begin(volume: Volume) {
    const largest = (axis: 0 | 1 | 2) => Math.max(...networks.map(({ multiple }) => multiple[axis]));
    const { tile, overlap, flips, rotations, halfTurn } = settings;
    const multiple: Shape3 = [largest(0), largest(1), largest(2)];
    const begun: SlabPrediction = new SlabPrediction({
      volume,
      grid: tileGrid(volume.shape, { tile, overlap, multiple, square: rotations }),
      networks,
      types,
      symmetries: symmetries(flips, rotations, halfTurn),
      onTile: (done) => tell({ done, total: begun.tiles }),
    });
    prediction = begun;
    spacing = volume.spacing[0];
  },
  async next() {
    const slab = await prediction!.next();
    if (slab === null) prediction = undefined;
    return (
      slab &&
      new Moved(
        slab,
        [...slab.values.values()].map(({ buffer }) => buffer as ArrayBuffer),
      )
    );
  },
});
