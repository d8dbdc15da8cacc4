/** How an electron microscope passes each spatial frequency on, and which frequencies a tilt series holds at all. */

export interface Optics {
  /** Kilovolt. */
  readonly voltage: number;
  /** Å under focus, positive. */
  readonly defocus: number;
  /** Spherical aberration, Å. */
  readonly sphericalAberration: number;
  /** Share of amplitude contrast, 0 to 1. */
  readonly amplitudeContrast: number;
  /** Whether the reconstruction turned the negative lobes over. */
  readonly phaseFlipped: boolean;
  /** Å²; the envelope is exp(−B·s²/4). */
  readonly bFactor: number;
}

/** The electron's relativistic wavelength, Å (Reimer and Kohl, Transmission Electron Microscopy, 2008, eq. 2.12). */
export function electronWavelength(kilovolt: number): number {
  const volt = kilovolt * 1000;
  return 12.2642596 / Math.sqrt(volt * (1 + 9.784753e-7 * volt));
}

/**
 * Contrast transfer at a spatial frequency (1/Å), without the envelope: sin(χ + asin(A)), with
 * χ = πλΔf·s² − ½πCsλ³·s⁴ for an underfocus Δf, so that a dense particle comes out positive where nothing is inverted.
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

/** What radiation, drift and alignment leave of a spatial frequency (1/Å). */
export const envelope = (frequency: number, bFactor: number): number =>
  Math.exp((-bFactor * frequency * frequency) / 4);

/** A tilt series about the y axis. */
export interface TiltScheme {
  /** Greatest tilt, degrees. */
  readonly maximum: number;
  /** Thickness of the ice, Å. */
  readonly thickness: number;
}

/** Inelastic mean free path in ice at 300 kV, Å (Grimm et al., Biophys. J. 74, 1998: 2,000 to 3,500 by energy filter). */
const meanFreePath = 3000;
/** Å² that the envelope of the highest tilt adds, exposed last in a dose-symmetric scheme. */
const lastTiltBFactor = 500;

/**
 * Amplitude that a tilt series gives to a frequency (1/Å along x, y, z): 0 in the missing wedge |kz| > |kx|·tan(maximum),
 * less towards high tilts, whose path through the ice is longer and whose dose came last.
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
