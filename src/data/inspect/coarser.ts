/** Coarser copies of volumes, so that the work at a pick does not grow with the voxels of a particle. */
import { angstrom } from "../../domain/units.js";
import type { Shape3, Spacing3, Volume } from "../../domain/volume.js";

/** How fine a volume is kept beside a particle. */
export interface Fineness {
  /** Voxels of the particle's radius above which the volume is made coarser. */
  readonly most: number;
  /** Voxels that the radius then has at least. */
  readonly wanted: number;
}

/** Fine enough for the place of a particle. */
export const fine: Fineness = { most: 16, wanted: 8 };
/** Fine enough for the sign of its contrast. */
export const rough: Fineness = { most: 8, wanted: 5 };

/**
 * Returns a function that makes a volume coarser for a radius in Å: bins of voxels are joined along each axis where the
 * radius has more of them than `fineness` says. Each copy is made once.
 */
export function coarserBy(volume: Volume, { most, wanted }: Fineness): (radius: number) => Volume {
  const made = new Map<string, Volume>();
  return (radius) => {
    const factors = volume.spacing.map((size) =>
      radius / size > most ? Math.floor(radius / size / wanted) : 1,
    ) as unknown as Shape3;
    if (factors.every((factor) => factor === 1)) return volume;
    const coarser = made.get(factors.join()) ?? binned(volume, factors);
    made.set(factors.join(), coarser);
    return coarser;
  };
}

/** Averages bins of voxels; bins at the far faces hold fewer. */
export function binned({ data, shape, spacing }: Volume, factors: Shape3): Volume {
  const coarse = shape.map((size, axis) => Math.ceil(size / factors[axis]!)) as unknown as Shape3;
  const sums = new Float64Array(coarse[0] * coarse[1] * coarse[2]);
  const counts = new Uint32Array(sums.length);
  let at = 0;
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++) {
      const row = (Math.floor(z / factors[0]) * coarse[1] + Math.floor(y / factors[1])) * coarse[2];
      for (let x = 0; x < shape[2]; x++) {
        const to = row + Math.floor(x / factors[2]);
        sums[to]! += data[at++]!;
        counts[to]!++;
      }
    }
  const means = Float32Array.from(sums, (sum, bin) => sum / counts[bin]!);
  const sizes = spacing.map((size, axis) => angstrom(size * factors[axis]!)) as unknown as Spacing3;
  return { data: means, shape: coarse, spacing: sizes };
}

/** Returns the volume with the mean of all data in its blank voxels; the volume itself where it has none. */
export function withNeutralBlank(volume: Volume): Volume {
  const { data, blank } = volume;
  if (!blank) return volume;
  let [sum, count] = [0, 0];
  for (let i = 0; i < data.length; i++)
    if (blank[i] === 0) {
      sum += data[i]!;
      count++;
    }
  const mean = sum / count;
  return { ...volume, data: data.map((value, i) => (blank[i] === 0 ? value : mean)) };
}
