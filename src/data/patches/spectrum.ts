/** Augmentation of spectra: patches as other microscopes and denoisers would show them. */
import { fastLength, fourierTransform } from "../../domain/fourier.js";
import type { Random } from "../../domain/random.js";
import { angstrom } from "../../domain/units.js";
import { type Shape3, voxelCount } from "../../domain/volume.js";
import { applyGain } from "../spectrum/filter.js";
import { drawGain } from "../spectrum/gain.js";

/** Shells up to Nyquist's frequency, half a period a voxel. */
const shells = 32;

/**
 * Filters one example's input (z,y,x) by a gain drawn at random, in place; its mean and standard deviation stay. A patch of
 * another size than products of 2, 3 and 5 is continued by its last planes.
 */
export function varySpectrum(input: Float32Array, shape: Shape3, deviation: number, random: Random): void {
  const gain = drawGain({ width: 0.5 / shells, shells }, deviation, random);
  const before = moments(input);
  if (before.deviation === 0) return;
  const grid = shape.map(fastLength) as unknown as Shape3;
  const re = copied(input, shape, grid);
  const im = new Float32Array(re.length);
  const voxel = angstrom(1);
  fourierTransform(re, im, grid);
  applyGain(re, im, grid, [voxel, voxel, voxel], gain);
  fourierTransform(im, re, grid);
  visitRows(shape, grid, (from, to) => input.set(re.subarray(to, to + shape[2]), from));
  const after = moments(input);
  const scale = before.deviation / after.deviation;
  for (let at = 0; at < input.length; at++) input[at] = (input[at]! - after.mean) * scale + before.mean;
}

function moments(values: Float32Array): { readonly mean: number; readonly deviation: number } {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / values.length - mean * mean)) };
}

/** Calls `visit` with where each row of a patch begins in it and in its grid. */
function visitRows(shape: Shape3, grid: Shape3, visit: (from: number, to: number) => void): void {
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++) visit((z * shape[1] + y) * shape[2], (z * grid[1] + y) * grid[2]);
}

function copied(input: Float32Array, shape: Shape3, grid: Shape3): Float32Array {
  const values = new Float32Array(voxelCount(grid));
  if (values.length === input.length) {
    values.set(input);
    return values;
  }
  let to = 0;
  for (let z = 0; z < grid[0]; z++)
    for (let y = 0; y < grid[1]; y++) {
      const row = (Math.min(z, shape[0] - 1) * shape[1] + Math.min(y, shape[1] - 1)) * shape[2];
      for (let x = 0; x < grid[2]; x++) values[to++] = input[row + Math.min(x, shape[2] - 1)]!;
    }
  return values;
}
