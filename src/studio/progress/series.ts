/** A curve that grows: as many points as can be drawn, whatever its length. */

/** Values by step. */
export interface Curve {
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** Values of which each point is the mean; 1 where all are there. */
  readonly mean: number;
}

/** Most points that a curve is kept with; half of them at the least, once there were so many. */
const most = 2000;

/** Keeps the means of ever more neighbouring values. */
export class Series {
  #steps: number[] = [];
  #values: number[] = [];
  #mean = 1;
  /** Values that do not make a point yet. */
  #left = 0;
  #sum = 0;
  #last = 0;

  add(step: number, value: number): void {
    this.#left++;
    this.#sum += value;
    this.#last = step;
    if (this.#left < this.#mean) return;
    this.#steps.push(step);
    this.#values.push(this.#sum / this.#left);
    this.#left = 0;
    this.#sum = 0;
    if (this.#steps.length >= most) this.#halve();
  }

  curve(): Curve {
    const isWhole = this.#left === 0;
    return {
      steps: isWhole ? this.#steps : [...this.#steps, this.#last],
      values: (isWhole ? this.#values : [...this.#values, this.#sum / this.#left]).map(rounded),
      mean: this.#mean,
    };
  }

  #halve(): void {
    const pairs = this.#steps.length / 2;
    this.#values = Array.from(
      { length: pairs },
      (_, at) => (this.#values[2 * at]! + this.#values[2 * at + 1]!) / 2,
    );
    this.#steps = Array.from({ length: pairs }, (_, at) => this.#steps[2 * at + 1]!);
    this.#mean *= 2;
  }
}

/** As many digits as anybody sees. */
export const rounded = (value: number): number => Number(value.toPrecision(6));
