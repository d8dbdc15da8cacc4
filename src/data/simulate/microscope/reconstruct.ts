/**
 * The reconstruction of a density from its tilt series. The room `microscope` turns a density into what a microscope and a
 * reconstruction make of it.
 */
import { fourierTransform } from "../../../domain/fourier.js";
import type { Field } from "../field.js";
import { denoise } from "./denoisers.js";
import { type Imaging, type ImagingChance, imageSpectrum } from "./spectrum.js";

/** Reconstructions of the field's shape, mean 0, beside the raw one. */
interface Reconstructions {
  readonly denoised: Float32Array;
  /** The even tilts' reconstruction less the whole; that of the odd ones is as much on the other side. */
  readonly halfDifference?: Float32Array;
}

/**
 * Images a density: each frequency is multiplied by the transfer of the tilt series, complex where tilts are misaligned, and
 * noise is added as the same reconstruction leaves it. `density` becomes the raw (`wbp`) tomogram in place.
 *
 * Two real results A and D come back in one complex transform of A + iD: the filtered reconstruction rides along with the raw
 * one, or half sets where they are wanted. Noise is drawn in Fourier space.
 *
 * Memory: twice the field; four times with half sets and a filter.
 */
export function image(field: Field, imaging: Imaging, chance: ImagingChance): Reconstructions {
  const { density, shape, spacing } = field;
  const partner = new Float32Array(density.length);
  fourierTransform(density, partner, shape);
  imageSpectrum(field, partner, imaging, chance);
  fourierTransform(partner, density, shape);
  const isFiltered = imaging.denoiser.kind !== "median";
  const denoised = chance.halves ? density.slice() : partner;
  if (chance.halves || !isFiltered) denoise(denoised, shape, spacing, imaging.denoiser);
  return chance.halves ? { denoised, halfDifference: partner } : { denoised };
}
