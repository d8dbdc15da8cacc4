const zero = 0x30;
/** Numbers of up to so many digits take part: their bits fill 125 megabytes at most. */
const mostDigits = 9;

/** Ids met so far: whole numbers in a bit set, so that ten million of them take a megabyte; others as text. */
export class SeenIds {
  #bits = new Uint32Array(1024);
  readonly #others = new Set<string>();
  #latest = -1;

  /** Takes the id at bytes[start] up to bytes[end]. False if it was there already. */
  add(bytes: Buffer, start: number, end: number): boolean {
    return this.readNumber(bytes, start, end) === end
      ? this.addNumber()
      : this.#addText(bytes.toString("latin1", start, end));
  }

  /**
   * Reads the whole number that begins at bytes[start], for `addNumber`. Gives where it ends, which the caller has to look
   * at; −1 where there is none of the kind that is kept as a number.
   */
  readNumber(bytes: Buffer, start: number, end: number): number {
    let value = 0;
    let at = start;
    for (const most = Math.min(end, start + mostDigits); at < most; at++) {
      const digit = bytes[at]! - zero;
      if (digit >>> 0 > 9) break;
      value = value * 10 + digit;
    }
    if (at === start || (bytes[start] === zero && at - start > 1)) return -1;
    this.#latest = value;
    return at;
  }

  #addText(id: string): boolean {
    const size = this.#others.size;
    return this.#others.add(id).size > size;
  }

  /** Takes the number read last. False if it was there already. */
  addNumber(): boolean {
    const value = this.#latest;
    const word = value >>> 5;
    if (word >= this.#bits.length) {
      const grown = new Uint32Array(Math.max(word + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    const bit = 1 << (value & 31);
    if (this.#bits[word]! & bit) return false;
    this.#bits[word]! |= bit;
    return true;
  }
}
