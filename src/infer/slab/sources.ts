/** Where the sample's slab is fitted to: positions of particles, a mask of the sample, or a tomogram's contrast. */
import { meanOf, quantile } from "../../domain/numbers.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { fitSurface, type Slab, type SlabForm, type SurfacePoint, slabOf } from "./slab.js";

/** A volume that is read slab by slab. */
export interface SlabReader {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Hands whole z planes in order to `visit`. */
  eachSlab(visit: (zStart: number, values: Float32Array) => void): Promise<void>;
}

/** Shape of the surfaces, and Å by which they are moved outwards. */
export interface SlabSettings {
  readonly form: SlabForm;
  readonly margin: number;
}

/** Share of the picks' centres that lie beyond each surface. */
const beyondPicks = 0.02;

/**
 * Fits the slab in which the centres of picks lie: 2 % of them above and 2 % below it.
 *
 * @param places x y z in Å, flat
 */
export function slabOfPicks(places: Float64Array, what: string, { form, margin }: SlabSettings): Slab {
  const points: SurfacePoint[] = Array.from({ length: places.length / 3 }, (_, i) => ({
    x: places[3 * i]!,
    y: places[3 * i + 1]!,
    z: places[3 * i + 2]!,
    weight: 1,
  }));
  return slabOf(
    fitSurface(points, beyondPicks, form, what),
    fitSurface(points, 1 - beyondPicks, form, what),
    margin,
  );
}

/** Edge in voxels of the columns of voxels of which each gives a point of a surface. */
const column = 16;

/**
 * Fits the slab that a mask fills: its surfaces go through the middle of the lowest and of the highest voxels of its
 * columns.
 *
 * @param isSample tells whether a value of the map is sample
 */
export async function slabOfMask(
  reader: SlabReader,
  isSample: (value: number) => boolean,
  what: string,
  { form, margin }: SlabSettings,
): Promise<Slab> {
  const [, height, width] = reader.shape;
  const plane = height * width;
  const lowest = new Int32Array(plane).fill(-1);
  const highest = new Int32Array(plane).fill(-1);
  await reader.eachSlab((zStart, values) => {
    for (let i = 0; i < values.length; i++) {
      if (!isSample(values[i]!)) continue;
      const at = i % plane;
      const z = zStart + (i - at) / plane;
      if (lowest[at]! < 0) lowest[at] = z;
      highest[at] = z;
    }
  });
  const pointsOf = (found: Int32Array, side: 0 | 1): SurfacePoint[] =>
    columnsOf(reader.shape).flatMap(({ y, x, voxels }) => {
      const heights = voxels.map((at) => found[at]!).filter((z) => z >= 0);
      if (heights.length < voxels.length / 2) return [];
      const z = (medianOf(heights) + side) * reader.spacing[0];
      return [{ x: x * reader.spacing[2], y: y * reader.spacing[1], z, weight: 1 }];
    });
  return slabOf(
    fitSurface(pointsOf(lowest, 0), 0.5, form, what),
    fitSurface(pointsOf(highest, 1), 0.5, form, what),
    margin,
  );
}

/** A column of voxels: its centre in voxels from the corner, and its voxels' indices in a plane. */
interface VoxelColumn {
  readonly y: number;
  readonly x: number;
  readonly voxels: readonly number[];
}

function columnsOf([, height, width]: Shape3): VoxelColumn[] {
  const columns: VoxelColumn[] = [];
  for (let y0 = 0; y0 < height; y0 += column)
    for (let x0 = 0; x0 < width; x0 += column) {
      const [y1, x1] = [Math.min(height, y0 + column), Math.min(width, x0 + column)];
      const voxels: number[] = [];
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) voxels.push(y * width + x);
      columns.push({ y: (y0 + y1) / 2, x: (x0 + x1) / 2, voxels });
    }
  return columns;
}

const medianOf = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

/** Edge in voxels of the blocks whose contrast is measured. */
const block = 32;
/** Least ratio of the contrast in the sample to that beside it, in the middle of all blocks. */
const leastRatio = 1.05;

/**
 * Fits the slab in which a tomogram has contrast. The deviation of grey values is measured in blocks of 32×32 voxels of each
 * plane, smoothed over neighbours; along z, the stretch is found whose logarithm differs most from the rest (greatest
 * variance between the two, Otsu 1979).
 *
 * @throws PickbenchError BadDataset where there is less than 5 % more contrast in the stretch than beside it
 */
export async function slabOfContrast(
  reader: SlabReader,
  what: string,
  { form, margin }: SlabSettings,
): Promise<Slab> {
  const { profiles, rows, columns } = await contrastOf(reader);
  const [depth, height, width] = reader.shape;
  const edges = profiles.map((_, i) => {
    const near = blocksAround(i, rows, columns);
    return {
      near,
      ...stretchOf(
        smoothed(
          near.map((each) => profiles[each]!),
          depth,
        ),
      ),
    };
  });
  const ratio = Math.exp(medianOf(edges.map(({ difference }) => difference)));
  if (!(ratio >= leastRatio))
    throw new PickbenchError(
      "BadDataset",
      `${what}: the contrast tells no sample from what is above and below it (${ratio.toFixed(2)} times), wanted ${leastRatio} times; fit the slab to picks or a mask`,
    );
  const [, stepY, stepX] = reader.spacing;
  const pointsOf = (side: "first" | "end"): SurfacePoint[] =>
    edges.map(({ near, difference, ...edge }) => ({
      x: Math.min(width, (meanOf(near.map((each) => each % columns)) + 0.5) * block) * stepX,
      y: Math.min(height, (meanOf(near.map((each) => Math.floor(each / columns))) + 0.5) * block) * stepY,
      z: edge[side] * reader.spacing[0],
      weight: difference,
    }));
  return slabOf(
    fitSurface(pointsOf("first"), 0.5, form, what),
    fitSurface(pointsOf("end"), 0.5, form, what),
    margin,
  );
}

interface Contrast {
  /** Variance by plane, block after block. */
  readonly profiles: readonly Float64Array[];
  readonly rows: number;
  readonly columns: number;
}

async function contrastOf({ shape, eachSlab }: SlabReader): Promise<Contrast> {
  const [depth, height, width] = shape;
  const rows = Math.max(1, Math.floor(height / block));
  const columns = Math.max(1, Math.floor(width / block));
  const profiles = Array.from({ length: rows * columns }, () => new Float64Array(depth));
  await eachSlab((zStart, values) => {
    for (let z = 0; z * height * width < values.length; z++)
      for (const [i, profile] of profiles.entries()) {
        const y0 = Math.floor(i / columns) * block;
        const x0 = (i % columns) * block;
        let [count, sum, squares] = [0, 0, 0];
        for (let y = y0; y < Math.min(height, y0 + block); y++)
          for (let x = x0; x < Math.min(width, x0 + block); x++) {
            const value = values[(z * height + y) * width + x]!;
            count++;
            sum += value;
            squares += value * value;
          }
        const variance = Math.max(0, squares / count - (sum / count) ** 2);
        profile[zStart + z] = variance;
      }
  });
  return { profiles, rows, columns };
}

/** Planes on each side over which contrast is averaged. */
const planes = 2;

/** Returns the block and its neighbours, over which contrast is averaged. */
function blocksAround(i: number, rows: number, columns: number): number[] {
  const [row, column] = [Math.floor(i / columns), i % columns];
  return [-1, 0, 1].flatMap((dy) =>
    [-1, 0, 1].flatMap((dx) => {
      const [y, x] = [row + dy, column + dx];
      return y >= 0 && y < rows && x >= 0 && x < columns ? [y * columns + x] : [];
    }),
  );
}

/** Returns the logarithm of the deviation, averaged over blocks and neighbouring planes. */
const smoothed = (profiles: readonly Float64Array[], depth: number): Float64Array =>
  Float64Array.from({ length: depth }, (_, z) => {
    const [from, to] = [Math.max(0, z - planes), Math.min(depth, z + planes + 1)];
    const sums = profiles.map((profile) => meanOf(profile.subarray(from, to)));
    return Math.log(meanOf(sums) + 1e-30) / 2;
  });

/** Returns the stretch first ≤ z < end that differs most from the rest, and by how much its mean is higher. */
function stretchOf(profile: Float64Array): {
  readonly first: number;
  readonly end: number;
  readonly difference: number;
} {
  const count = profile.length;
  const sums = new Float64Array(count + 1);
  for (let z = 0; z < count; z++) sums[z + 1] = sums[z]! + profile[z]!;
  let best = { first: 0, end: count, difference: 0 };
  let most = 0;
  for (let first = 0; first < count; first++)
    for (let end = first + 1; end <= count; end++) {
      const inside = end - first;
      if (inside === count) continue;
      const sum = sums[end]! - sums[first]!;
      const difference = sum / inside - (sums[count]! - sum) / (count - inside);
      const between = difference * difference * inside * (count - inside);
      if (difference <= 0 || between <= most) continue;
      most = between;
      best = { first, end, difference };
    }
  return best;
}
