// Greys of voxels: from 16 bits over a volume's range to 8 bits between black and white.

/** Makes the table of greys by word. */
export function greyTable(
  [low, high]: readonly [low: number, high: number],
  [black, white]: readonly [black: number, white: number],
): Uint8ClampedArray {
  const table = new Uint8ClampedArray(65_536);
  const step = (high - low) / 65_535;
  const scale = white === black ? 0 : 255 / (white - black);
  for (let word = 0; word < table.length; word++) table[word] = (low + word * step - black) * scale;
  return table;
}

/** Paints words as greys into an image's pixels, four bytes each. */
export function paintGreys(words: Uint16Array, table: Uint8ClampedArray, pixels: Uint8ClampedArray): void {
  const out = new Uint32Array(pixels.buffer, pixels.byteOffset, words.length);
  for (let i = 0; i < words.length; i++) {
    const grey = table[words[i]!]!;
    out[i] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
}

/** Takes away what a canvas shows. */
export function blank(canvas: HTMLCanvasElement): void {
  const context = canvas.getContext("2d")!;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
}
