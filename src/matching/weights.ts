/** What a microscope and filters leave of each frequency of a template: missing wedge, contrast transfer, band. */
import { contrastTransfer, type Optics } from "../data/simulate/microscope/optics.js";
import { gainAt, type RadialGain } from "../data/spectrum/gain.js";
import { axisFrequencies } from "../domain/fourier.js";

/** Lowest and highest tilt in degrees, about y. */
export type TiltRange = readonly [lowest: number, highest: number];

/** What frequencies are multiplied by; by 1 where all are absent. */
export interface Weighting {
  readonly wedge?: TiltRange | undefined;
  /** Optics of one defocus each, whose transfers are averaged. */
  readonly optics?: readonly Omit<Optics, "bFactor">[] | undefined;
  readonly gain?: RadialGain | undefined;
}

/**
 * Returns the weights of the frequencies of a cube, z slowest, the same at k and −k: 1 where some tilt's plane holds the
 * frequency and 0 in the missing wedge, times the mean contrast transfer, times the gain.
 *
 * A tilt of θ about y gives the frequencies along (x, z) = ±(cos θ, sin θ), so that those between the lowest and the highest
 * angle are known. On the faces of Nyquist's frequency, where k and −k are one, the mean of both counts.
 *
 * @param edge voxels @param spacing Å per voxel
 */
export function frequencyWeights(edge: number, spacing: number, weighting: Weighting): Float32Array {
  const { wedge, optics = [], gain } = weighting;
  const steps = axisFrequencies(edge, spacing);
  const radial = radialWeights(optics, gain);
  const known = (z: number, x: number): number =>
    wedge === undefined || isKnown(steps[z]!, steps[x]!, wedge) ? 1 : 0;
  const mirror = (at: number): number => (edge - at) % edge;
  const weights = new Float32Array(edge ** 3);
  for (let z = 0; z < edge; z++)
    for (let x = 0; x < edge; x++) {
      const share = (known(z, x) + known(mirror(z), mirror(x))) / 2;
      if (share === 0) continue;
      for (let y = 0; y < edge; y++)
        weights[(z * edge + y) * edge + x] =
          share * radial(Math.sqrt(steps[z]! ** 2 + steps[y]! ** 2 + steps[x]! ** 2));
    }
  return weights;
}

/** Returns the weight of a frequency's length: the mean contrast transfer times the gain. */
function radialWeights(
  optics: readonly Omit<Optics, "bFactor">[],
  gain: RadialGain | undefined,
): (frequency: number) => number {
  return (frequency) => {
    const sum = optics.reduce((total, each) => total + contrastTransfer(frequency, each), 0);
    return (optics.length > 0 ? sum / optics.length : 1) * (gain ? gainAt(gain, frequency) : 1);
  };
}

/** Tells whether a tilt between the lowest and the highest has the frequency on its plane; all have those along y. */
function isKnown(kz: number, kx: number, [lowest, highest]: TiltRange): boolean {
  if (kz === 0 && kx === 0) return true;
  const angle = (Math.atan2(kx < 0 ? -kz : kz, Math.abs(kx)) * 180) / Math.PI;
  const slack = 1e-9;
  const isWithin = (degrees: number): boolean => degrees >= lowest - slack && degrees <= highest + slack;
  return isWithin(angle) || (kx === 0 && isWithin(-angle));
}

/**
 * Returns the gain of a band: amplitudes fall to √½ at the frequencies of both lengths, by Gaussians.
 *
 * @param band `lowPass` and `highPass` in Å @param whitening a gain to multiply with @param spacing Å per voxel
 */
export function bandGain(
  band: { readonly lowPass?: number | undefined; readonly highPass?: number | undefined },
  whitening: RadialGain | undefined,
  spacing: number,
): RadialGain {
  const width = 0.5 / spacing / shells;
  const gains = Array.from({ length: Math.ceil(shells * Math.sqrt(3)) }, (_, shell) => {
    const frequency = (shell + 1) * width;
    const low = band.lowPass === undefined ? 1 : Math.exp(-0.5 * Math.LN2 * (frequency * band.lowPass) ** 2);
    const high =
      band.highPass === undefined
        ? 1
        : 1 - Math.exp(Math.log(1 - Math.SQRT1_2) * (frequency * band.highPass) ** 2);
    return Math.max(1e-6, low * high) * (whitening ? gainAt(whitening, frequency) : 1);
  });
  return { width, gains };
}

/** Shells of a gain up to Nyquist. */
const shells = 128;
