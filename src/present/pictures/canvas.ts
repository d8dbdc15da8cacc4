/** Colour images: their colours, painting on them, and the PNG of one. */
import { encode } from "fast-png";

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

export const black: Colour = [0, 0, 0];
export const white: Colour = [255, 255, 255];

/** Colours that people with any colour vision tell apart (Okabe and Ito, 2008). */
export const okabeIto = {
  orange: [230, 159, 0],
  skyBlue: [86, 180, 233],
  bluishGreen: [0, 158, 115],
  yellow: [240, 228, 66],
  blue: [0, 114, 178],
  vermilion: [213, 94, 0],
  reddishPurple: [204, 121, 167],
} as const satisfies Readonly<Record<string, Colour>>;

const ofFeatures: readonly Colour[] = [
  okabeIto.orange,
  okabeIto.skyBlue,
  okabeIto.bluishGreen,
  okabeIto.yellow,
  okabeIto.reddishPurple,
  okabeIto.vermilion,
];

/** Returns the colour of a feature by its place among all, beginning again after the last colour. */
export const featureColour = (at: number): Colour => ofFeatures[at % ofFeatures.length]!;

/** An RGB image, row by row. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Mixes a colour into a pixel by its share, 0 to 1; pixels outside are left out. */
export function blend(canvas: Canvas, column: number, row: number, colour: Colour, opacity: number): void {
  if (column < 0 || row < 0 || column >= canvas.width || row >= canvas.height || opacity <= 0) return;
  const at = (row * canvas.width + column) * 3;
  for (let i = 0; i < 3; i++) {
    canvas.data[at + i] = Math.round(canvas.data[at + i]! * (1 - opacity) + colour[i]! * opacity);
  }
}

/** Encodes a canvas as PNG. */
export const pngOf = (canvas: Canvas): Uint8Array =>
  encode({ ...canvas, channels: 3, depth: 8 }, { zlib: { level: 9 } });
