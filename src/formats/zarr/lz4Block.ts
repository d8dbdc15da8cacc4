/** Decoder of LZ4 blocks. */

const shortestMatch = 4;
/** Most bytes that are copied as whole words, which may write past the copy's end; the next sequence overwrites that. */
const longestLiteralWords = 8;
const longestMatchWords = 16;
const longestByteLoop = 32;
/** Bytes before the buffers' ends where no words are copied, so that none is read or written outside. */
const margin = longestLiteralWords + longestMatchWords;

/**
 * Decodes one LZ4 block (lz4_Block_format.md) that must fill `out` exactly. numcodecs' LZ4 passes bytes to WebAssembly one
 * by one, which took more time than all else in reading the challenge's tomograms. Most sequences in them are a match of
 * four bytes after at most one literal, so short copies go by unaligned 32-bit words, of which one or two are always
 * copied: to ask whether they are needed takes longer.
 *
 * @throws Error where a length or an offset leads outside the block or `out`
 */
export function decodeLz4Block(block: Uint8Array, out: Uint8Array): void {
  const source = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const target = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const end = block.length;
  const size = out.length;
  const fastEnd = end - margin;
  const fastSize = size - margin;
  let from = 0;
  let to = 0;
  while (from < end) {
    const token = block[from++]!;
    let literals = token >>> 4;
    let length = token & 15;
    if (literals <= longestLiteralWords && from < fastEnd && to < fastSize) {
      target.setInt32(to, source.getInt32(from, true), true);
      if (literals > 4) target.setInt32(to + 4, source.getInt32(from + 4, true), true);
      from += literals;
      to += literals;
      const offset = source.getUint16(from, true);
      if (length <= longestMatchWords - shortestMatch && offset >= 4 && offset <= to) {
        from += 2;
        const back = to - offset;
        target.setInt32(to, target.getInt32(back, true), true);
        target.setInt32(to + 4, target.getInt32(back + 4, true), true);
        if (length > 4) {
          target.setInt32(to + 8, target.getInt32(back + 8, true), true);
          target.setInt32(to + 12, target.getInt32(back + 12, true), true);
        }
        to += length + shortestMatch;
        continue;
      }
      literals = 0;
    }
    if (literals === 15) {
      let more = 255;
      while (more === 255 && from < end) literals += more = block[from++]!;
    }
    if (literals > 0) {
      if (from + literals > end || to + literals > size) throw broken(from);
      if (literals > longestByteLoop) out.set(block.subarray(from, from + literals), to);
      else for (let i = 0; i < literals; i++) out[to + i] = block[from + i]!;
      from += literals;
      to += literals;
    }
    if (from === end) break;
    if (from + 2 > end) throw broken(from);
    const offset = block[from]! | (block[from + 1]! << 8);
    from += 2;
    if (length === 15) {
      let more = 255;
      while (more === 255 && from < end) length += more = block[from++]!;
    }
    length += shortestMatch;
    if (offset === 0 || offset > to || to + length > size) throw broken(from);
    copyMatch(out, to, offset, length);
    to += length;
  }
  if (to !== size) throw new Error(`LZ4 block decodes to ${to} bytes; wanted ${size}`);
}

/** Copies a match; a match that overlaps its own output repeats it. */
function copyMatch(out: Uint8Array, to: number, offset: number, length: number): void {
  if (offset === 1) out.fill(out[to - 1]!, to, to + length);
  else if (offset >= length && length > longestByteLoop)
    out.copyWithin(to, to - offset, to - offset + length);
  else for (let i = 0; i < length; i++) out[to + i] = out[to + i - offset]!;
}

const broken = (at: number) => new Error(`LZ4 block is broken at byte ${at}`);
