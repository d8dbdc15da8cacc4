/** Worker entry of predictor.ts: cuts tiles, has tileWorker.ts run the networks on them, and blends their outputs. */

import type { Shape3, Volume } from "../../domain/volume.js";
import type { Card } from "../../engines/cards.js";
import { cardOf } from "../../engines/memory.js";
import { free, serve, Transfer, tell } from "../../system/threads/threads.js";
import {
  type AnyNetwork,
  distinctNormalisations,
  normalisationOf,
  type PredictSettings,
} from "./predictor.js";
import type { TileNetwork } from "./slabPrediction.js";
import { fittedTiles, type ShrinkableTiles, ShrinkingPrediction, type SmallerTiles } from "./smallerTiles.js";
import { symmetries } from "./testTime.js";
import { checkPrecision, checkStatistics, tileSettings } from "./tileDemands.js";
import { TileRunners } from "./tileRunners.js";
import { tileCount, tileGrid, tileShape } from "./tiles.js";
import type { OpenedNetwork } from "./tileWorker.js";

const runners = new TileRunners();

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

/** Returns the network with index `place`, which runs in other threads while this one goes on. */
function tileNetwork(place: number, views: readonly Volume[]): TileNetwork {
  const { channels } = networks[place]!;
  const volume = viewOf(place, views);
  const spacing = volume.spacing[0];
  const run: TileNetwork["run"] = (tile, shape) => runners.run({ network: place, tile, shape, spacing });
  return { ...averaged[place]!, channels, volume, run, onAdded: free };
}

/** Returns the MiB that the largest of the networks takes at least on a tile: a card runs them one after another. */
const mostMiB = async (shape: Shape3): Promise<number> => Math.max(...(await runners.estimates(shape)));

/** Has the threads get ready for a tomogram's tiles; returns how many they run at a time. */
function prepared({ shape }: Volume, tiles: ShrinkableTiles, images: number): Promise<number> {
  const grid = tileGrid(shape, tiles);
  return runners.prepare(tileCount(grid) * networks.length * images, tileShape(grid));
}

serve({
  /** Closes the networks and lets go of the tomogram; a tile that still runs is finished first. */
  async release() {
    prediction = undefined;
    networks = [];
    await runners.release();
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
    networks = await runners.open({ networks: given.networks, settings });
  },
  async begin(views: readonly Volume[]) {
    const { flips, rotations, halfTurn } = settings;
    const volume = views[0]!;
    if (settings.precision === "int8" || settings.statistics === "tomogram")
      await runners.fit(networks.map((_, place) => viewOf(place, views)));
    const demands = networks.map(({ demand }) => demand);
    const onSmaller = (smaller: SmallerTiles): void => {
      settings = { ...settings, tile: smaller.to };
      tell({ smaller });
    };
    const asked = tileSettings(settings, demands);
    const tiles =
      card === null ? asked : await fittedTiles(volume.shape, asked, card.memoryMiB, mostMiB, onSmaller);
    const images = symmetries(flips, rotations, halfTurn);
    const atOnce = await prepared(volume, tiles, images.length);
    const begun: ShrinkingPrediction = new ShrinkingPrediction(
      {
        volume,
        networks: networks.map((_, place) => tileNetwork(place, views)),
        types,
        averaging: settings.averaging ?? "probabilities",
        symmetries: images,
        atOnce,
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
