/** Decoder of BloscLZ streams, Blosc's own variant of FastLZ. */

const longestOffset = 8191;
const runHeader = 7;

/**
 * Decodes one BloscLZ stream that must fill `out` exactly (format of FastLZ's level 2 with far matches, as c-blosc reads it).
 *
 * @throws Error where a length or an offset leads outside the stream or `out`
 */
export function decodeBloscLz(stream: Uint8Array, out: Uint8Array): void {
  let from = 0;
  let to = 0;
  const next = (): number => {
    if (from >= stream.length) throw broken(from);
    return stream[from++]!;
  };
  let control = next() & 31;
  for (;;) {
    if (control >= 32) {
      let length = (control >> 5) - 1;
      if (length === runHeader - 1)
        for (let more = 255; more === 255; ) {
          more = next();
          length += more;
        }
      const low = next();
      const high = (control & 31) << 8;
      const isFar = low === 255 && high === 31 << 8;
      const offset = isFar ? longestOffset + ((next() << 8) | next()) : high + low;
      length += 3;
      const start = to - offset - 1;
      if (start < 0 || to + length > out.length) throw broken(from);
      for (let i = 0; i < length; i++) out[to + i] = out[start + i]!;
      to += length;
    } else {
      const length = control + 1;
      if (from + length > stream.length || to + length > out.length) throw broken(from);
      out.set(stream.subarray(from, from + length), to);
      from += length;
      to += length;
    }
    if (from >= stream.length) break;
    control = stream[from++]!;
  }
  if (to !== out.length) throw new Error(`BloscLZ stream decodes to ${to} bytes; wanted ${out.length}`);
}

const broken = (at: number) => new Error(`BloscLZ stream is broken at byte ${at}`);
