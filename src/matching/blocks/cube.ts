/** Filters of small cubes by weights of their frequencies, in pffft's memory. */
import { Lines } from "./pffft.js";

/** Real cubes of one edge, two at a time, multiplied by real and even weights in frequency space. */
export class CubeFilter {
  readonly edge: number;
  readonly #lines: Lines;
  readonly #weights: Float32Array;
  readonly #cube: number;
  readonly #column: number;

  private constructor(lines: Lines, edge: number, weights: Float32Array) {
    this.edge = edge;
    this.#lines = lines;
    this.#weights = weights.map((weight) => weight / edge ** 3);
    this.#cube = lines.allocate(edge ** 3);
    this.#column = lines.allocate(edge);
    lines.prepare(edge);
  }

  /** @param edge that pffft takes @param weights of each frequency, z slowest, the same at k and −k */
  static async open(edge: number, weights: Float32Array): Promise<CubeFilter> {
    return new CubeFilter(await Lines.open(), edge, weights);
  }

  close(): void {
    this.#lines.close();
  }

  /** Filters two real cubes in place. */
  filter(first: Float32Array, second: Float32Array): void {
    const [from, count] = [2 * this.#cube, this.edge ** 3];
    const { floats } = this.#lines;
    for (let at = 0; at < count; at++) {
      floats[from + 2 * at] = first[at]!;
      floats[from + 2 * at + 1] = second[at]!;
    }
    this.#transform("forwards");
    for (let at = 0; at < count; at++) {
      const weight = this.#weights[at]!;
      floats[from + 2 * at] = floats[from + 2 * at]! * weight;
      floats[from + 2 * at + 1] = floats[from + 2 * at + 1]! * weight;
    }
    this.#transform("backwards");
    for (let at = 0; at < count; at++) {
      first[at] = floats[from + 2 * at]!;
      second[at] = floats[from + 2 * at + 1]!;
    }
  }

  #transform(way: "forwards" | "backwards"): void {
    const { edge } = this;
    for (let line = 0; line < edge * edge; line++) this.#lines.transform(edge, this.#cube + line * edge, way);
    this.#strided(edge, way);
    this.#strided(edge * edge, way);
  }

  #strided(stride: number, way: "forwards" | "backwards"): void {
    const { edge } = this;
    const { pairs } = this.#lines;
    for (let line = 0; line < edge * edge; line++) {
      const group = Math.floor(line / stride);
      const start = this.#cube + group * stride * edge + (line - group * stride);
      for (let i = 0; i < edge; i++) pairs[this.#column + i] = pairs[start + i * stride]!;
      this.#lines.transform(edge, this.#column, way);
      for (let i = 0; i < edge; i++) pairs[start + i * stride] = pairs[this.#column + i]!;
    }
  }
}
