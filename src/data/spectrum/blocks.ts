/** Blocks of a volume at even places, windowed for Fourier transforms. */
import { fastLength } from "../../domain/fourier.js";
import { type Shape3, type Volume, voxelCount } from "../../domain/volume.js";

/** Longest edge of a block in voxels, and most blocks along z, y, x. */
const longestEdge = 64;
const mostAlong: Shape3 = [3, 4, 4];
/** Share of blank voxels above which a block is left out, where there is a better one. */
const mostBlank = 0.5;

type Voxels = Pick<Volume, "data" | "shape" | "blank">;

/** Returns the edges of a volume's blocks: at most 64 voxels, and products of 2, 3 and 5. */
const blockShape = (shape: Shape3): Shape3 => shape.map(fittingLength) as unknown as Shape3;

function fittingLength(size: number): number {
  let length = Math.min(size, longestEdge);
  while (fastLength(length) !== length) length--;
  return length;
}

/**
 * Returns the first voxels of a volume's blocks: evenly from face to face, at most 3 × 4 × 4 of them. Blocks that are
 * mostly blank are left out; where all are, the least blank one stays.
 */
export function blockPlaces(volume: Voxels): Shape3[] {
  const edges = blockShape(volume.shape);
  const [alongZ, alongY, alongX] = volume.shape.map((size, axis) =>
    evenPlaces(size, edges[axis]!, mostAlong[axis]!),
  ) as [number[], number[], number[]];
  const places = alongZ.flatMap((z) => alongY.flatMap((y) => alongX.map((x): Shape3 => [z, y, x])));
  if (!volume.blank) return places;
  const shares = places.map((place) => blankShareAt(volume, place, edges));
  const bound = Math.max(mostBlank, Math.min(...shares));
  return places.filter((_, at) => shares[at]! <= bound);
}

function evenPlaces(size: number, edge: number, most: number): number[] {
  const count = Math.min(most, Math.ceil(size / edge));
  if (count === 1) return [(size - edge) >> 1];
  return Array.from({ length: count }, (_, at) => Math.round((at * (size - edge)) / (count - 1)));
}

function blankShareAt({ blank, shape }: Voxels, [z, y, x]: Shape3, edges: Shape3): number {
  let count = 0;
  for (let dz = 0; dz < edges[0]; dz++)
    for (let dy = 0; dy < edges[1]; dy++) {
      const row = ((z + dz) * shape[1] + y + dy) * shape[2] + x;
      for (let dx = 0; dx < edges[2]; dx++) count += blank![row + dx]!;
    }
  return count / voxelCount(edges);
}

/** Returns the periodic Hann window of a length, which is 1 for a length of 1. */
function hann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, at) =>
    length === 1 ? 1 : 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / length),
  );
}

/** Cuts blocks of one shape out of a volume, each less its mean and under a Hann window. */
export class BlockCutter {
  readonly shape: Shape3;
  readonly #volume: Voxels;
  readonly #windows: readonly Float64Array[];
  readonly #read: (value: number) => number;

  /** @param read what stands for a voxel's value */
  constructor(volume: Voxels, read: (value: number) => number) {
    this.#volume = volume;
    this.#read = read;
    this.shape = blockShape(volume.shape);
    this.#windows = this.shape.map(hann);
  }

  /**
   * Writes a block into `into`, z slowest: (voxel − mean) × window, 0 where blank, the mean being weighted by the window.
   *
   * @returns the sum of the window's squares over the voxels that hold data
   */
  cut(place: Shape3, into: Float32Array): number {
    let [weights, sum, squares] = [0, 0, 0];
    this.#visit(place, (_, voxel, window) => {
      weights += window;
      sum += window * voxel;
      squares += window * window;
    });
    const mean = weights > 0 ? sum / weights : 0;
    into.fill(0);
    this.#visit(place, (at, voxel, window) => {
      into[at] = (voxel - mean) * window;
    });
    return squares;
  }

  #visit([z, y, x]: Shape3, visit: (at: number, voxel: number, window: number) => void): void {
    const { data, blank, shape } = this.#volume;
    const [wz, wy, wx] = this.#windows as [Float64Array, Float64Array, Float64Array];
    let at = 0;
    for (let dz = 0; dz < wz.length; dz++)
      for (let dy = 0; dy < wy.length; dy++) {
        const row = ((z + dz) * shape[1] + y + dy) * shape[2] + x;
        const outer = wz[dz]! * wy[dy]!;
        for (let dx = 0; dx < wx.length; dx++, at++)
          if (blank?.[row + dx] !== 1) visit(at, this.#read(data[row + dx]!), outer * wx[dx]!);
      }
  }
}
