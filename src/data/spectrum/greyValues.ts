/** Grey values as networks see them: their distribution, and particles beside their surroundings. */
import { momentsOf, quantile } from "../../domain/numbers.js";
import type { Particle, ParticlePick } from "../../domain/particles.js";
import { positionToIndex, type Volume } from "../../domain/volume.js";
import { evenSample } from "../normalise.js";

/** Shares of the quantiles that are measured. */
const quantileShares = [0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999] as const;

/** The distribution of grey values. */
export interface GreyValues {
  readonly mean: number;
  readonly deviation: number;
  /** Third standardised moment; negative where the dark tail is longer. */
  readonly skewness: number;
  /** Fourth standardised moment less 3: 0 for normal values. */
  readonly kurtosis: number;
  /** Quantiles at `quantileShares`. */
  readonly quantiles: readonly number[];
}

/** How much one type's particles stand out. */
export interface ParticleContrast {
  readonly type: string;
  readonly picks: number;
  /** Mean over the picks of the mean within half a radius less that between 1.2 and 1.6 radii, in the volume's units. */
  readonly contrast: number;
  /** Standard deviation of that difference over the picks. */
  readonly deviation: number;
}

/** Measures grey values on at most a million voxels that hold data. */
export function measureGreyValues({ data, blank }: Volume): GreyValues {
  const sample = evenSample(data, blank).sort();
  const { mean, variance, skewness, kurtosis } = momentsOf(sample);
  return {
    ...{ mean, deviation: Math.sqrt(variance), skewness, kurtosis },
    quantiles: quantileShares.map((share) => quantile(sample, share)),
  };
}

/** Ends of the middle and of the shell, in radii. */
const middleEnd = 0.5;
const shellStart = 1.2;
const shellEnd = 1.6;

/** Measures each type's contrast against its surroundings; picks without a voxel in both are left out. */
export function measureParticleContrast(
  volume: Volume,
  picks: readonly ParticlePick[],
  particles: readonly Particle[],
): ParticleContrast[] {
  return particles.flatMap(({ name, radius }) => {
    const found = picks
      .filter(({ type }) => type === name)
      .flatMap((pick) => contrastAt(volume, pick, radius));
    if (found.length === 0) return [];
    const { mean, variance } = momentsOf(found);
    return [{ type: name, picks: found.length, contrast: mean, deviation: Math.sqrt(variance) }];
  });
}

function contrastAt(volume: Volume, pick: ParticlePick, radius: number): number[] {
  const { data, shape, spacing, blank } = volume;
  const centre = positionToIndex(pick, spacing);
  const reach = spacing.map((size) => (shellEnd * radius) / size);
  const first = centre.map((at, axis) => Math.max(0, Math.ceil(at - reach[axis]!)));
  const last = centre.map((at, axis) => Math.min(shape[axis]! - 1, Math.floor(at + reach[axis]!)));
  const away = (at: number, axis: 0 | 1 | 2): number => ((at - centre[axis]) * spacing[axis]) / radius;
  const middle = { sum: 0, count: 0 };
  const shell = { sum: 0, count: 0 };
  for (let z = first[0]!; z <= last[0]!; z++)
    for (let y = first[1]!; y <= last[1]!; y++)
      for (let x = first[2]!; x <= last[2]!; x++) {
        const at = (z * shape[1] + y) * shape[2] + x;
        const distance = Math.hypot(away(z, 0), away(y, 1), away(x, 2));
        const part = distance <= middleEnd ? middle : distance >= shellStart ? shell : undefined;
        if (!part || distance > shellEnd || blank?.[at] === 1) continue;
        part.sum += data[at]!;
        part.count++;
      }
  return middle.count > 0 && shell.count > 0 ? [middle.sum / middle.count - shell.sum / shell.count] : [];
}
