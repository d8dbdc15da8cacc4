/** Augmentation of voxel values: intensity changes, noise and mixup. */
import type { Random } from "../../domain/random.js";
import type { AugmentSpec, Batch } from "./spec.js";

/** Scales, shifts and adds normal noise to one example's input, in place. */
export function varyIntensity(input: Float32Array, spec: AugmentSpec["intensity"], random: Random): void {
  const scale = 1 + random.between(-spec.scale, spec.scale);
  const shift = random.between(-spec.shift, spec.shift);
  const noise = random.between(0, spec.noise);
  if (scale !== 1 || shift !== 0) {
    for (let voxel = 0; voxel < input.length; voxel++) input[voxel] = input[voxel]! * scale + shift;
  }
  if (noise > 0) addNoise(input, noise, random);
}

/**
 * Adds standard normal values by Box–Muller, two from one pair of 32-bit draws: 24 bits would do for a voxel, and the
 * draws take most of the time.
 */
function addNoise(input: Float32Array, deviation: number, random: Random): void {
  const unit = 2 ** -32;
  for (let voxel = 0; voxel < input.length; voxel += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log((random.bits() + 1) * unit));
    const angle = 2 * Math.PI * unit * random.bits();
    input[voxel]! += radius * Math.cos(angle);
    if (voxel + 1 < input.length) input[voxel + 1]! += radius * Math.sin(angle);
  }
}

/**
 * Mixes `other` into `example` (one example each) by mixup (Zhang et al. 2018); `share` is the example's part. The
 * weights, one a voxel or one for each of its channels, mix too, and each target counts by its own weight: where one voxel is ignored the other's label stays as it
 * is, and weighted cross entropy of the mixture is the mixture of both weighted cross entropies.
 */
export function mixInto(example: Batch, other: Batch, share: number): void {
  for (let voxel = 0; voxel < example.input.length; voxel++)
    example.input[voxel] = share * example.input[voxel]! + (1 - share) * other.input[voxel]!;
  const weights = example.weight.length;
  const own = new Float32Array(weights);
  for (let voxel = 0; voxel < weights; voxel++) {
    const kept = share * example.weight[voxel]!;
    const sum = kept + (1 - share) * other.weight[voxel]!;
    own[voxel] = sum > 0 ? kept / sum : share;
    example.weight[voxel] = sum;
  }
  for (let start = 0; start < example.target.length; start += weights) {
    for (let voxel = 0; voxel < weights; voxel++) {
      const label = other.target[start + voxel]!;
      example.target[start + voxel] = label + own[voxel]! * (example.target[start + voxel]! - label);
    }
  }
}

/** Draws from Beta(a, a), by two draws from Gamma(a). */
export function drawBeta(a: number, random: Random): number {
  const first = drawGamma(a, random);
  const second = drawGamma(a, random);
  return first + second > 0 ? first / (first + second) : 0.5;
}

/** Draws from Gamma(shape, 1): Marsaglia and Tsang, ACM Trans. Math. Softw. 26 (2000), with their boost below 1. */
function drawGamma(shape: number, random: Random): number {
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = random.normal();
    const cube = (1 + c * normal) ** 3;
    if (cube <= 0) continue;
    const logUniform = Math.log(1 - random.uniform());
    if (logUniform < 0.5 * normal * normal + d - d * cube + d * Math.log(cube)) return d * cube;
  }
}
