/**
 * Power spectra of tomograms. The room `spectrum` measures how a tomogram's power divides over frequencies and directions,
 * and its grey values over particles and their surroundings.
 */
import { axisFrequencies, fourierTransform } from "../../domain/fourier.js";
import { type Shape3, type Spacing3, type Volume, voxelCount } from "../../domain/volume.js";
import { BlockCutter, blockPlaces } from "./blocks.js";

/** Shells up to Nyquist, and sectors of 15° of the angle between a frequency and the x–y plane. */
const shells = 32;
export const sectorEdges = [0, 15, 30, 45, 60, 75, 90] as const;
const sectors = sectorEdges.length - 1;

/** How a volume's power divides over frequencies. Values of variance 1 without any pattern have the power 1 throughout. */
export interface Spectrum {
  /** Width of a shell in 1/Å. The shell at `i` holds frequencies less than half a width from (i + 1) × width. */
  readonly width: number;
  /** Mean power of each shell; the last one's centre is Nyquist's frequency of the coarsest axis. */
  readonly power: readonly number[];
  /** Mean power of each sector of a shell, from the x–y plane to the z axis; null where no frequency lies in it. */
  readonly sectors: readonly (readonly (number | null)[])[];
}

/** Returns the frequency in 1/Å of each shell of a spectrum. */
export const frequenciesOf = ({ width, power }: Pick<Spectrum, "width" | "power">): number[] =>
  power.map((_, shell) => (shell + 1) * width);

/**
 * Measures a spectrum as the mean over blocks at even places, each under a Hann window (Welch, IEEE Trans. Audio
 * Electroacoust. 15, 1967). Blank voxels are left out. Memory: two blocks of at most 64³ voxels.
 *
 * @param read what stands for a voxel's value; the value itself if absent
 */
export function measureSpectrum(volume: Volume, read = (value: number): number => value): Spectrum {
  const cutter = new BlockCutter(volume, read);
  const map = shellMap(cutter.shape, volume.spacing);
  const re = new Float32Array(voxelCount(cutter.shape));
  const im = new Float32Array(re.length);
  const sums = new Float64Array(shells * sectors);
  let squares = 0;
  for (const place of blockPlaces(volume)) {
    squares += cutter.cut(place, re);
    im.fill(0);
    fourierTransform(re, im, cutter.shape);
    for (let at = 0; at < re.length; at++)
      if (map.cells[at]! >= 0) sums[map.cells[at]!]! += re[at]! ** 2 + im[at]! ** 2;
  }
  const mean = (cells: readonly number[]): number | null => {
    const [power, count] = [sums, map.counts].map((all) => cells.reduce((sum, cell) => sum + all[cell]!, 0));
    return count! > 0 && squares > 0 ? power! / (count! * squares) : null;
  };
  const cellsOf = Array.from({ length: shells }, (_, shell) =>
    Array.from({ length: sectors }, (_, sector) => shell * sectors + sector),
  );
  return {
    width: map.width,
    power: filled(cellsOf.map(mean)),
    sectors: cellsOf.map((cells) => cells.map((cell) => mean([cell]))),
  };
}

/** Fills shells without a frequency, as thin volumes have them, from the nearest lower one, or the first that has one. */
function filled(power: readonly (number | null)[]): number[] {
  let last = power.find((value) => value !== null) ?? 0;
  return power.map((value) => {
    last = value ?? last;
    return last;
  });
}

interface ShellMap {
  readonly width: number;
  /** Shell × sectors + sector of each frequency; −1 for none. */
  readonly cells: Int16Array;
  readonly counts: Float64Array;
}

function shellMap(shape: Shape3, spacing: Spacing3): ShellMap {
  const width = 0.5 / Math.max(...spacing) / shells;
  const cells = new Int16Array(voxelCount(shape)).fill(-1);
  const counts = new Float64Array(shells * sectors);
  const [alongZ, alongY, alongX] = shape.map((size, axis) => axisFrequencies(size, spacing[axis]!)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let at = 0;
  for (const kz of alongZ)
    for (const ky of alongY)
      for (const kx of alongX) {
        const flat = Math.hypot(ky, kx);
        const shell = Math.round(Math.hypot(kz, flat) / width) - 1;
        if (shell >= 0 && shell < shells) {
          const degrees = (Math.atan2(Math.abs(kz), flat) * 180) / Math.PI;
          const cell = shell * sectors + Math.min(sectors - 1, Math.floor(degrees / sectorEdges[1]));
          cells[at] = cell;
          counts[cell]!++;
        }
        at++;
      }
  return { width, cells, counts };
}
