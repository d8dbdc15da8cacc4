/**
 * What a tilt series and its reconstruction leave of each spatial frequency.
 *
 * By the projection-slice theorem the image of a tilt holds the frequencies of the plane through the origin at its angle;
 * for a sample of thickness D it says something of those up to 1/D away. So tilt t has the weight w = max(0, 1 − D·distance),
 * and the reconstruction is Σ w·H / max(1, Σ w): the mean where many tilts reach, and gaps beyond the resolution of Crowther
 * (weights as in Harauz and van Heel, Optik 73, 1986, 146).
 */
import {
  contrastOfDensity,
  contrastTransfer,
  envelope,
  intactShare,
  type Optics,
  passedShare,
} from "./optics.js";
import { directionOf, type Tilt } from "./tilts.js";

/** Noise of the images. */
export interface ImageNoise {
  /** Amplitude relative to the shot noise of the dose; 0 is none. */
  readonly amount: number;
  /** B-factor in Å² of the interpolation that it goes through. */
  readonly bFactor: number;
  /** What uneven ice and illumination add at lengths above `unevenLength` Å, relative to the rest. */
  readonly unevenness: number;
  readonly unevenLength: number;
}

/** A tilt series of one sample. */
export interface Series {
  readonly optics: Optics;
  readonly tilts: readonly Tilt[];
  /** Dose of the whole series, e/Å². */
  readonly dose: number;
  /** Thickness of the ice in Å. */
  readonly thickness: number;
  readonly noise: ImageNoise;
}

/** Values at `steps` + 2 frequencies from 0 in even steps, a little beyond `greatest`. */
const steps = 4096;

/** Tables by frequency: transfer of each tilt, and amplitude of the noise. */
export interface RadialTables {
  /** Steps per 1/Å. */
  readonly perFrequency: number;
  /** Contrast transfer, envelope and damage of each tilt, one after the other. */
  readonly transfer: Float32Array;
  readonly stride: number;
  /** Amplitude of white noise of variance 1 a voxel, in Da/Å³. */
  readonly noise: Float32Array;
}

/** Tabulates what depends on the length of the frequency alone. @param greatest frequency, 1/Å */
export function radialTables(series: Series, greatest: number, spacing: number): RadialTables {
  const { optics, tilts, noise } = series;
  const stride = steps + 2;
  const transfer = new Float32Array(stride * tilts.length);
  const grain = new Float32Array(stride);
  const level = noise.amount * shotNoise(series, spacing);
  for (let i = 0; i < stride; i++) {
    const s = (i / steps) * greatest;
    const left = envelope(s, optics.bFactor);
    for (const [t, tilt] of tilts.entries()) {
      const ownOptics = { ...optics, defocus: optics.defocus + tilt.defocusError };
      transfer[t * stride + i] = contrastTransfer(s, ownOptics) * left * intactShare(s, tilt.dose);
    }
    const uneven = noise.unevenness / (1 + (s * noise.unevenLength) ** 2);
    grain[i] = level * envelope(s, noise.bFactor) * (1 + uneven);
  }
  return { perFrequency: steps / greatest, transfer, stride, noise: grain };
}

/**
 * Returns the amplitude in Da/Å³ of white noise of variance 1 a voxel where one tilt at 0° reaches fully: an image of d e/Å²
 * has the noise power 1/d beside the power |c·F|² of a density F of contrast c, and the weights spread it over 2/(3D) of
 * frequencies across the plane.
 */
function shotNoise({ optics, tilts, dose, thickness }: Series, spacing: number): number {
  const counted = (dose / tilts.length) * passedShare(thickness, 0);
  return Math.sqrt(1.5 / (thickness * counted * spacing ** 3)) / contrastOfDensity(optics.voltage);
}

/** The tilts that reach the columns (kx ≥ 0) of one kz: of column x, the entries `start[x]` to `start[x + 1]`. */
export interface Reach {
  readonly start: Int32Array;
  readonly tilt: Int32Array;
  /** Share of the tilt in the reconstruction, with its phase along kx and kz. */
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** Amplitude of the noise in each column, relative to that of one tilt at 0°. */
  readonly noise: Float64Array;
  /** Noise power of the even tilts less that of the odd ones, relative to both. */
  readonly imbalance: Float64Array;
}

/** Makes an empty reach. @param columns number of kx ≥ 0 */
export const emptyReach = (columns: number, tilts: number): Reach => ({
  start: new Int32Array(columns + 1),
  tilt: new Int32Array(columns * tilts),
  re: new Float64Array(columns * tilts),
  im: new Float64Array(columns * tilts),
  noise: new Float64Array(columns),
  imbalance: new Float64Array(columns),
});

/** Fills a reach for one kz. @param kxStep and kz in 1/Å; column x has kx = x·kxStep */
export function fillReach(reach: Reach, { tilts, thickness }: Series, kxStep: number, kz: number): void {
  const { start, noise, imbalance } = reach;
  const facts = tilts.map((tilt) => {
    const [cosine, sine] = directionOf(tilt.angle);
    const passed = passedShare(thickness, tilt.angle) / passedShare(thickness, 0);
    return {
      cosine,
      sine,
      passed,
      blur: ((tilt.angleError * Math.PI) / 180) * thickness,
      shift: tilt.shiftX,
    };
  });
  let filled = 0;
  for (let x = 0; x < noise.length; x++) {
    const kx = x * kxStep;
    start[x] = filled;
    let sum = 0;
    const power = [0, 0];
    for (let t = 0; t < facts.length; t++) {
      const { cosine, sine, passed, blur, shift } = facts[t]!;
      const weight = 1 - thickness * Math.abs(kz * cosine - kx * sine);
      if (weight <= 0) continue;
      const u = kx * cosine + kz * sine;
      const share = weight * passed * sinc(u * blur);
      sum += weight;
      power[t % 2]! += weight * weight * passed;
      reach.tilt[filled] = t;
      reach.re[filled] = share * Math.cos(2 * Math.PI * u * shift);
      reach.im[filled++] = -share * Math.sin(2 * Math.PI * u * shift);
    }
    const scale = 1 / Math.max(1, sum);
    for (let i = start[x]!; i < filled; i++) {
      reach.re[i]! *= scale;
      reach.im[i]! *= scale;
    }
    const [even, odd] = power as [number, number];
    noise[x] = scale * Math.sqrt(even + odd);
    imbalance[x] = even + odd > 0 ? (even - odd) / (even + odd) : 0;
  }
  start[noise.length] = filled;
}

/** sin(πx)/(πx): the mean of the phases that an error of angle gives to bodies all through the thickness. */
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Returns exp(−2πi·ky·shift) of each tilt for each ky, real and imaginary parts: entry y · tilts + t. */
export function shiftPhases(
  tilts: readonly Tilt[],
  frequencies: Float64Array,
): { re: Float64Array; im: Float64Array } {
  const re = new Float64Array(frequencies.length * tilts.length);
  const im = new Float64Array(re.length);
  for (const [y, ky] of frequencies.entries()) {
    for (const [t, { shiftY }] of tilts.entries()) {
      re[y * tilts.length + t] = Math.cos(2 * Math.PI * ky * shiftY);
      im[y * tilts.length + t] = -Math.sin(2 * Math.PI * ky * shiftY);
    }
  }
  return { re, im };
}
