/** JSON from outside, as Python's json module writes it. */
import { z } from "zod";
import { type ErrorTag, PickbenchError } from "../system/errors.js";
import { limits } from "../system/limits.js";

/** Where a JSON text comes from, for the message about its first fault. */
interface JsonSource {
  readonly path: string;
  /** The text, as the sentence begins: "picks are", "line 7 is"; by default "the file is". */
  readonly what?: string;
  /** By default BadDataset. */
  readonly tag?: ErrorTag;
  /** Refuses a key that stands twice in one object, where a format forbids it. */
  readonly unique?: boolean;
}

/**
 * Parses JSON as Python's json module reads and writes it: bare `NaN`, `Infinity` and `-Infinity` are these numbers, and
 * of a key that stands twice the last value counts. A key `__proto__` is left out. Time grows linearly with the text.
 *
 * @throws PickbenchError with line and column of the first fault, or for nesting deeper than `limits.jsonDepth`
 */
export function parseJson(text: string, source: JsonSource): unknown {
  return new JsonReader(text, source).document();
}

/** Returns what a text holds that the program wrote itself; undefined where it was cut off, or is none of its own. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const plain = /[ !#-[\]-\uffff]*/y;
const escapes = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const quote = 0x22;
const backslash = 0x5c;
const words: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];

class JsonReader {
  readonly #text: string;
  readonly #source: JsonSource;
  #at: number;
  #depth = 0;

  constructor(text: string, source: JsonSource) {
    this.#text = text;
    this.#source = source;
    this.#at = text.startsWith("\uFEFF") ? 1 : 0;
  }

  document(): unknown {
    const value = this.#value();
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#fault("the end");
    return value;
  }

  #value(): unknown {
    this.#blanks();
    const code = this.#text.charCodeAt(this.#at);
    if (code === quote) return this.#string();
    if (code === 0x7b) return this.#nested(() => this.#object());
    if (code === 0x5b) return this.#nested(() => this.#array());
    if (code >= 0x30 && code <= 0x39) return this.#number();
    for (const [word, value] of words)
      if (code === word.charCodeAt(0) && this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    return this.#number();
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > limits.jsonDepth.most)
      throw this.#error(`nests deeper than ${limits.jsonDepth.most} levels`);
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    if (this.#take(0x7d)) return object;
    for (;;) {
      this.#blanks();
      if (this.#text.charCodeAt(this.#at) !== quote) throw this.#fault("a name in double quotes");
      const name = this.#string();
      if (!this.#take(0x3a)) throw this.#fault(": after the name");
      const value = this.#value();
      if (this.#source.unique && Object.hasOwn(object, name))
        throw this.#error(`ends the second value of ${JSON.stringify(name)}`);
      if (name !== "__proto__") object[name] = value;
      if (this.#take(0x7d)) return object;
      if (!this.#take(0x2c)) throw this.#fault(", or }");
    }
  }

  #array(): unknown[] {
    const array: unknown[] = [];
    if (this.#take(0x5d)) return array;
    for (;;) {
      array.push(this.#value());
      if (this.#take(0x5d)) return array;
      if (!this.#take(0x2c)) throw this.#fault(", or ]");
    }
  }

  #number(): number {
    const start = this.#at;
    number.lastIndex = start;
    if (!number.test(this.#text)) throw this.#fault("a value");
    this.#at = number.lastIndex;
    return Number(this.#text.slice(start, this.#at));
  }

  #string(): string {
    const opened = this.#at;
    let end = this.#skip(plain, opened + 1);
    const isPlain = this.#text.charCodeAt(end) === quote;
    while (this.#text.charCodeAt(end) === backslash) end = this.#skip(plain, this.#skip(escapes, end));
    this.#at = end >= this.#text.length ? opened : end;
    if (end >= this.#text.length) throw this.#error("opens a text that no quote closes");
    if (this.#text.charCodeAt(end) !== quote) throw this.#fault("text without control characters");
    this.#at++;
    return isPlain
      ? this.#text.slice(opened + 1, end)
      : (JSON.parse(this.#text.slice(opened, this.#at)) as string);
  }

  /** Returns the place after a pattern that must match at `from`. */
  #skip(pattern: RegExp, from: number): number {
    pattern.lastIndex = from;
    if (pattern.test(this.#text)) return pattern.lastIndex;
    this.#at = from;
    throw this.#fault("an escape of JSON");
  }

  #blanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  /** Skips blanks and, where it comes next, this character; says whether it did. */
  #take(code: number): boolean {
    this.#blanks();
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }

  #fault(wanted: string): PickbenchError {
    const rest = this.#text.slice(this.#at, this.#at + 20);
    return this.#error(`has ${rest === "" ? "its end" : JSON.stringify(rest)}, wanted ${wanted}`);
  }

  #error(found: string): PickbenchError {
    const { path, what = "the file is", tag = "BadDataset" } = this.#source;
    const before = this.#text.slice(0, this.#at);
    const line = before.split("\n").length;
    const column = this.#at - before.lastIndexOf("\n");
    return new PickbenchError(
      tag,
      `${path}: ${what} not JSON: line ${line}, column ${column} ${found}: mend the file or write it again`,
      { path },
    );
  }
}

/** Schema of a number that may be absent: of null, and of the NaN and infinities that Python writes, nothing is left. */
export const optionalNumber = z
  .preprocess(
    (value) => (typeof value === "number" && !Number.isFinite(value) ? undefined : value),
    z.number().nullish(),
  )
  .optional();

/**
 * Returns the JSON text of a value, for a file.
 *
 * @throws PickbenchError BadDataset for a number that JSON cannot hold, where arithmetic has overflowed: it would be null
 */
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (key, part: unknown) => {
      if (typeof part !== "number" || Number.isFinite(part)) return part;
      throw new PickbenchError(
        "BadDataset",
        `${key} to be written is ${part}, too large for a number; correct the positions, or --spacing and --size`,
      );
    },
    indent,
  );
}
