/** Optics of an electron microscope: contrast transfer, damage by radiation, and the noise of counting electrons. */

/** Optics of one tomogram. */
export interface Optics {
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
export function contrastTransfer(frequency: number, optics: Omit<Optics, "bFactor">): number {
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

/** Returns the share of a spatial frequency (1/Å) that drift, interpolation and alignment leave. */
export const envelope = (frequency: number, bFactor: number): number =>
  Math.exp((-bFactor * frequency * frequency) / 4);

/**
 * Returns the share of a spatial frequency (1/Å) that is left after a dose in e/Å²: exp(−N/2Nₑ), with the critical dose Nₑ =
 * 0.245·s^−1.665 + 2.81 that was measured at 300 kV (Grant and Grigorieff, eLife 4, 2015, e06980).
 */
export function intactShare(frequency: number, dose: number): number {
  if (frequency === 0) return 1;
  return Math.exp(-dose / (2 * (0.24499 * frequency ** -1.6649 + 2.8141)));
}

/** Inelastic mean free path in ice at 300 kV, Å (Grimm et al., Biophys. J. 74, 1998: 2,000 to 3,500 by filter). */
const meanFreePath = 3000;

/**
 * Returns the share of the electrons that ice lets through, on a path that grows with the tilt.
 *
 * @param thickness of the ice, Å
 * @param angle of the tilt, degrees
 */
export const passedShare = (thickness: number, angle: number): number =>
  Math.exp(-thickness / meanFreePath / Math.cos((angle * Math.PI) / 180));

/** Mean inner potential of a density of 1 Da/Å³ above ice, V (see docs/cells.md). */
const voltPerDalton = 1 / 0.234;
/** Rest energy of the electron, V. */
const restEnergy = 510_998.95;

/**
 * Returns the contrast that a density of 1 Da/Å³ gives for each Å of its thickness, where contrast transfer is 1: twice the
 * phase that it adds, with the interaction constant 2π/(λU)·(E₀ + U)/(2E₀ + U) (Kirkland, "Advanced Computing in Electron
 * Microscopy", 2010, eq. 5.6).
 */
export function contrastOfDensity(kilovolt: number): number {
  const volt = kilovolt * 1000;
  const interaction =
    ((2 * Math.PI) / (electronWavelength(kilovolt) * volt)) * ((restEnergy + volt) / (2 * restEnergy + volt));
  return 2 * interaction * voltPerDalton;
}
