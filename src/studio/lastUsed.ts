/** Values that are kept up to a bound, those that were used last. */

interface Kept<Value> {
  readonly value: Value;
  readonly bytes: number;
}

export class LastUsed<Value> {
  readonly #most: number;
  readonly #kept = new Map<string, Kept<Value>>();
  #bytes = 0;

  /** @param most bytes of all values together; the newest is kept though it has more */
  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): Value | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found.value;
  }

  set(key: string, value: Value, bytes: number): void {
    this.delete(key);
    this.#kept.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#most || oldest === key) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const found = this.#kept.get(key);
    if (found === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= found.bytes;
  }
}
