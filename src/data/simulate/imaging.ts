/** The simulated microscope: contrast transfer, tilt wedge, dose and noise turn a density into a reconstruction. */
import { fastLength, fourierTransform } from "../../domain/fourier.js";
import type { Random } from "../../domain/random.js";
import { type Shape3, voxelCount } from "../../domain/volume.js";

/** Imaging conditions of one tomogram. */
export interface Imaging {
  readonly optics: Optics;
  readonly tilts: TiltScheme;
  /** Noise relative to the challenge's tomograms; 0 for none. */
  readonly noise: number;
}

/** A field of density on a grid larger than the tomogram, so that nothing wraps round into the tomogram. */
export interface Field {
  /** Before imaging: density in Da/Å³. After imaging: the raw reconstruction. */
  readonly density: Float32Array;
  readonly shape: Shape3;
  /** First voxel of the tomogram in the field. */
  readonly offset: Shape3;
  /** Å per voxel, the same along all axes. */
  readonly spacing: number;
}

/** Voxels kept free around the tomogram, on both sides together. */
const margin = 8;

/** Makes an empty field for a tomogram. */
export function emptyField(tomogram: Shape3, spacing: number): Field {
  const shape = tomogram.map((size) => fastLength(size + margin)) as unknown as Shape3;
  const offset = tomogram.map((size, i) => (shape[i]! - size) >> 1) as unknown as Shape3;
  return { density: new Float32Array(voxelCount(shape)), shape, offset, spacing };
}

/** Standard deviation of the added white noise, in the contrast of a Da/Å³; found by eye against tomograms. */
const noiseLevel = 0.9;
/** Length in Å above which noise from uneven ice and alignment dominates, and the strength of that noise. */
const driftLength = 450;
const driftStrength = 0.5;
/** B-factor in Å² of the interpolation and binning that noise goes through on its way to the grid. */
const noiseBFactor = 1300;
/** Cut-off of denoising in Å: exp(−½(s·cut)²). `denoisedNoise` is the share of the noise that denoising leaves. */
const denoisedCut = 35;
/** Length in Å above which denoising raises what contrast transfer left faint, and by how much. */
const liftLength = 150;
const lift = 1.3;
const denoisedNoise = 0.42;

/** Amplitudes of density and white noise in both reconstructions, at one frequency. */
interface Transfer {
  readonly signal: Float32Array;
  readonly noise: Float32Array;
  readonly denoising: Float32Array;
}

/** Tabulates the radial parts by frequency, in steps of a small fraction of Nyquist. */
function tableTransfer({ optics, noise }: Imaging, greatest: number, steps: number): Transfer {
  const signal = new Float32Array(steps + 2);
  const grain = new Float32Array(steps + 2);
  const denoising = new Float32Array(steps + 2);
  for (let i = 0; i < signal.length; i++) {
    const s = (i / steps) * greatest;
    signal[i] = -contrastTransfer(s, optics) * envelope(s, optics.bFactor);
    const drift = driftStrength / (1 + (s * driftLength) ** 2);
    grain[i] = noise * noiseLevel * (envelope(s, noiseBFactor) + drift);
    denoising[i] = Math.exp(-0.5 * (s * denoisedCut) ** 2) * (1 + lift / (1 + (s * liftLength) ** 2));
  }
  return { signal, noise: grain, denoising };
}

/**
 * Images a density by microscope and reconstruction: contrast transfer, tilt wedge, dose, coloured noise. `density`
 * becomes the raw (`wbp`) tomogram in place; the denoised one is returned. Both have mean 0.
 *
 * Density and white noise are real, so one complex transform carries both: F = S + iN, and S and iN are the Hermitian
 * and the anti-Hermitian part of F. The same holds on the way back for the two reconstructions.
 *
 * Memory: twice the field.
 */
export function image(field: Field, imaging: Imaging, random: Random): Float32Array {
  const { density, shape } = field;
  const partner = new Float32Array(density.length);
  if (imaging.noise > 0) for (let i = 0; i < partner.length; i++) partner[i] = random.normal();
  fourierTransform(density, partner, shape);
  filterPairs(field, partner, imaging);
  fourierTransform(partner, density, shape);
  return partner;
}

function filterPairs({ density: re, shape, spacing }: Field, im: Float32Array, imaging: Imaging): void {
  const [nz, ny, nx] = shape;
  const greatest = (Math.sqrt(3) * 0.5) / spacing;
  const steps = 4096;
  const table = tableTransfer(imaging, greatest, steps);
  const perCount = 1 / voxelCount(shape);
  const frequency = (index: number, size: number) =>
    (index <= size / 2 ? index : index - size) / (size * spacing);
  for (let z = 0; z < nz; z++) {
    const kz = frequency(z, nz);
    for (let y = 0; y < ny; y++) {
      const ky = frequency(y, ny);
      const row = (z * ny + y) * nx;
      const mirrorRow = (((nz - z) % nz) * ny + ((ny - y) % ny)) * nx;
      for (let x = 0; x <= nx / 2; x++) {
        const at = row + x;
        const mirror = mirrorRow + ((nx - x) % nx);
        if (mirror < at && (x === 0 || 2 * x === nx)) continue;
        const kx = frequency(x, nx);
        const wedge = perCount * tiltTransfer(kx, ky, kz, imaging.tilts);
        const step = Math.round((Math.sqrt(kx * kx + ky * ky + kz * kz) / greatest) * steps);
        const ramp = Math.sqrt(0.4 + 0.6 * Math.min(1, Math.sqrt(kx * kx + kz * kz) * 2 * spacing));
        const a = wedge * table.signal[step]!;
        const b = wedge * table.noise[step]! * ramp;
        const c = a * table.denoising[step]!;
        const d = b * table.denoising[step]! * denoisedNoise;
        // P = S and Q = iN at k; at −k: P* and −Q*. The result aP + bQ/i + i(cP + dQ/i) is (a + ic)P + (d − ib)Q.
        const pr = 0.5 * (re[at]! + re[mirror]!);
        const pi = 0.5 * (im[at]! - im[mirror]!);
        const qr = 0.5 * (re[at]! - re[mirror]!);
        const qi = 0.5 * (im[at]! + im[mirror]!);
        re[at] = a * pr - c * pi + d * qr + b * qi;
        im[at] = a * pi + c * pr + d * qi - b * qr;
        re[mirror] = a * pr + c * pi - d * qr + b * qi;
        im[mirror] = -a * pi + c * pr + d * qi + b * qr;
      }
    }
  }
  re[0] = 0;
  im[0] = 0;
}

/** Optics of an electron microscope. */

interface Optics {
  /** Voltage in kilovolt. */
  readonly voltage: number;
  /** Underfocus in Å, positive. */
  readonly defocus: number;
  /** Spherical aberration in Å. */
  readonly sphericalAberration: number;
  /** Share of amplitude contrast, 0 to 1. */
  readonly amplitudeContrast: number;
  /** Whether the reconstruction inverted the negative lobes. */
  readonly phaseFlipped: boolean;
  /** B-factor in Å²; the envelope is exp(−B·s²/4). */
  readonly bFactor: number;
}

/**
 * Returns the electron's relativistic wavelength in Å (Reimer and Kohl, "Transmission Electron Microscopy", 2008, eq.
 * 2.12).
 */
export function electronWavelength(kilovolt: number): number {
  const volt = kilovolt * 1000;
  return 12.2642596 / Math.sqrt(volt * (1 + 9.784753e-7 * volt));
}

/**
 * Returns the contrast transfer at a spatial frequency (1/Å), without the envelope: sin(χ + asin(A)), with χ = πλΔf·s²
 * − ½πCsλ³·s⁴ for an underfocus Δf, so that a dense particle comes out positive where nothing is inverted.
 */
export function contrastTransfer(frequency: number, optics: Optics): number {
  const wavelength = electronWavelength(optics.voltage);
  const squared = frequency * frequency;
  const phase =
    Math.PI *
    wavelength *
    squared *
    (optics.defocus - 0.5 * optics.sphericalAberration * (wavelength * wavelength * squared));
  const transfer = Math.sin(phase + Math.asin(optics.amplitudeContrast));
  return optics.phaseFlipped ? Math.abs(transfer) : transfer;
}

/** Returns the share of a spatial frequency (1/Å) that radiation, drift and alignment leave. */
export const envelope = (frequency: number, bFactor: number): number =>
  Math.exp((-bFactor * frequency * frequency) / 4);

/** A tilt series about the y axis. */
interface TiltScheme {
  /** Greatest tilt in degrees. */
  readonly maximum: number;
  /** Thickness of the ice in Å. */
  readonly thickness: number;
}

/** Inelastic mean free path in ice at 300 kV, Å (Grimm et al., Biophys. J. 74, 1998: 2,000 to 3,500 by filter). */
const meanFreePath = 3000;
/** B-factor in Å² that the highest tilt adds to the envelope; it is exposed last in a dose-symmetric scheme. */
const lastTiltBFactor = 500;

/**
 * Returns the amplitude of a frequency (1/Å along x, y, z) in a tilt series: 0 in the missing wedge |kz| >
 * |kx|·tan(maximum), less towards high tilts, whose path through the ice is longer and whose dose came last.
 */
export function tiltTransfer(kx: number, ky: number, kz: number, scheme: TiltScheme): number {
  if (kx === 0 && kz === 0) return 1;
  const tilt = Math.atan2(Math.abs(kz), Math.abs(kx));
  const edge = (scheme.maximum * Math.PI) / 180;
  if (tilt > edge) return 0;
  const path = (scheme.thickness / meanFreePath) * (1 / Math.cos(tilt) - 1);
  const squared = kx * kx + ky * ky + kz * kz;
  return Math.exp(-path - (lastTiltBFactor * (tilt / edge) * squared) / 4);
}
