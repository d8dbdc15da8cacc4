/** Decoding of bzip2, block by block, in memory of one block however many streams there are. */
import { createRequire } from "node:module";

/** The parts of unbzip2-stream, whose own stream makes a list of numbers of each block and new memory for each stream. */
interface Parts {
  header(bits: BitReader): number;
  decompress(
    bits: BitReader,
    write: (byte: number) => void,
    work: Int32Array,
    workSize: number,
    checksum: number,
  ): number | null;
}
interface BitReader {
  (count: number | null): number | undefined;
  readonly bytesRead: number;
}

/** Bytes of a block for each step of the size that a stream states, which is 1 to 9. */
const blockStep = 100_000;
/** Most streams without bytes, which an empty input makes; each costs work and gives nothing. */
const mostEmpty = 100;

/** Reads concatenated bzip2 streams, part by part. */
export class Bzip2Reader {
  readonly #parts: Parts;
  readonly #bits: BitReader;
  readonly #write: (byte: number) => void;
  #work = new Int32Array(0);
  #blockSize = 0;
  #checksum = 0;
  #blocks = 0;
  #empty = 0;

  /**
   * @param next gives the next bytes, and throws where there are none
   * @param write takes each decoded byte, and may throw
   */
  constructor(next: () => Uint8Array, write: (byte: number) => void) {
    const require = createRequire(import.meta.url);
    this.#parts = require("unbzip2-stream/lib/bzip2") as Parts;
    this.#bits = (require("unbzip2-stream/lib/bit_iterator") as (next: () => Uint8Array) => BitReader)(next);
    this.#write = write;
  }

  /** Bytes that were taken from the input. */
  get bytesRead(): number {
    return this.#bits.bytesRead;
  }

  /** Whether a stream has begun that has not ended. */
  get isInside(): boolean {
    return this.#blockSize > 0;
  }

  /** Most bytes of the input that the next part can take. */
  get mostOfPart(): number {
    return this.isInside ? 25_000 + this.#blockSize : 4;
  }

  /**
   * Reads the next part: a stream's header, a block, or a stream's end.
   *
   * @throws Error where the input is damaged, or holds very many streams without bytes
   */
  readPart(): void {
    if (!this.isInside) {
      this.#blockSize = blockStep * this.#parts.header(this.#bits);
      if (this.#work.length < this.#blockSize) this.#work = new Int32Array(this.#blockSize);
      this.#checksum = 0;
      this.#blocks = 0;
      return;
    }
    const sum = this.#parts.decompress(this.#bits, this.#write, this.#work, this.#blockSize, this.#checksum);
    if (sum !== null) {
      this.#checksum = sum;
      this.#blocks++;
      return;
    }
    this.#blockSize = 0;
    if (this.#blocks === 0 && ++this.#empty > mostEmpty)
      throw new Error(`bzip2 has more than ${mostEmpty} streams without bytes`);
  }
}
