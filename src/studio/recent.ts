/** What was computed last, kept as long as there is room; several who ask at once share one computation. */
import { LastUsed } from "./lastUsed.js";

/** Keeps values by key up to a size. What fails is not kept. */
export class Recent<Value> {
  readonly #most: number;
  readonly #sizeOf: (value: Value) => number;
  #kept: LastUsed<{ readonly value: Value }>;
  #making = new Map<string, Promise<Value>>();

  /** @param sizeOf 1 for each value if absent, so that `most` counts them */
  constructor(most: number, sizeOf: (value: Value) => number = () => 1) {
    this.#most = most;
    this.#sizeOf = sizeOf;
    this.#kept = new LastUsed(most);
  }

  /** Returns the value of a key, made where it is not kept. */
  async get(key: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.#kept.get(key);
    if (known) return known.value;
    const [kept, making] = [this.#kept, this.#making];
    const begun = making.get(key) ?? make();
    making.set(key, begun);
    try {
      const value = await begun;
      kept.set(key, { value }, this.#sizeOf(value));
      return value;
    } finally {
      making.delete(key);
    }
  }

  clear(): void {
    this.#kept = new LastUsed(this.#most);
    this.#making = new Map();
  }
}
