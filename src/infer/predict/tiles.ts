/** Tiles: their grid over a volume, reading with mirrored borders, blending weights, and tiles for calibration. */
import { leastCommonMultiple } from "../../domain/numbers.js";
import type { Shape3, Volume } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";

/** Tiles of one size along an axis: the first begins at 0, the last ends at the far face, or past it if padded. */
interface AxisTiles {
  /** Voxels of the volume. */
  readonly length: number;
  /** Voxels of a tile, a multiple of the network's. */
  readonly size: number;
  readonly starts: readonly number[];
}

/** The tiles along z, y, x; a volume's tiles are their products. */
export type TileGrid = readonly [z: AxisTiles, y: AxisTiles, x: AxisTiles];

/** Limits on the tiles of a grid. */
export interface TileSettings {
  /** Largest tile; smaller ones are used where the same count of them covers the volume. */
  readonly tile: Shape3;
  /** Least count of voxels that neighbouring tiles share. */
  readonly overlap: Overlap;
  /** Divisors of the tile sizes. */
  readonly multiple: Shape3;
  /** Whether tiles are square in y and x, as rotations by 90° need. */
  readonly square?: boolean;
}

/** Voxels that neighbouring tiles share, the same along every axis or along z, y and x. */
export type Overlap = number | readonly [z: number, y: number, x: number];

/**
 * Covers a volume with equal tiles, evenly spread.
 *
 * @throws PickbenchError BadExperiment where the overlap is not smaller than the tiles
 */
export function tileGrid(shape: Shape3, { tile, overlap, multiple, square = false }: TileSettings): TileGrid {
  const shared = typeof overlap === "number" ? ([overlap, overlap, overlap] as const) : overlap;
  const fitted = shape.map((length, axis) =>
    fittedSize(length, tile[axis]!, shared[axis]!, multiple[axis]!),
  ) as unknown as Shape3;
  const side = roundUp(Math.max(fitted[1], fitted[2]), leastCommonMultiple(multiple[1], multiple[2]));
  const [z, y, x]: Shape3 = square ? [fitted[0], side, side] : fitted;
  return [spread(shape[0], z, shared[0]), spread(shape[1], y, shared[1]), spread(shape[2], x, shared[2])];
}

export const tileShape = ([z, y, x]: TileGrid): Shape3 => [z.size, y.size, x.size];
export const tileCount = ([z, y, x]: TileGrid): number => z.starts.length * y.starts.length * x.starts.length;

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Returns the smallest size that needs no more tiles than the wanted one, so that fewer voxels are computed twice. */
function fittedSize(length: number, wanted: number, overlap: number, multiple: number): number {
  const largest = roundUp(Math.min(wanted, length), multiple);
  const count = countNeeded(length, largest, overlap);
  return Math.min(largest, roundUp((length + (count - 1) * overlap) / count, multiple));
}

function countNeeded(length: number, size: number, overlap: number): number {
  if (size >= length) return 1;
  if (overlap >= size)
    throw new PickbenchError(
      "BadExperiment",
      `predict.overlap is ${overlap} voxels, and the tiles have ${size}; give a smaller overlap or a larger predict.tile`,
    );
  return Math.ceil((length - overlap) / (size - overlap));
}

function spread(length: number, size: number, overlap: number): AxisTiles {
  const count = countNeeded(length, size, overlap);
  const starts = Array.from({ length: count }, (_, i) =>
    count === 1 ? 0 : Math.floor((i * (length - size)) / (count - 1)),
  );
  return { length, size, starts };
}

/**
 * Copies a tile out of a volume. Past the far faces the volume continues as its mirror image (the face's own voxels are
 * not repeated), and past the mirror image's end as the near face.
 */
export function readTile(volume: Volume, start: Shape3, shape: Shape3): Float32Array {
  const { data, shape: whole } = volume;
  const tile = new Float32Array(shape[0] * shape[1] * shape[2]);
  const inside = Math.min(shape[2], whole[2] - start[2]);
  let at = 0;
  for (let z = 0; z < shape[0]; z++) {
    const fromZ = mirrored(start[0] + z, whole[0]) * whole[1];
    for (let y = 0; y < shape[1]; y++) {
      const row = (fromZ + mirrored(start[1] + y, whole[1])) * whole[2];
      const from = row + start[2];
      for (let x = 0; x < inside; x++) tile[at + x] = data[from + x]!;
      for (let x = inside; x < shape[2]; x++) tile[at + x] = data[row + mirrored(start[2] + x, whole[2])]!;
      at += shape[2];
    }
  }
  return tile;
}

const mirrored = (index: number, length: number): number =>
  index < length ? index : Math.max(0, 2 * (length - 1) - index);

/**
 * Returns the blending weights of one axis's tiles, one array of the tile's length each: trapezoids that rise over the
 * voxels shared with a neighbour, since a network sees least at a tile's edge, and stay full at the volume's own faces. At
 * every voxel the weights sum to 1, so their products over z, y and x do too, and no sum of weights is kept. Voxels past
 * the far face have weight 0.
 */
export function blendWeights({ length, size, starts }: AxisTiles): Float64Array[] {
  const windows = starts.map((start, i) => {
    const before = i === 0 ? 0 : starts[i - 1]! + size - start;
    const after = i === starts.length - 1 ? 0 : start + size - starts[i + 1]!;
    return Float64Array.from({ length: size }, (_, at) =>
      start + at >= length
        ? 0
        : Math.min(1, (at + 1) / (before + 1), after === 0 ? 1 : (size - at) / (after + 1)),
    );
  });
  const sums = new Float64Array(length);
  for (const [i, window] of windows.entries())
    for (const [at, weight] of window.entries()) if (weight > 0) sums[starts[i]! + at]! += weight;
  for (const [i, window] of windows.entries())
    for (const [at, weight] of window.entries()) if (weight > 0) window[at] = weight / sums[starts[i]! + at]!;
  return windows;
}

/** Least voxels along an edge of a calibration tile. */
const edge = 64;
/**
 * Places of calibration tiles along each axis, as shares of the way from face to face: eight tiles in all, fewer where the
 * volume has no room for two along an axis.
 */
const places = [0.2, 0.8];

/** Places that are tried where some voxels are blank. */
const placesAroundBlank = [0, 0.2, 0.4, 0.6, 0.8, 1];

/**
 * Returns tiles spread over a volume, always the same, on which a network is measured; where some voxels are blank, the
 * eight tiles with the fewest of them.
 */
export function calibrationTiles(
  volume: Volume,
  multiple: Shape3,
): { readonly patch: Shape3; readonly tiles: Iterable<Float32Array> } {
  const sizeOf = (axis: 0 | 1 | 2): number => Math.ceil(edge / multiple[axis]) * multiple[axis];
  const patch: Shape3 = [sizeOf(0), sizeOf(1), sizeOf(2)];
  const startsOf = (axis: 0 | 1 | 2): number[] => {
    const room = Math.max(0, volume.shape[axis] - patch[axis]);
    const along = (shares: readonly number[]) => shares.map((place) => Math.round(room * place));
    return [...new Set(along(volume.blank ? placesAroundBlank : places))];
  };
  const starts = startsOf(0).flatMap((z) =>
    startsOf(1).flatMap((y) => startsOf(2).map((x): Shape3 => [z, y, x])),
  );
  return { patch, tiles: tilesAt(volume, volume.blank ? fullest(volume, starts, patch) : starts, patch) };
}

/** Returns the eight starts whose tiles hold the fewest blank voxels. */
function fullest({ blank, shape }: Volume, starts: readonly Shape3[], patch: Shape3): readonly Shape3[] {
  const counted = starts.map((start) => {
    let count = 0;
    for (let z = start[0]; z < Math.min(shape[0], start[0] + patch[0]); z++)
      for (let y = start[1]; y < Math.min(shape[1], start[1] + patch[1]); y++) {
        const row = (z * shape[1] + y) * shape[2];
        const end = row + Math.min(shape[2], start[2] + patch[2]);
        for (let at = row + start[2]; at < end; at++) count += blank![at]!;
      }
    return { start, count };
  });
  const fewestFirst = counted.sort((a, b) => a.count - b.count);
  return fewestFirst.slice(0, places.length ** 3).map(({ start }) => start);
}

function* tilesAt(volume: Volume, starts: readonly Shape3[], patch: Shape3): Generator<Float32Array> {
  for (const start of starts) yield readTile(volume, start, patch);
}
