/** Predictions that go on with smaller tiles where the memory of the engine does not suffice. */
import type { Shape3 } from "../../domain/volume.js";
import { isOutOfMemory } from "../../engines/outOfMemory.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { type PredictedSlab, SlabPrediction, type SlabPredictionOptions } from "./slabPrediction.js";
import { type TileSettings, tileGrid, tileShape } from "./tiles.js";

/** A change of tiles, for the user and for records. */
export interface SmallerTiles {
  readonly from: Shape3;
  readonly to: Shape3;
  /** First plane of the tomogram that is predicted by the new tiles. */
  readonly plane: number;
}

/** Tiles of a prediction, and how small they may become. */
export interface ShrinkableTiles extends TileSettings {
  /** Sizes below which no tile goes: what the networks see of a voxel's surroundings, or what they are made for. */
  readonly least: Shape3;
}

/** Says in a sentence what was changed and what it means. */
export const smallerTilesText = ({ from, to, plane }: SmallerTiles, engine: string): string =>
  `the memory of ${engine} does not suffice for tiles of ${from.join("×")} voxels: ${plane === 0 ? "it goes" : `from plane ${plane} on it goes`} on with ${to.join("×")}; thresholds were not tuned with these, and picks at tiles' borders may differ`;

/**
 * Returns a tile with its longest axis halved, or with y and x halved where they are to stay equal; null where every axis
 * would go below its least size or its overlap.
 */
export function smallerTile(
  tile: Shape3,
  { overlap, multiple, square, least }: ShrinkableTiles,
): Shape3 | null {
  const shared = typeof overlap === "number" ? [overlap, overlap, overlap] : overlap;
  const halves = tile.map((size, axis) => Math.ceil(size / 2 / multiple[axis]!) * multiple[axis]!);
  const fits = (axis: number): boolean =>
    halves[axis]! < tile[axis]! && halves[axis]! >= least[axis]! && halves[axis]! > shared[axis]!;
  const groups = square ? [[1, 2], [0]] : [[2], [1], [0]];
  const [chosen] = groups.filter((axes) => axes.every(fits)).toSorted((a, b) => tile[b[0]!]! - tile[a[0]!]!);
  if (chosen === undefined) return null;
  return tile.map((size, axis) => (chosen.includes(axis) ? halves[axis]! : size)) as unknown as Shape3;
}

/**
 * Makes tiles smaller until what they need, by an estimate, fits a memory that is known; as small as they may become where
 * nothing does.
 *
 * @param needed returns the least MiB that a tile takes
 */
export async function fittedTiles(
  shape: Shape3,
  tiles: ShrinkableTiles,
  limitMiB: number,
  needed: (tile: Shape3) => Promise<number>,
  onSmaller: (change: SmallerTiles) => void,
): Promise<ShrinkableTiles> {
  const from = tileShape(tileGrid(shape, tiles));
  if ((await needed(from)) <= limitMiB) return tiles;
  const to = smallerTile(from, tiles);
  if (to === null) return tiles;
  onSmaller({ from, to, plane: 0 });
  return fittedTiles(shape, { ...tiles, tile: to }, limitMiB, needed, onSmaller);
}

/** A prediction whose tiles are halved, and that goes on, as often as memory does not suffice. */
export class ShrinkingPrediction {
  readonly #options: Omit<SlabPredictionOptions, "grid" | "from">;
  readonly #onSmaller: (change: SmallerTiles) => void;
  #tiles: ShrinkableTiles;
  #prediction: SlabPrediction;

  /** @param onSmaller hears of every change before it goes on */
  constructor(
    options: Omit<SlabPredictionOptions, "grid" | "from">,
    tiles: ShrinkableTiles,
    onSmaller: (change: SmallerTiles) => void,
  ) {
    this.#options = options;
    this.#tiles = tiles;
    this.#onSmaller = onSmaller;
    this.#prediction = this.#begun(0);
  }

  /** Count of tiles to be run, those of planes that are done included. */
  get tiles(): number {
    return this.#prediction.tiles;
  }

  /** The largest tile that is cut by now. */
  get tile(): Shape3 {
    return this.#tiles.tile;
  }

  /**
   * Returns the next planes, or null after the last.
   *
   * @throws PickbenchError OutOfMemory where the tiles cannot be made smaller; NotFinite as `SlabPrediction`
   */
  async next(): Promise<PredictedSlab | null> {
    for (;;) {
      try {
        return await this.#prediction.next();
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        this.#shrink(error);
      }
    }
  }

  #begun(from: number): SlabPrediction {
    return new SlabPrediction({
      ...this.#options,
      grid: tileGrid(this.#options.volume.shape, this.#tiles),
      from,
    });
  }

  #shrink(thrown: unknown): void {
    const from = tileShape(tileGrid(this.#options.volume.shape, this.#tiles));
    const to = smallerTile(from, this.#tiles);
    if (to === null)
      throw new PickbenchError(
        "OutOfMemory",
        `memory does not suffice for tiles of ${from.join("×")} voxels, and smaller ones are below what the network sees at once, ${this.#tiles.least.join("×")} (${messageOf(thrown).split("\n")[0]}); take another engine, or name a smaller --tile`,
        { cause: thrown },
      );
    const plane = this.#prediction.plane;
    this.#tiles = { ...this.#tiles, tile: to };
    this.#onSmaller({ from, to, plane });
    this.#prediction = this.#begun(plane);
  }
}
