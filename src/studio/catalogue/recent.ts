/** What was computed last, kept as long as there is room. */

/** Keeps values by key up to a size, those that were asked for last. What fails is not kept. */
export class Recent<Value> {
  readonly #kept = new Map<string, { readonly value: Promise<Value>; size: number }>();
  readonly #most: number;
  readonly #sizeOf: (value: Value) => number;
  #size = 0;

  /** @param sizeOf 1 for each value if absent, so that `most` counts them */
  constructor(most: number, sizeOf: (value: Value) => number = () => 1) {
    this.#most = most;
    this.#sizeOf = sizeOf;
  }

  /** Returns the value of a key, made where it is not kept; several who ask at once share one making. */
  get(key: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known.value;
    }
    const entry = { value: make(), size: 0 };
    this.#kept.set(key, entry);
    entry.value.then(
      (value) => {
        if (this.#kept.get(key) !== entry) return;
        entry.size = this.#sizeOf(value);
        this.#size += entry.size;
        this.#shrink();
      },
      () => {
        if (this.#kept.get(key) === entry) this.#kept.delete(key);
      },
    );
    return entry.value;
  }

  clear(): void {
    this.#kept.clear();
    this.#size = 0;
  }

  #shrink(): void {
    for (const [key, { size }] of this.#kept) {
      if (this.#size <= this.#most) return;
      if (size === 0) continue;
      this.#kept.delete(key);
      this.#size -= size;
    }
  }
}
