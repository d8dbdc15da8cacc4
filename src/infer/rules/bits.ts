/** A yes or no for each voxel of a volume, eight voxels a byte, in memory that threads share. */
import type { Shape3 } from "../../domain/volume.js";
import { sharedBytes } from "../../formats/sharedFloats.js";

/** Bits of a volume (z, y, x); every row along x begins with a byte of its own. */
export interface Bits {
  readonly bytes: Uint8Array;
  readonly shape: Shape3;
  /** Bytes of a row. */
  readonly rowBytes: number;
}

/** Makes bits that are all off, or all on. */
export function makeBits(shape: Shape3, isOn = false): Bits {
  const rowBytes = Math.ceil(shape[2] / 8);
  const bytes = sharedBytes(shape[0] * shape[1] * rowBytes);
  if (isOn) bytes.fill(255);
  return { bytes, shape, rowBytes };
}

/** Sets the bits of slices from `zStart` on to whether a voxel of those slices passes a test. */
export function setSlab(
  { bytes, shape, rowBytes }: Bits,
  zStart: number,
  values: Float32Array,
  passes: (value: number, index: number) => boolean,
): void {
  const width = shape[2];
  const rows = values.length / width;
  let at = zStart * shape[1] * rowBytes;
  for (let row = 0; row < rows; row++, at += rowBytes) {
    for (let x = 0; x < width; x += 8) {
      const first = row * width + x;
      const last = Math.min(8, width - x);
      let byte = 0;
      for (let bit = 0; bit < last; bit++) if (passes(values[first + bit]!, first + bit)) byte |= 1 << bit;
      bytes[at + (x >> 3)] = byte;
    }
  }
}

/** Sets the values of slices from `zStart` on to 0 where their bit is off, in place. */
export function clearWhereOff({ bytes, shape, rowBytes }: Bits, zStart: number, values: Float32Array): void {
  const width = shape[2];
  const rows = values.length / width;
  let at = zStart * shape[1] * rowBytes;
  for (let row = 0; row < rows; row++, at += rowBytes)
    for (let x = 0; x < width; x += 8) {
      const byte = bytes[at + (x >> 3)]!;
      if (byte === 255) continue;
      const first = row * width + x;
      const last = Math.min(8, width - x);
      for (let bit = 0; bit < last; bit++) if ((byte & (1 << bit)) === 0) values[first + bit] = 0;
    }
}

/** Returns bits that are on where both are. */
export function bothOn(a: Bits, b: Bits | undefined): Bits {
  const both = makeBits(a.shape);
  for (let i = 0; i < both.bytes.length; i++) both.bytes[i] = a.bytes[i]! & (b ? b.bytes[i]! : 255);
  return both;
}

/** Turns bits off where the others are off, or, with `isInverse`, where they are on. */
export function keepWhere(bits: Bits, others: Bits, isInverse: boolean): void {
  const flip = isInverse ? 255 : 0;
  for (let i = 0; i < bits.bytes.length; i++) bits.bytes[i] = bits.bytes[i]! & (others.bytes[i]! ^ flip);
}
