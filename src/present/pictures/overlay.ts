/** Pictures of a slice under masks: truth, prediction, and where the two agree. */
import { unknown, yes } from "../../domain/maskValues.js";
import type { Shape3, Volume } from "../../domain/volume.js";
import { black, blend, type Canvas, type Colour, okabeIto, pngOf } from "./canvas.js";
import { contrastOf, greyOf, meanSlice, reductionOf } from "./grey.js";

/** Colours of what a mask alone has, and of what both have. */
export const overlayColours = {
  truth: okabeIto.blue,
  prediction: okabeIto.vermilion,
  both: okabeIto.bluishGreen,
} as const;

/** Masks of one tomogram, z, y, x: 0 no, 1 yes; of the truth 2 is unknown. */
interface MaskPair {
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
}

/** Limit of a panel's longer side in pixels. */
const mostPixels = 240;
/** Number of grey levels; more would mostly keep noise, which does not compress. */
const greys = 16;
const gap = 3;
const opacity = 0.55;
/** Share of black in unknown voxels. */
const shade = 0.55;

/** Returns the slice with the most true voxels; without any, that with the most predicted ones in known voxels. */
export function tellingSlice({ truth, prediction }: MaskPair, shape: Shape3): number {
  const plane = shape[1] * shape[2];
  const [trues, predicted] = [new Float64Array(shape[0]), new Float64Array(shape[0])];
  for (let z = 0, at = 0; z < shape[0]; z++)
    for (const end = at + plane; at < end; at++) {
      if (truth[at] === yes) trues[z]!++;
      else if (truth[at] !== unknown && prediction[at] === yes) predicted[z]!++;
    }
  const counts = trues.some((count) => count > 0) ? trues : predicted;
  return counts.indexOf(Math.max(...counts));
}

/**
 * Renders a slice three times beside each other as PNG: with the truth, with the prediction, and with both, where what is in
 * one alone has that one's colour. Unknown voxels are dimmed. y runs downwards.
 */
export function renderOverlay(tomogram: Volume, masks: MaskPair, z: number): Uint8Array {
  const reduction = reductionOf(tomogram.shape, mostPixels);
  const { bin, width, height } = reduction;
  const { data } = meanSlice(tomogram, z, reduction);
  const contrast = contrastOf([{ width, height, data }]);
  const whole = 3 * width + 2 * gap;
  const canvas: Canvas = { width: whole, height, data: new Uint8Array(3 * whole * height).fill(255) };
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const { isTrue, isPredicted, isUnknown } = pixelOf(masks, tomogram.shape, z, row, column, bin);
      const share = (data[row * width + column]! - contrast.black) / (contrast.white - contrast.black);
      const level = greyOf(share, greys);
      const colours = [
        isTrue ? overlayColours.truth : null,
        isPredicted ? overlayColours.prediction : null,
        agreement(isTrue, isPredicted && !isUnknown),
      ];
      for (const [panel, colour] of colours.entries()) {
        const at = panel * (width + gap) + column;
        blend(canvas, at, row, [level, level, level], 1);
        if (isUnknown) blend(canvas, at, row, black, shade);
        if (colour) blend(canvas, at, row, colour, opacity);
      }
    }
  return pngOf(canvas);
}

const agreement = (isTrue: boolean, isPredicted: boolean): Colour | null => {
  if (isTrue) return isPredicted ? overlayColours.both : overlayColours.truth;
  return isPredicted ? overlayColours.prediction : null;
};

/** Says of a pixel's voxels whether one is true or predicted, and whether none is known. */
function pixelOf(
  { truth, prediction }: MaskPair,
  [, ny, nx]: Shape3,
  z: number,
  row: number,
  column: number,
  bin: number,
): { readonly isTrue: boolean; readonly isPredicted: boolean; readonly isUnknown: boolean } {
  let [isTrue, isPredicted, isUnknown] = [false, false, true];
  for (let y = row * bin; y < (row + 1) * bin; y++)
    for (let x = column * bin; x < (column + 1) * bin; x++) {
      const at = (z * ny + y) * nx + x;
      if (truth[at] === yes) isTrue = true;
      if (truth[at] !== unknown) isUnknown = false;
      if (prediction[at] === yes) isPredicted = true;
    }
  return { isTrue, isPredicted, isUnknown };
}
