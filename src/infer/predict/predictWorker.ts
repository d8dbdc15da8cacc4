/** Worker entry of predictor.ts: cuts tiles, has tileWorker.ts run the networks on them, and blends their outputs. */

import type { Shape3, Volume } from "../../domain/volume.js";
import type { Card } from "../../engines/cards.js";
import { cardOf } from "../../engines/memory.js";
import {
  builtModule,
  free,
  serve,
  startThread,
  Transfer,
  tell,
  uninterrupted,
} from "../../system/threads/threads.js";
import {
  type AnyNetwork,
  distinctNormalisations,
  normalisationOf,
  type PredictSettings,
} from "./predictor.js";
import type { TileNetwork } from "./slabPrediction.js";
import { fittedTiles, ShrinkingPrediction, type SmallerTiles } from "./smallerTiles.js";
import { symmetries } from "./testTime.js";
import { checkPrecision, checkStatistics, tileSettings } from "./tileDemands.js";
import type { EstimateCall, MeasureCall, OpenedNetwork, TileCall } from "./tileWorker.js";

const runner = startThread(builtModule(import.meta.url, "./tileWorker.js"));

let settings: PredictSettings;
let types: readonly string[];
/** The card that the engine computes on, where it is known. */
let card: Card | null;
let networks: readonly OpenedNetwork[];
/** Activations and shares of the networks, in their order. */
let averaged: readonly Pick<AnyNetwork, "activation" | "share">[];
/** Normalisations of the views of a tomogram, in their order, as JSON. */
let normalisations: readonly string[];
/** Normalisation that each network wants, as JSON. */
let wanted: readonly string[];
let prediction: ShrinkingPrediction | undefined;

/** Returns the view of the tomogram that the network with index `place` wants. */
const viewOf = (place: number, views: readonly Volume[]): Volume =>
  views[normalisations.indexOf(wanted[place]!)]!;

/** Returns the network with index `place`, which runs in the other thread while this one goes on. */
function tileNetwork(place: number, views: readonly Volume[]): TileNetwork {
  const { channels } = networks[place]!;
  const volume = viewOf(place, views);
  const spacing = volume.spacing[0];
  const run: TileNetwork["run"] = (tile, shape) => {
    const call: TileCall = { network: place, tile, shape, spacing };
    return uninterrupted(() => runner.call<Float32Array>("run", call, [tile.buffer as ArrayBuffer]));
  };
  return { ...averaged[place]!, channels, volume, run, onAdded: free };
}

/** Has every network measure the tomogram that it is fitted to. */
async function measureAll(views: readonly Volume[]): Promise<void> {
  for (const network of networks.keys()) {
    const call: MeasureCall = { network, volume: viewOf(network, views) };
    await uninterrupted(() => runner.call("measure", call));
  }
}

/** Returns the MiB that the largest of the networks takes at least on a tile: they are run one after another. */
async function mostMiB(shape: Shape3): Promise<number> {
  const each = networks.map((_, network) => {
    const call: EstimateCall = { network, shape };
    return runner.call<number>("estimate", call);
  });
  return Math.max(...(await Promise.all(each)));
}

serve({
  /** Closes the networks and lets go of the tomogram; a tile that still runs is finished first. */
  async release() {
    prediction = undefined;
    networks = [];
    await runner.call("release", null);
  },
  async open(given: {
    readonly networks: readonly AnyNetwork[];
    readonly settings: PredictSettings;
    readonly types: readonly string[];
  }) {
    settings = given.settings;
    averaged = given.networks.map(({ activation, share }) => ({
      activation,
      ...(share !== undefined && { share }),
    }));
    types = given.types;
    card = await cardOf(settings.engine);
    wanted = given.networks.map((network) => JSON.stringify(normalisationOf(network)));
    await checkPrecision(settings.precision, settings.engine, given.networks);
    checkStatistics(settings.statistics, given.networks);
    normalisations = distinctNormalisations(given.networks).map((each) => JSON.stringify(each));
    networks = await uninterrupted(() =>
      runner.call<OpenedNetwork[]>("open", { networks: given.networks, settings }),
    );
  },
  async begin(views: readonly Volume[]) {
    const { flips, rotations, halfTurn } = settings;
    const volume = views[0]!;
    if (settings.precision === "int8" || settings.statistics === "tomogram") await measureAll(views);
    const demands = networks.map(({ demand }) => demand);
    const onSmaller = (smaller: SmallerTiles): void => {
      settings = { ...settings, tile: smaller.to };
      tell({ smaller });
    };
    const asked = tileSettings(settings, demands);
    const tiles =
      card === null ? asked : await fittedTiles(volume.shape, asked, card.memoryMiB, mostMiB, onSmaller);
    const begun: ShrinkingPrediction = new ShrinkingPrediction(
      {
        volume,
        networks: networks.map((_, place) => tileNetwork(place, views)),
        types,
        averaging: settings.averaging ?? "probabilities",
        symmetries: symmetries(flips, rotations, halfTurn),
        onTile: (done) => tell({ done, total: begun.tiles }),
      },
      tiles,
      onSmaller,
    );
    prediction = begun;
  },
  async next() {
    const slab = await prediction!.next();
    if (slab === null) prediction = undefined;
    return (
      slab &&
      new Transfer(
        slab,
        [...slab.values.values()].map(({ buffer }) => buffer as ArrayBuffer),
      )
    );
  },
});
