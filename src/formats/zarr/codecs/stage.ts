/** Codecs of chunks as an ordered list of stages, each of which writes no more than the metadata declare. */
import { PickbenchError } from "../../../system/errors.js";

/** Bytes that a stage decodes to: exactly so many, or at most. */
export interface StageSize {
  readonly bytes: number;
  readonly isExact: boolean;
}

/** A codec from bytes to bytes. */
export interface BytesCodec {
  readonly name: string;
  /**
   * Decodes one stage.
   *
   * @param size of what is decoded; no more may be written
   * @throws Error where the bytes are damaged, or decode to more
   */
  decode(encoded: Uint8Array, size: StageSize): Uint8Array | Promise<Uint8Array>;
  /** Returns the size of the encoded bytes by that of the decoded ones. */
  encodedSize(size: StageSize): StageSize;
}

const slack = 2 ** 16;

/** Returns the most bytes that any compressor makes of so many: none doubles them. */
export const compressedSize = ({ bytes }: StageSize): StageSize => ({
  bytes: 2 * bytes + slack,
  isExact: false,
});

/** Lists the sizes of all stages, from decoded to encoded. */
export function stageSizes(codecs: readonly BytesCodec[], decoded: StageSize): StageSize[] {
  const sizes = [decoded];
  for (const codec of codecs) sizes.push(codec.encodedSize(sizes.at(-1)!));
  return sizes;
}

/**
 * Decodes bytes through codecs, the last one first.
 *
 * @param codecs in the order of encoding
 * @param sizes of all stages, from decoded to encoded
 * @throws Error where a stage is damaged, or decodes to another size than it must
 */
export async function decodeStages(
  encoded: Uint8Array,
  codecs: readonly BytesCodec[],
  sizes: readonly StageSize[],
): Promise<Uint8Array> {
  checkSize("it", encoded.length, sizes.at(-1)!);
  let bytes = encoded;
  for (let stage = codecs.length - 1; stage >= 0; stage--) {
    bytes = await codecs[stage]!.decode(bytes, sizes[stage]!);
    checkSize(codecs[stage]!.name, bytes.length, sizes[stage]!);
  }
  return bytes;
}

/** Checks the size of what a stage decoded to, or states that it will. @throws Error */
export function checkSize(name: string, got: number, { bytes, isExact }: StageSize): void {
  if (got > bytes || (isExact && got !== bytes))
    throw new Error(`${name} has ${got} bytes; wanted ${isExact ? "" : "at most "}${bytes}`);
}

/** Makes the error of a codec, or a way to use it, that is not read. */
export const unsupportedCodec = (path: string, what: string): PickbenchError =>
  new PickbenchError(
    "Unsupported",
    `${path}: ${what} is not read; write the array again with Blosc, gzip or zstd`,
    { path },
  );
