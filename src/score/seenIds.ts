const [zero, nine] = [0x30, 0x39];
/** Numbers of up to so many digits take part: their bits fill 125 megabytes at most. */
const mostDigits = 9;

/** Ids met so far: whole numbers in a bit set, so that ten million of them take a megabyte; others as text. */
export class SeenIds {
  #bits = new Uint32Array(1024);
  readonly #others = new Set<string>();

  /** Takes the id at bytes[start] up to bytes[end]. False if it was there already. */
  add(bytes: Buffer, start: number, end: number): boolean {
    const value = wholeNumber(bytes, start, end);
    return value < 0 ? this.#addText(bytes.toString("latin1", start, end)) : this.#addNumber(value);
  }

  #addText(id: string): boolean {
    const size = this.#others.size;
    return this.#others.add(id).size > size;
  }

  #addNumber(value: number): boolean {
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

/** The whole number as it is mostly written, without leading zeros; −1 for every other text. */
function wholeNumber(bytes: Buffer, start: number, end: number): number {
  if (end - start > mostDigits || (bytes[start] === zero && end - start > 1)) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < zero || byte > nine) return -1;
    value = value * 10 + (byte - zero);
  }
  return value;
}
