import type { Normalisation } from "../data/normalisation.js";
import type { Engine, EngineName, LoadedNetwork } from "../engines/engine.js";
import { loadEngine } from "../engines/load.js";
import type { Network } from "../nets/architecture.js";
import { loadNetwork } from "../nets/catalogue.js";
import { Moved, serve, tell, unbroken } from "../threads.js";
import type { Shape3, Volume } from "../volume.js";
import {
  type AnyNetwork,
  distinctNormalisations,
  type ExternalNetwork,
  normalisationOf,
  type PredictNetwork,
  type PredictSettings,
} from "./predictor.js";
import { SlabPrediction, type TileNetwork } from "./slabPrediction.js";
import { symmetries } from "./testTime.js";
import { openSizes, type TileDemand, tileSettings } from "./tileDemands.js";
import { tileGrid } from "./tiles.js";
import { countVotes } from "./votes.js";

let settings: PredictSettings;
let types: readonly string[];
let networks: readonly LoadedTiles[];
/** What is done to the tomograms that are given, in their order. */
let normalisations: readonly string[];
let prediction: SlabPrediction | undefined;
/** Å per voxel of the volume that is predicted. */
let spacing = 0;

interface LoadedTiles extends TileNetwork {
  readonly demand: TileDemand;
  readonly normalisation: Normalisation;
}

/** A network of ours, loaded once a tile shape. */
class OwnTiles implements LoadedTiles {
  readonly outputs: number;
  readonly channels: readonly (string | null)[];
  readonly demand: TileDemand;
  readonly normalisation = "standard";
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
    this.demand = { name: network.architecture, multiple: network.multiple, fixed: openSizes };
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

const open = (engine: EngineName, network: AnyNetwork): Promise<LoadedTiles> =>
  "external" in network ? openExternalTiles(engine, network) : openOwnTiles(engine, network);

const openOwnTiles = async (engine: EngineName, given: PredictNetwork): Promise<LoadedTiles> =>
  new OwnTiles(await loadEngine(engine), await loadNetwork(given.network), given);

/** A network trained elsewhere takes tiles of every size it can in one session. */
async function openExternalTiles(engine: EngineName, given: ExternalNetwork): Promise<LoadedTiles> {
  const { model, external, activation, channels } = given;
  const { openExternal } = await import("../engines/onnx/external.js");
  const { run } = await openExternal(model, external, activation, { engine, threads: settings.threads });
  const { file: name, multiple, fixed, outputs } = external;
  return { demand: { name, multiple, fixed }, normalisation: normalisationOf(given), outputs, channels, run };
}

serve({
  async open(given: {
    readonly networks: readonly AnyNetwork[];
    readonly settings: PredictSettings;
    readonly types: readonly string[];
  }) {
    settings = given.settings;
    types = given.types;
    networks = await unbroken(() =>
      Promise.all(given.networks.map((network) => open(settings.engine, network))),
    );
    normalisations = distinctNormalisations(given.networks).map((each) => JSON.stringify(each));
  },
  begin(views: readonly Volume[]) {
    const { flips, rotations, halfTurn } = settings;
    const volume = views[0]!;
    const demands = networks.map(({ demand }) => demand);
    const seenBy = ({ normalisation }: LoadedTiles): Volume =>
      views[normalisations.indexOf(JSON.stringify(normalisation))]!;
    const begun: SlabPrediction = new SlabPrediction({
      volume,
      grid: tileGrid(volume.shape, tileSettings(settings, demands)),
      networks: networks.map((network) => {
        const { outputs, channels, run } = network;
        const unbrokenRun: TileNetwork["run"] = (tile, shape) => unbroken(() => run(tile, shape));
        return { outputs, channels, run: unbrokenRun, volume: seenBy(network) };
      }),
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
