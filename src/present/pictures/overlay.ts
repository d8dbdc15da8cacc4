/** Pictures of a slice under masks: truth, prediction, and where the two agree. */
import { encode } from "fast-png";
import type { Shape3 } from "../../domain/volume.js";
import { type GreyImage, greyOf, tailsOf } from "./grey.js";

type Colour = readonly [number, number, number];

/** Colours that people with any colour vision tell apart (Okabe and Ito, 2008). */
export const overlayColours = {
  truth: [0, 114, 178],
  prediction: [213, 94, 0],
  both: [0, 158, 115],
} as const satisfies Readonly<Record<string, Colour>>;

/** Masks of one tomogram with its voxels, all z, y, x. */
interface Overlaid {
  readonly tomogram: Float32Array;
  readonly shape: Shape3;
  /** 0 no, 1 yes, 2 unknown. */
  readonly truth: Uint8Array;
  /** 0 no, 1 yes. */
  readonly prediction: Uint8Array;
  /** Number of planes averaged. */
  readonly thickness: number;
}

/** Limit of a panel's longer side in pixels. */
const mostPixels = 240;
/** Number of grey levels; more would mostly keep noise, which does not compress. */
const greys = 16;
const gap = 3;
const opacity = 0.55;
/** Brightness of unknown voxels. */
const dimmed = 0.45;

/** Returns the slice with the most true voxels; without any, that with the most predicted ones in known voxels. */
export function tellingSlice({ shape, truth, prediction }: Omit<Overlaid, "tomogram" | "thickness">): number {
  const plane = shape[1] * shape[2];
  const [trues, predicted] = [new Float64Array(shape[0]), new Float64Array(shape[0])];
  for (let z = 0, at = 0; z < shape[0]; z++)
    for (const end = at + plane; at < end; at++) {
      if (truth[at] === 1) trues[z]!++;
      else if (truth[at] === 0 && prediction[at] === 1) predicted[z]!++;
    }
  const counts = trues.some((count) => count > 0) ? trues : predicted;
  return counts.indexOf(Math.max(...counts));
}

/**
 * Renders a slice three times beside each other as PNG: with the truth, with the prediction, and with both, where what is in
 * one alone has that one's colour. Unknown voxels are dimmed. y runs downwards.
 */
export function renderOverlay(overlaid: Overlaid, z: number): Uint8Array {
  const { shape, truth, prediction } = overlaid;
  const bin = Math.ceil(Math.max(shape[1], shape[2]) / mostPixels);
  const grey = greyPlane(overlaid, z, bin);
  const { width, height } = grey;
  const levels = levelsOf(grey);
  const data = new Uint8Array(3 * (3 * width + 2 * gap) * height).fill(255);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const { isTrue, isPredicted, isUnknown } = pixelOf(truth, prediction, shape, z, row, column, bin);
      const level = levels[row * width + column]! * (isUnknown ? dimmed : 1);
      const colours = [
        isTrue ? overlayColours.truth : null,
        isPredicted ? overlayColours.prediction : null,
        agreement(isTrue, isPredicted && !isUnknown),
      ];
      for (const [panel, colour] of colours.entries())
        paint(data, 3 * (row * (3 * width + 2 * gap) + panel * (width + gap) + column), level, colour);
    }
  return encode({ width: 3 * width + 2 * gap, height, data, channels: 3, depth: 8 }, { zlib: { level: 9 } });
}

const agreement = (isTrue: boolean, isPredicted: boolean): Colour | null => {
  if (isTrue) return isPredicted ? overlayColours.both : overlayColours.truth;
  return isPredicted ? overlayColours.prediction : null;
};

function paint(data: Uint8Array, at: number, level: number, colour: Colour | null): void {
  for (let i = 0; i < 3; i++)
    data[at + i] = Math.round(colour ? level * (1 - opacity) + colour[i]! * opacity : level);
}

/** Averages planes around z, with `bin` × `bin` voxels a pixel. */
function greyPlane({ tomogram, shape, thickness }: Overlaid, z: number, bin: number): GreyImage {
  const [depth, ny, nx] = shape;
  const [height, width] = [Math.floor(ny / bin) || 1, Math.floor(nx / bin) || 1];
  const first = Math.max(0, z - Math.floor(thickness / 2));
  const last = Math.min(depth, first + Math.max(1, thickness));
  const data = new Float32Array(width * height);
  for (let plane = first; plane < last; plane++)
    for (let y = 0; y < height * bin; y++)
      for (let x = 0; x < width * bin; x++) {
        const value = tomogram[(plane * ny + y) * nx + x]!;
        if (Number.isFinite(value)) data[Math.floor(y / bin) * width + Math.floor(x / bin)]! += value;
      }
  return { width, height, data };
}

function levelsOf({ data }: GreyImage): Float32Array {
  const { black, white } = tailsOf(data.slice());
  return data.map((value) => greyOf(white > black ? (value - black) / (white - black) : 0, greys));
}

/** Says of a pixel's voxels whether one is true or predicted, and whether none is known. */
function pixelOf(
  truth: Uint8Array,
  prediction: Uint8Array,
  [, ny, nx]: Shape3,
  z: number,
  row: number,
  column: number,
  bin: number,
): { readonly isTrue: boolean; readonly isPredicted: boolean; readonly isUnknown: boolean } {
  let [trues, predicted, known] = [0, 0, 0];
  for (let y = row * bin; y < (row + 1) * bin; y++)
    for (let x = column * bin; x < (column + 1) * bin; x++) {
      const at = (z * ny + y) * nx + x;
      if (truth[at] === 1) trues++;
      if (truth[at] !== 2) known++;
      if (prediction[at] === 1) predicted++;
    }
  return { isTrue: trues > 0, isPredicted: predicted > 0, isUnknown: known === 0 };
}
