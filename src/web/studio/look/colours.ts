// Colours as numbers and as text.
import type { Colour } from "./overlayShades.js";

/** Returns `#rrggbb`. */
export const hexOf = (colour: readonly [number, number, number]): string =>
  `#${colour.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

/** Returns the numbers of `#rrggbb`. */
export const colourOf = (hex: string): Colour =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Colour;

/** Colours of overlays, in turn (Okabe and Ito, 2008). */
export const overlayColours: readonly Colour[] = [
  [86, 180, 233],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [240, 228, 66],
  [213, 94, 0],
];

const known = new Map<string, string>();
let pen: CanvasRenderingContext2D | null | undefined;

/** Returns `#rrggbb` of any colour of CSS, as the browser reads it; black where it is none. */
export function cssHex(colour: string): string {
  const found = known.get(colour);
  if (found !== undefined) return found;
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return "#ffffff";
  pen.fillStyle = "#000000";
  pen.fillStyle = colour;
  const hex = String(pen.fillStyle).slice(0, 7);
  known.set(colour, hex);
  return hex;
}
