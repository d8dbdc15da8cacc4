/** Decoder of Snappy streams. */

/**
 * Decodes one Snappy stream that must fill `out` exactly (google/snappy, format_description.txt).
 *
 * @throws Error where a length or an offset leads outside the stream or `out`
 */
export function decodeSnappy(stream: Uint8Array, out: Uint8Array): void {
  let from = 0;
  let to = 0;
  const number = (bytes: number): number => {
    if (from + bytes > stream.length) throw broken(from);
    let value = 0;
    for (let i = 0; i < bytes; i++) value += stream[from++]! * 2 ** (8 * i);
    return value;
  };
  const stated = varint(() => number(1));
  if (stated !== out.length) throw new Error(`Snappy stream states ${stated} bytes; wanted ${out.length}`);
  while (from < stream.length) {
    const tag = stream[from++]!;
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const length = 1 + (short < 60 ? short : number(short - 59));
      if (from + length > stream.length || to + length > out.length) throw broken(from);
      out.set(stream.subarray(from, from + length), to);
      from += length;
      to += length;
      continue;
    }
    const length = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const offset = kind === 1 ? ((tag >> 5) << 8) + number(1) : number(kind === 2 ? 2 : 4);
    if (offset === 0 || offset > to || to + length > out.length) throw broken(from);
    for (let i = 0; i < length; i++) out[to + i] = out[to + i - offset]!;
    to += length;
  }
  if (to !== out.length) throw new Error(`Snappy stream decodes to ${to} bytes; wanted ${out.length}`);
}

function varint(next: () => number): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = next();
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
  throw broken(0);
}

const broken = (at: number) => new Error(`Snappy stream is broken at byte ${at}`);
