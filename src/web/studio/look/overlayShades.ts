// Colours of volumes that lie over the tomogram: shares and masks in one colour, labels in one each.

/** Red, green, blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** What a volume's words stand for and how they are shown. */
export interface OverlayShade {
  readonly kind: "tomogram" | "probability" | "mask" | "labels";
  /** Values that 0 and 65535 stand for. */
  readonly range: readonly [low: number, high: number];
  readonly colour: Colour;
  /** 0 to 1 */
  readonly opacity: number;
}

/** Colours of labels, in turn: far apart for people who see all colours and for most who do not (Okabe and Ito, 2008). */
export const labelColours: readonly Colour[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
];

/** Returns the colour of a label; labels count from 1. */
export const labelColour = (label: number): Colour => labelColours[(label - 1) % labelColours.length]!;

/** Makes the table of pixels, little-endian, by word: what is nothing cannot be seen; shares are seen as far as they are one. */
export function overlayTable({ kind, range: [low, high], colour, opacity }: OverlayShade): Uint32Array {
  const table = new Uint32Array(65_536);
  const step = (high - low) / 65_535;
  for (let word = 0; word < table.length; word++) {
    const value = low + word * step;
    const share = kind === "probability" || kind === "tomogram" ? value : value >= 0.5 ? 1 : 0;
    const alpha = Math.round(255 * opacity * Math.min(1, Math.max(0, share)));
    const [red, green, blue] =
      kind === "labels" && alpha > 0 ? labelColour(Math.max(1, Math.round(value))) : colour;
    table[word] = ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return table;
}

/** Paints words into an image's pixels, four bytes each. */
export function paintOverlay(words: Uint16Array, table: Uint32Array, pixels: Uint8ClampedArray): void {
  const out = new Uint32Array(pixels.buffer, pixels.byteOffset, words.length);
  for (let i = 0; i < words.length; i++) out[i] = table[words[i]!]!;
}
