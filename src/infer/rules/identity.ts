/** One identity a voxel: the most probable feature, or none. */
import { gaussianWeights } from "../../domain/gaussian.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import type { RuleMode } from "./rules.js";

/** A Gaussian along z, y, x, in voxels; 0 along an axis that is not blurred. */
export type Blur = readonly [z: number, y: number, x: number];

/** Returns the Gaussian of a standard deviation in Å: in all three directions, or within slices in mode `ais`. */
export const blurOf = (sigma: number, spacing: Spacing3, mode: RuleMode): Blur => [
  mode === "ais" ? 0 : sigma / spacing[0],
  sigma / spacing[1],
  sigma / spacing[2],
];

/** Blurs a volume (z, y, x) in place; beyond its faces the voxels at the face go on. */
export function blurVolume(values: Float32Array, shape: Shape3, blur: Blur): void {
  const strides = [shape[1] * shape[2], shape[2], 1] as const;
  const line = new Float64Array(Math.max(...shape));
  for (const axis of [0, 1, 2] as const) {
    if (blur[axis] === 0) continue;
    const weights = gaussianWeights(blur[axis]);
    const [length, stride] = [shape[axis], strides[axis]];
    const outer = values.length / (length * stride);
    for (let a = 0; a < outer; a++)
      for (let b = 0; b < stride; b++)
        blurLine(values, a * length * stride + b, length, stride, weights, line);
  }
}

function blurLine(
  values: Float32Array,
  first: number,
  length: number,
  stride: number,
  weights: Float64Array,
  line: Float64Array,
): void {
  let isAny = false;
  for (let i = 0; i < length; i++) {
    line[i] = values[first + i * stride]!;
    isAny ||= line[i] !== 0;
  }
  if (!isAny) return;
  const at = (place: number): number => line[Math.max(0, Math.min(length - 1, place))]!;
  for (let i = 0; i < length; i++) {
    let sum = weights[0]! * line[i]!;
    for (let step = 1; step < weights.length; step++) sum += weights[step]! * (at(i - step) + at(i + step));
    values[first + i * stride] = sum;
  }
}

/** Voxels that features contend for: who leads, and by which value. */
export interface Contest {
  /** Label of the leader, 0 where none is. */
  readonly labels: Uint8Array;
  readonly best: Float32Array;
}

/** Begins a contest that no feature has entered: each voxel is unknown by the value that features have to reach. */
export const beginContest = (voxels: number, unknown: number): Contest => ({
  labels: new Uint8Array(voxels),
  best: new Float32Array(voxels).fill(unknown),
});

/** Enters a feature: it leads where it is greater than all before, or reaches the value of the unknown. */
export function enter({ labels, best }: Contest, label: number, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < best[i]! || (value === best[i] && labels[i] !== 0)) continue;
    best[i] = value;
    labels[i] = label;
  }
}
