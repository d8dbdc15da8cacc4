import type { Activation } from "../activation.js";
import type { ExternalSpec } from "../externalSpec.js";

/** Where a model's output goes: planes of a tile's (z, outputs, y, x). */
export interface Place {
  readonly to: Float32Array;
  readonly firstPlane: number;
  readonly planes: number;
  /** Voxels of a plane. */
  readonly voxels: number;
  readonly outputs: number;
}

/** Copies a model's output, (channel, planes, voxels) or (planes, voxels, channel), into its planes of a tile. */
export function placeMaps(
  maps: Float32Array,
  layout: ExternalSpec["layout"],
  { to, firstPlane, planes, voxels, outputs }: Place,
): void {
  const [channelStep, planeStep, voxelStep] =
    layout === "channelsFirst" ? [planes * voxels, voxels, 1] : [1, voxels * outputs, outputs];
  for (let plane = 0; plane < planes; plane++)
    for (let channel = 0; channel < outputs; channel++) {
      const from = channel * channelStep + plane * planeStep;
      const start = ((firstPlane + plane) * outputs + channel) * voxels;
      for (let i = 0; i < voxels; i++) to[start + i] = maps[from + i * voxelStep]!;
    }
}

/**
 * A slice with its neighbours as channels of one image: (slices, y, x) or (y, x, slices). Beyond the tile the slice at
 * its face goes on.
 */
export function neighbours(
  tile: Float32Array,
  z: number,
  slices: number,
  voxels: number,
  layout: ExternalSpec["layout"],
): Float32Array {
  const depth = tile.length / voxels;
  const image = new Float32Array(slices * voxels);
  for (let channel = 0; channel < slices; channel++) {
    const slice = Math.max(0, Math.min(z + channel - (slices - 1) / 2, depth - 1));
    const plane = tile.subarray(slice * voxels, (slice + 1) * voxels);
    if (layout === "channelsFirst") image.set(plane, channel * voxels);
    else for (let i = 0; i < voxels; i++) image[i * slices + channel] = plane[i]!;
  }
  return image;
}

/** Turns the logits of a tile, (z, outputs, y, x), into what is picked from, in place. */
export function activateMaps(
  maps: Float32Array,
  activation: Activation,
  outputs: number,
  voxels: number,
): void {
  if (activation === "sigmoid") for (let i = 0; i < maps.length; i++) maps[i] = 1 / (1 + Math.exp(-maps[i]!));
  if (activation !== "softmax") return;
  for (let plane = 0; plane < maps.length; plane += outputs * voxels)
    for (let i = plane; i < plane + voxels; i++) softmaxAt(maps, i, i + outputs * voxels, voxels);
}

function softmaxAt(maps: Float32Array, first: number, end: number, step: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = first; i < end; i += step) if (maps[i]! > largest) largest = maps[i]!;
  let sum = 0;
  for (let i = first; i < end; i += step) sum += Math.exp(maps[i]! - largest);
  for (let i = first; i < end; i += step) maps[i] = Math.exp(maps[i]! - largest) / sum;
}
