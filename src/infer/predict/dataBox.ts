/** Prediction of the box that holds a tomogram's data: blank margins are cut off before, and put back as zeros after. */
import { type Box, type Shape3, type Volume, voxelCount } from "../../domain/volume.js";
import { sharedBytes, sharedFloats } from "../../formats/sharedFloats.js";
import { extent } from "../../formats/zarr/chunkGrid.js";
import type { PredictedSlab } from "./slabPrediction.js";

/** Returns the smallest box around the voxels that hold data. */
export function dataBox({ shape, blank }: Pick<Volume, "shape" | "blank">): Box {
  const whole: Box = { start: [0, 0, 0], end: shape };
  if (!blank) return whole;
  const [, height, width] = shape;
  const low: [number, number, number] = [...shape];
  const high: [number, number, number] = [0, 0, 0];
  for (let row = 0; row * width < blank.length; row++) {
    const voxels = blank.subarray(row * width, (row + 1) * width);
    const first = voxels.indexOf(0);
    if (first < 0) continue;
    const z = Math.floor(row / height);
    const y = row % height;
    low[0] = Math.min(low[0], z);
    high[0] = z + 1;
    low[1] = Math.min(low[1], y);
    high[1] = Math.max(high[1], y + 1);
    low[2] = Math.min(low[2], first);
    high[2] = Math.max(high[2], voxels.lastIndexOf(0) + 1);
  }
  return high[0] === 0 ? whole : { start: low, end: high };
}

/** Returns the voxels of a box, in shared memory; the volume itself where the box is the whole of it. */
export function cropped(volume: Volume, box: Box): Volume {
  const shape = extent(box);
  if (voxelCount(shape) === volume.data.length) return volume;
  const data = sharedFloats(voxelCount(shape));
  copyBox(volume.data, volume.shape, box, data);
  if (!volume.blank) return { data, shape, spacing: volume.spacing };
  const blank = sharedBytes(data.length);
  copyBox(volume.blank, volume.shape, box, blank);
  return { data, shape, spacing: volume.spacing, blank };
}

function copyBox<Values extends Float32Array | Uint8Array>(
  from: Values,
  [, height, width]: Shape3,
  { start, end }: Box,
  to: Values,
): void {
  let at = 0;
  for (let z = start[0]; z < end[0]; z++)
    for (let y = start[1]; y < end[1]; y++) {
      const row = (z * height + y) * width;
      to.set(from.subarray(row + start[2], row + end[2]), at);
      at += end[2] - start[2];
    }
}

/** Puts slabs of a box into slabs of the whole volume, and adds the planes before and behind the box, all zero. */
export class SlabFrame {
  readonly #types: readonly string[];
  readonly #shape: Shape3;
  readonly #box: Box;

  constructor(types: readonly string[], shape: Shape3, box: Box) {
    this.#types = types;
    this.#shape = shape;
    this.#box = box;
  }

  /** Yields the slabs before the box. */
  before = (): Iterable<PredictedSlab> => this.#zeros(0, this.#box.start[0]);
  /** Yields the slabs behind the box. */
  after = (): Iterable<PredictedSlab> => this.#zeros(this.#box.end[0], this.#shape[0]);

  /** Returns a slab of the box as one of the volume. */
  placed({ zStart, shape: [planes, rows, columns], values }: PredictedSlab): PredictedSlab {
    const [, height, width] = this.#shape;
    const { start } = this.#box;
    if (rows === height && columns === width)
      return { zStart: zStart + start[0], shape: [planes, rows, columns], values };
    const placed = this.#slab(zStart + start[0], planes);
    for (const [type, from] of values) {
      const to = placed.values.get(type)!;
      for (let row = 0; row < planes * rows; row++) {
        const z = Math.floor(row / rows);
        const at = (z * height + start[1] + (row % rows)) * width + start[2];
        to.set(from.subarray(row * columns, (row + 1) * columns), at);
      }
    }
    return placed;
  }

  *#zeros(from: number, to: number): Iterable<PredictedSlab> {
    for (let z = from; z < to; z++) yield this.#slab(z, 1);
  }

  #slab(zStart: number, planes: number): PredictedSlab {
    const [, height, width] = this.#shape;
    const size = planes * height * width;
    return {
      zStart,
      shape: [planes, height, width],
      values: new Map(this.#types.map((type) => [type, new Float32Array(size)])),
    };
  }
}
