/** Names and ids read from a CSV's bytes: each name decoded once, each id seen at most once. */

const [comma, space] = [0x2c, 0x20];

/** A known name and its bytes. */
interface Met {
  readonly bytes: Buffer;
  readonly name: string;
  /** The name that followed last time: rows that alternate between names do so in the same order. */
  next: Met | undefined;
}

/** Names read so far, each decoded once. Equal names are one string, so that looking them up stays cheap. */
export class Names {
  readonly #met = new Map<number, Met[]>();
  #latest: Met = { bytes: Buffer.alloc(0), name: "", next: undefined };

  /** Name that was read last. */
  get latest(): string {
    return this.#latest.name;
  }

  /** Reads the name at bytes[start, end). */
  read(bytes: Buffer, start: number, end: number): string {
    if (this.#latest.bytes.length !== end - start || !this.#latestStandsAt(bytes, start, end))
      this.#latest = this.#find(bytes, start, end);
    return this.#latest.name;
  }

  /** Reads the name from bytes[start] to a comma; returns the comma's place, −1 where there is none or a blank. */
  readPlain(bytes: Buffer, start: number, end: number): number {
    const latest = this.#latest;
    if (isField(latest.bytes, bytes, start, end)) return start + latest.bytes.length;
    const { next } = latest;
    if (next !== undefined && isField(next.bytes, bytes, start, end)) {
      this.#latest = next;
      return start + next.bytes.length;
    }
    let nameEnd = start;
    while (nameEnd < end && bytes[nameEnd]! > space && bytes[nameEnd] !== comma) nameEnd++;
    if (nameEnd === start || nameEnd === end || bytes[nameEnd] !== comma) return -1;
    latest.next = this.#latest = this.#find(bytes, start, nameEnd);
    return nameEnd;
  }

  #latestStandsAt(bytes: Buffer, start: number, end: number): boolean {
    return standsAt(this.#latest.bytes, bytes, start, end);
  }

  #find(bytes: Buffer, start: number, end: number): Met {
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    const alike = this.#met.get(hash) ?? [];
    const known = alike.find(
      (met) => met.bytes.length === end - start && standsAt(met.bytes, bytes, start, end),
    );
    if (known) return known;
    const added = {
      bytes: Buffer.from(bytes.subarray(start, end)),
      name: bytes.toString("utf8", start, end),
      next: undefined,
    };
    this.#met.set(hash, [...alike, added]);
    return added;
  }
}

/** Tells whether the bytes from `start` on are the name and a comma. */
function isField(name: Buffer, bytes: Buffer, start: number, end: number): boolean {
  const at = start + name.length;
  return name.length > 0 && at < end && bytes[at] === comma && standsAt(name, bytes, start, end);
}

/** Tells whether the bytes from `start` on begin with the name. Names differ at their end, which is compared first. */
function standsAt(name: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (name.length > end - start) return false;
  for (let i = name.length - 1; i >= 0; i--) if (name[i] !== bytes[start + i]) return false;
  return true;
}

const zero = 0x30;
/** Most digits of an id that is kept as a number: the bit set then takes 125 megabytes at most. */
const mostDigits = 9;

/** Ids read so far: whole numbers in a bit set, of which ten million take a megabyte, others as text. */
export class SeenIds {
  #bits = new Uint32Array(1024);
  readonly #others = new Set<string>();
  #latest = -1;

  /** Adds the id at bytes[start, end); returns false for an id seen before. */
  add(bytes: Buffer, start: number, end: number): boolean {
    return this.readNumber(bytes, start, end) === end
      ? this.addNumber()
      : this.#addText(bytes.toString("latin1", start, end));
  }

  /**
   * Reads the whole number that begins at bytes[start], for `addNumber`. Returns the place where the number ends, which the
   * caller must check; −1 where there is none that is kept as a number.
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

  /** Adds the number that was read last; returns false for a number seen before. */
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
