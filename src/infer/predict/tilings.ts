/**
 * Settings of a prediction weighed against each other: what they take of time and memory, by counts and constants alone, so
 * that every machine weighs them alike.
 */
import { product } from "../../domain/numbers.js";
import { type Shape3, voxelCount } from "../../domain/volume.js";
import type { Precision } from "../../engines/engine.js";
import { networkCost } from "../../nets/cost.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { type Checked, openSizes, type TileDemand, tileSettings } from "./tileDemands.js";
import { type Overlap, type TileGrid, tileCount, tileGrid, tileShape } from "./tiles.js";

/** How a tomogram is cut into tiles, and the numbers that they are computed with. */
export interface Tiling {
  readonly tile: Shape3;
  readonly overlap: Overlap;
  readonly precision: Precision;
}

/** A tiling of a tomogram and what it takes. */
export interface WeighedTiling extends Tiling {
  /** Time, where 1 is to compute every voxel once in float32. */
  readonly work: number;
  /** Memory in bytes. */
  readonly bytes: number;
}

/** Tomograms and networks that tilings are weighed for. */
export interface TilingContext {
  /** Voxels of a tomogram. */
  readonly shape: Shape3;
  readonly demands: readonly TileDemand[];
  /** Whether tiles are turned by 90°. */
  readonly rotations: boolean;
  /** Volumes that are read of a tomogram, and maps that are made of it. */
  readonly views: number;
  readonly maps: number;
  /** Bytes of a network's values for a voxel of a tile, the greatest of all networks; null where that is not known. */
  readonly valueBytes: number | null;
}

/** Time of a voxel, where 1 is that in float32; measured for `baseline` (docs/benchmarks.md). */
const timeOf: Readonly<Record<Precision, number>> = { float32: 1, int8: 0.5 };
/** What the engine holds for a network's values, over the least that they take in float32; measured in the same way. */
const heldOf: Readonly<Record<Precision, number>> = { float32: 4, int8: 1 };

/** Memory in bytes that a tiling may take at the size of the challenge's tomograms, unless the one to be beaten takes more. */
export const memoryLimit = 2e9;
/** Memory of the program and its libraries. */
const programBytes = 3.6e8;
/** Planes that are allowed for beside a row's sums: those on their way, and what the garbage collector leaves. */
const planesHeld = 48;
const floatBytes = 4;
/** Share of the work for which no larger tile is taken. */
const hardlyMore = 0.05;

/** Returns the tiles that a network takes. */
export async function demandOf(given: Checked): Promise<TileDemand> {
  if ("external" in given) {
    const { file: name, multiple, fixed } = given.external;
    return { name, multiple, fixed };
  }
  const { architecture: name, multiple } = await loadNetwork(given.network);
  return { name, multiple, fixed: openSizes };
}

/** Returns the bytes of a network's values for each voxel of a tile; null for one that was trained elsewhere. */
export async function valueBytesOf(given: Checked): Promise<number | null> {
  if ("external" in given) return null;
  const network = await loadNetwork(given.network);
  const patch = network.multiple.map((step) => 4 * step) as [number, number, number];
  return (networkCost(network, patch).predictMiB * 2 ** 20) / product(patch);
}

const gridOf = ({ tile, overlap }: Tiling, { shape, demands, rotations }: TilingContext): TileGrid =>
  tileGrid(shape, tileSettings({ tile, overlap, rotations }, demands));

/** Weighs a tiling: the work by the voxels of all tiles, the memory by what is held at once. */
export function weigh(tiling: Tiling, context: TilingContext): WeighedTiling {
  const grid = gridOf(tiling, context);
  const { shape, views, maps, valueBytes } = context;
  const { precision } = tiling;
  const [depth] = tileShape(grid);
  const inTile = voxelCount(tileShape(grid));
  const planes = views * shape[0] + maps * (depth + planesHeld);
  const held = heldOf[precision] * (valueBytes ?? 0) * inTile;
  return {
    ...tiling,
    work: (tileCount(grid) * inTile * timeOf[precision]) / voxelCount(shape),
    bytes: programBytes + planes * shape[1] * shape[2] * floatBytes + held,
  };
}

/**
 * Lists tilings that take less work than one's own, the least first: its tiles and larger ones, its overlap and half of it,
 * in every precision that is offered. Of larger tiles in the memory that is allowed, those of the least work are listed, and
 * of those that take hardly more the smallest.
 */
export function cheaperTilings(
  own: Tiling,
  precisions: readonly Precision[],
  context: TilingContext,
): WeighedTiling[] {
  const reference = weigh(own, context);
  const most = Math.max(memoryLimit, reference.bytes);
  const isFaster = ({ work, bytes }: WeighedTiling): boolean => work < reference.work && bytes <= most;
  const counts = context.valueBytes === null ? [] : gridOf(own, context).map(({ starts }) => starts.length);
  const all = precisions.flatMap((precision) =>
    [own.overlap, halved(own.overlap)].flatMap((overlap) => {
      const kept = weigh({ ...own, overlap, precision }, context);
      return [kept, ...smallestOfBest(largerTiles(kept, counts, context).filter(isFaster))];
    }),
  );
  const faster = all.filter(isFaster);
  return [...new Map(faster.map((each) => [keyOf(each, context), each])).values()].toSorted(byWork);
}

/** Returns the smallest tile that takes little more work than the least; none of none. */
function smallestOfBest(tilings: readonly WeighedTiling[]): readonly WeighedTiling[] {
  const least = Math.min(...tilings.map(({ work }) => work));
  const best = tilings.filter(({ work }) => work <= least * (1 + hardlyMore));
  return best.toSorted((a, b) => voxelCount(a.tile) - voxelCount(b.tile) || byWork(a, b)).slice(0, 1);
}

const byWork = (a: WeighedTiling, b: WeighedTiling): number => a.work - b.work || a.bytes - b.bytes;

const keyOf = (tiling: WeighedTiling, context: TilingContext): string =>
  JSON.stringify([gridOf(tiling, context), tiling.precision]);

const halved = (overlap: Overlap): Overlap =>
  typeof overlap === "number"
    ? Math.floor(overlap / 2)
    : (overlap.map((each) => Math.floor(each / 2)) as [number, number, number]);

/**
 * Weighs all tilings, square along y and x, that cut a tomogram into at most so many tiles along z, y, x; none where no
 * counts are given.
 */
function largerTiles(
  { overlap, precision }: Tiling,
  most: readonly number[],
  context: TilingContext,
): WeighedTiling[] {
  const shared = typeof overlap === "number" ? [overlap, overlap, overlap] : overlap;
  const [depths = [], heights = [], widths = []] = most.map((count, axis) =>
    Array.from({ length: count }, (_, at) =>
      Math.ceil((context.shape[axis]! + at * shared[axis]!) / (at + 1)),
    ),
  );
  const sides = [...new Set([...heights, ...widths])];
  const tiles = depths.flatMap((depth) => sides.map((side): Shape3 => [depth, side, side]));
  return tiles.map((tile) => {
    const [depth, ...across] = tileShape(gridOf({ tile, overlap, precision }, context));
    const side = Math.max(...across);
    return weigh({ tile: [depth, side, side], overlap, precision }, context);
  });
}
