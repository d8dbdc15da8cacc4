/** The least and greatest value in blocks of a volume, by which a ray skips what cannot show. */
import type { Vector } from "./vectors.js";

/** Voxels along a block's side. */
export const blockSide = 8;

/** A volume of values of 8 bits, z, y, x. */
export interface Block {
  readonly data: Uint8Array;
  /** Voxels along z, y, x. */
  readonly shape: Vector;
  /** Å along z, y, x. */
  readonly spacing: Vector;
}

/** Least and greatest value, in turn, of every block, z, y, x. */
export interface BlockBounds {
  readonly data: Uint8Array;
  /** Blocks along z, y, x. */
  readonly shape: Vector;
}

/**
 * Returns the bounds of blocks of 8 × 8 × 8 voxels. A block's neighbours by one voxel count as well, since values between
 * voxel centres are interpolated.
 */
export function blockBounds({ data, shape }: Block): BlockBounds {
  const [depth, height, width] = shape;
  const blocks = shape.map((size) => Math.ceil(size / blockSide)) as unknown as Vector;
  const bounds = new Uint8Array(2 * blocks[0] * blocks[1] * blocks[2]);
  const least = new Uint8Array(blocks[2]);
  const most = new Uint8Array(blocks[2]);
  for (let i = 0; i < bounds.length; i += 2) bounds[i] = 255;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      rowBounds(data, (z * height + y) * width, width, least, most);
      for (const bz of blocksOf(z, blocks[0])) for (const by of blocksOf(y, blocks[1])) widen(bz, by);
    }
  }
  return { data: bounds, shape: blocks };

  function widen(bz: number, by: number): void {
    const start = 2 * (bz * blocks[1] + by) * blocks[2];
    for (let bx = 0; bx < blocks[2]; bx++) {
      if (least[bx]! < bounds[start + 2 * bx]!) bounds[start + 2 * bx] = least[bx]!;
      if (most[bx]! > bounds[start + 2 * bx + 1]!) bounds[start + 2 * bx + 1] = most[bx]!;
    }
  }
}

/** Fills in the least and greatest value of a row's blocks with a voxel on either side. */
function rowBounds(data: Uint8Array, row: number, width: number, least: Uint8Array, most: Uint8Array): void {
  for (let bx = 0; bx < least.length; bx++) {
    let [low, high] = [255, 0];
    const end = row + Math.min(width, (bx + 1) * blockSide + 1);
    for (let at = row + Math.max(0, bx * blockSide - 1); at < end; at++) {
      const value = data[at]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    least[bx] = low;
    most[bx] = high;
  }
}

/** Returns the blocks that a voxel counts for: its own, and the one beside it where it is the outermost. */
function blocksOf(at: number, count: number): number[] {
  const own = Math.floor(at / blockSide);
  const inner = at - own * blockSide;
  if (inner === 0 && own > 0) return [own - 1, own];
  if (inner === blockSide - 1 && own < count - 1) return [own, own + 1];
  return [own];
}

/** Lines of sight that a window of contrast is taken from, about. */
const wantedLines = 40_000;

/**
 * Returns black and white, 0 to 1, for a projection of a volume: the 1st and 99.5th percentile of its greatest (or least)
 * values along z, since those of a projection lie at one end of the volume's own.
 */
export function projectionWindow({ data, shape }: Block, isDark: boolean): readonly [number, number] {
  const [depth, height, width] = shape;
  const step = Math.max(1, Math.round(Math.sqrt((height * width) / wantedLines)));
  const counts = new Uint32Array(256);
  let total = 0;
  for (let y = 0; y < height; y += step)
    for (let x = 0; x < width; x += step) {
      let best = isDark ? 255 : 0;
      for (let z = 0; z < depth; z++) {
        const value = data[(z * height + y) * width + x]!;
        if (isDark ? value < best : value > best) best = value;
      }
      counts[best]!++;
      total++;
    }
  const [low, high] = isDark ? [0.005, 0.99] : [0.01, 0.995];
  const black = percentile(counts, total * low);
  const white = percentile(counts, total * high);
  return white > black ? [black / 255, white / 255] : [0, 1];
}

/** Returns the value, 0 to 1, that a share of a volume's voxels do not exceed. */
export function valueShare({ data }: Block, share: number): number {
  const counts = new Uint32Array(256);
  const step = Math.max(1, Math.floor(data.length / 1e6));
  let total = 0;
  for (let at = 0; at < data.length; at += step, total++) counts[data[at]!]!++;
  return percentile(counts, total * share) / 255;
}

/** Returns the least value that more than `below` entries do not exceed. */
function percentile(counts: Uint32Array, below: number): number {
  let sum = 0;
  for (const [value, count] of counts.entries()) {
    sum += count;
    if (sum > below) return value;
  }
  return 255;
}
