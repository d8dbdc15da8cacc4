/** Lists of numbers that grow, in typed arrays: a mesh's size is known at its end only. */

/** A list of 32-bit floats. */
export class GrowingFloats {
  #values = new Float32Array(3072);
  length = 0;

  add3(a: number, b: number, c: number): void {
    if (this.length + 3 > this.#values.length) {
      const larger = new Float32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = a;
    this.#values[this.length++] = b;
    this.#values[this.length++] = c;
  }

  /** Returns the list, which must not grow any more. */
  finish(): Float32Array {
    return this.#values.subarray(0, this.length);
  }
}

/** A list of whole numbers below 2³¹. */
export class GrowingIntegers {
  /** The numbers, and room behind them. */
  values = new Int32Array(3072);
  length = 0;

  add(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Int32Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  /** Returns the list, which must not grow any more. */
  finish(): Int32Array {
    return this.values.subarray(0, this.length);
  }
}
