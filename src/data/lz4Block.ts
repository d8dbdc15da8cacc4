const shortestMatch = 4;
const longestByteLoop = 32;

/**
 * Decodes one LZ4 block (lz4_Block_format.md) that must fill `out` exactly. It stands here because numcodecs' LZ4 hands
 * every byte to WebAssembly one by one, which took more time than all else in reading the challenge's tomograms.
 *
 * @throws Error where a length or an offset leads outside the block or `out`
 */
export function decodeLz4Block(block: Uint8Array, out: Uint8Array): void {
  const end = block.length;
  let from = 0;
  let to = 0;
  while (from < end) {
    const token = block[from++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && from < end) literals += more = block[from++]!;
    }
    if (from + literals > end || to + literals > out.length) throw broken(from);
    if (literals > longestByteLoop) out.set(block.subarray(from, from + literals), to);
    else for (let i = 0; i < literals; i++) out[to + i] = block[from + i]!;
    from += literals;
    to += literals;
    if (from === end) break;
    if (from + 2 > end) throw broken(from);
    const offset = block[from]! | (block[from + 1]! << 8);
    from += 2;
    let length = token & 15;
    if (length === 15) {
      let more = 255;
      while (more === 255 && from < end) length += more = block[from++]!;
    }
    length += shortestMatch;
    if (offset === 0 || offset > to || to + length > out.length) throw broken(from);
    if (offset === 1) out.fill(out[to - 1]!, to, to + length);
    else if (offset >= length && length > longestByteLoop)
      out.copyWithin(to, to - offset, to - offset + length);
    else for (let i = 0; i < length; i++) out[to + i] = out[to + i - offset]!;
    to += length;
  }
  if (to !== out.length) throw new Error(`LZ4 block decodes to ${to} bytes; wanted ${out.length}`);
}

const broken = (at: number) => new Error(`LZ4 block is broken at byte ${at}`);
