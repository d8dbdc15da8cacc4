/** Random numbers of resamples, drawn once and replayed: thousands of scores are resampled with the same ones. */
import { type Random, randomFor } from "../../domain/random.js";

/** What was made lately, by key; what was used longest ago is given up first. */
class Kept<T> {
  readonly #made = new Map<string, T>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, make: () => T): T {
    const made = this.#made.get(key) ?? make();
    this.#made.delete(key);
    this.#made.set(key, made);
    if (this.#made.size > this.#most) this.#made.delete(this.#made.keys().next().value!);
    return made;
  }
}

/** Gamma distributions of scale 1 that are drawn from one after another. */
export interface Gammas {
  readonly shapes: Float64Array;
  /** Marsaglia and Tsang's d, of the shape + 1 where that is below 1; 0 for a shape of 0. */
  readonly d: Float64Array;
  /** Their c. */
  readonly c: Float64Array;
}

export function gammasOf(shapes: Float64Array): Gammas {
  const d = new Float64Array(shapes.length);
  const c = new Float64Array(shapes.length);
  for (let i = 0; i < shapes.length; i++) {
    const shape = shapes[i]!;
    d[i] = shape > 0 ? (shape < 1 ? shape + 1 : shape) - 1 / 3 : 0;
    c[i] = 1 / Math.sqrt(9 * d[i]!);
  }
  return { shapes, d, c };
}

/** Most uniform numbers that a try at a draw takes: two for a normal one, one to accept it, one for a shape below 1. */
const mostOfATry = 4;

/** The first uniform numbers of a generator, and the normal ones that each two of them make, from which gammas are drawn. */
class Tape {
  readonly #start: () => Random;
  #uniforms = new Float64Array();
  /** Box–Muller's pair from the uniforms at a place and after it. */
  #cosines = new Float64Array();
  #sines = new Float64Array();

  /** @param start starts the generator that is recorded */
  constructor(start: () => Random, length: number) {
    this.#start = start;
    this.#record(length);
  }

  #record(length: number): void {
    const random = this.#start();
    this.#uniforms = new Float64Array(length);
    this.#cosines = new Float64Array(length);
    this.#sines = new Float64Array(length);
    for (let i = 0; i < length; i++) this.#uniforms[i] = random.uniform();
    for (let i = 0; i < length - 1; i++) {
      const radius = Math.sqrt(-2 * Math.log(1 - this.#uniforms[i]!));
      const angle = 2 * Math.PI * this.#uniforms[i + 1]!;
      this.#sines[i] = radius * Math.sin(angle);
      this.#cosines[i] = radius * Math.cos(angle);
    }
  }

  /**
   * Draws each gamma once, from the beginning of the tape (Marsaglia and Tsang, ACM TOMS 26, 2000, 363–372, with their
   * squeeze); 0 for a shape of 0. A tape that is too short is recorded at twice its length.
   */
  draw(gammas: Gammas, drawn: Float64Array): void {
    while (!this.#replay(gammas, drawn)) this.#record(2 * this.#uniforms.length);
  }

  /** Draws each gamma once; returns whether the tape sufficed. */
  #replay({ shapes, d, c }: Gammas, drawn: Float64Array): boolean {
    const [uniforms, cosines, sines] = [this.#uniforms, this.#cosines, this.#sines];
    const end = uniforms.length - mostOfATry;
    let at = 0;
    /** Place of the pair whose second number comes next; −1 where there is none. */
    let spare = -1;
    for (let i = 0; i < drawn.length; i++) {
      const di = d[i]!;
      const ci = c[i]!;
      let v = 0;
      for (let isDrawn = di === 0; !isDrawn; ) {
        if (at > end) return false;
        let x: number;
        if (spare < 0) {
          x = cosines[at]!;
          spare = at;
          at += 2;
        } else {
          x = sines[spare]!;
          spare = -1;
        }
        const root = 1 + ci * x;
        v = root * root * root;
        if (v <= 0) continue;
        const u = 1 - uniforms[at++]!;
        const square = x * x;
        isDrawn =
          u < 1 - 0.0331 * square * square || Math.log(u) < square * 0.5 + di - di * v + di * Math.log(v);
      }
      drawn[i] = di * v;
      const shape = shapes[i]!;
      if (shape > 0 && shape < 1) drawn[i]! *= (1 - uniforms[at++]!) ** (1 / shape);
    }
    return true;
  }
}

const tapes = new Kept<readonly Tape[]>(6);

/** Returns the tapes of resamples, whose generators are `randomFor(seed, purpose, resample)`: some megabytes. */
export const tapesOf = (seed: number, purpose: string, resamples: number, length: number): readonly Tape[] =>
  tapes.get(JSON.stringify([seed, purpose, resamples, length]), () =>
    Array.from(
      { length: resamples },
      (_, resample) => new Tape(() => randomFor(seed, purpose, resample), length),
    ),
  );

const drawings = new Kept<Uint32Array>(6);

/** Returns, for every resample, as many units with replacement as there are: their numbers, flat. */
export const drawnUnits = (seed: number, purpose: string, resamples: number, units: number): Uint32Array =>
  drawings.get(JSON.stringify([seed, purpose, resamples, units]), () => {
    const drawn = new Uint32Array(resamples * units);
    for (let resample = 0; resample < resamples; resample++) {
      const random = randomFor(seed, purpose, resample);
      for (let unit = 0; unit < units; unit++) drawn[resample * units + unit] = random.integer(units);
    }
    return drawn;
  });

/** Resamples of units, each draw kept once: of few units often the same ones are drawn, in another order. */
export interface Draws {
  /** Count of the different draws. */
  readonly length: number;
  /** Numbers of the units, as many a draw as there are, flat. */
  readonly units: Uint32Array;
  /** Number of the draw that each resample is. */
  readonly of: Uint32Array;
}

const differing = new Kept<Draws>(6);

/** Returns the resamples of `drawnUnits` as their different draws. */
export const differentDraws = (seed: number, purpose: string, resamples: number, units: number): Draws =>
  differing.get(JSON.stringify([seed, purpose, resamples, units]), () => {
    const drawn = drawnUnits(seed, purpose, resamples, units);
    const places = new Map<string, number>();
    const of = new Uint32Array(resamples);
    const different = new Uint32Array(drawn.length);
    for (let resample = 0; resample < resamples; resample++) {
      const draw = drawn.slice(resample * units, (resample + 1) * units).sort();
      const key = draw.join();
      const place = places.get(key) ?? places.size;
      places.set(key, place);
      different.set(draw, place * units);
      of[resample] = place;
    }
    return { length: places.size, units: different.slice(0, places.size * units), of };
  });

/** Tapes of whole columns, some 100 kB each. */
const columnTapes = new Kept<Tape>(32);

/** Columns, 16 kB each. */
const columns = new Kept<Float64Array>(2000);

/** Returns a draw of the gamma distribution for every resample: columns of equal arguments are drawn once. */
export function gammaColumn(seed: number, purpose: string, resamples: number, shape: number): Float64Array {
  return columns.get(`${seed} ${resamples} ${shape} ${purpose}`, () => {
    const column = new Float64Array(resamples);
    const tape = columnTapes.get(
      `${seed} ${resamples} ${purpose}`,
      () => new Tape(() => randomFor(seed, purpose), Math.ceil(2.2 * resamples) + mostOfATry),
    );
    tape.draw(gammasOf(new Float64Array(resamples).fill(shape)), column);
    return column;
  });
}
