/** Text that is made as bytes, piece by piece and without strings in between. */
import { mostBytesOfShortest, writeShortest } from "./decimalText.js";

/** Bytes that grow by pieces of text. */
export class ByteText {
  #bytes: Buffer;
  #length = 0;

  /** @param expected length in bytes; where the text becomes longer, what there is of it is copied */
  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(expected);
  }

  piece(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  text(text: string): void {
    this.piece(Buffer.from(text));
  }

  /** Prints a number as `String` does. */
  number(value: number): void {
    this.#makeRoom(mostBytesOfShortest);
    this.#length = writeShortest(value, this.#bytes, this.#length);
  }

  /** Returns the text so far. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #makeRoom(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.bytes());
    this.#bytes = grown;
  }
}
