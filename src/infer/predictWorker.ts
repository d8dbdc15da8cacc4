/** Predicts tomograms: cuts tiles, has a thread of its own run the networks on them, and adds up what they say. */
import { builtModule } from "../built.js";
import { Moved, serve, startThread, tell, unbroken } from "../threads.js";
import type { Volume } from "../volume.js";
import {
  type AnyNetwork,
  distinctNormalisations,
  normalisationOf,
  type PredictSettings,
} from "./predictor.js";
import { SlabPrediction, type TileNetwork } from "./slabPrediction.js";
import { symmetries } from "./testTime.js";
import { tileSettings } from "./tileDemands.js";
import { tileGrid } from "./tiles.js";
import type { OpenedNetwork, TileCall } from "./tileWorker.js";

const runner = startThread(builtModule(import.meta.url, "./tileWorker.js"));

let settings: PredictSettings;
let types: readonly string[];
let networks: readonly OpenedNetwork[];
/** What is done to the tomograms that are given, in their order. */
let normalisations: readonly string[];
/** Of the networks. */
let wanted: readonly string[];
let prediction: SlabPrediction | undefined;

/** The network in a place of those opened, which runs while this thread does something else. */
function tileNetwork(place: number, views: readonly Volume[]): TileNetwork {
  const { outputs, channels } = networks[place]!;
  const volume = views[normalisations.indexOf(wanted[place]!)]!;
  const spacing = volume.spacing[0];
  const run: TileNetwork["run"] = (tile, shape) => {
    const call: TileCall = { network: place, tile, shape, spacing };
    return unbroken(() => runner.call<Float32Array>("run", call, [tile.buffer as ArrayBuffer]));
  };
  return { outputs, channels, volume, run };
}

serve({
  async open(given: {
    readonly networks: readonly AnyNetwork[];
    readonly settings: PredictSettings;
    readonly types: readonly string[];
  }) {
    settings = given.settings;
    types = given.types;
    wanted = given.networks.map((network) => JSON.stringify(normalisationOf(network)));
    normalisations = distinctNormalisations(given.networks).map((each) => JSON.stringify(each));
    networks = await unbroken(() =>
      runner.call<OpenedNetwork[]>("open", { networks: given.networks, settings }),
    );
  },
  begin(views: readonly Volume[]) {
    const { flips, rotations, halfTurn } = settings;
    const volume = views[0]!;
    const demands = networks.map(({ demand }) => demand);
    const begun: SlabPrediction = new SlabPrediction({
      volume,
      grid: tileGrid(volume.shape, tileSettings(settings, demands)),
      networks: networks.map((_, place) => tileNetwork(place, views)),
      types,
      symmetries: symmetries(flips, rotations, halfTurn),
      onTile: (done) => tell({ done, total: begun.tiles }),
    });
    prediction = begun;
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
