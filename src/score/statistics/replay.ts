/** Random numbers of resamples, drawn once and replayed: thousands of scores are resampled with the same ones. */
import { type Random, randomFor } from "../../domain/random.js";

/** What draws of gamma and Dirichlet distributions need. */
export type Chance = Pick<Random, "uniform" | "normal">;

/** The first uniform numbers of a resample's generator, and the normal ones that each two of them make. */
interface Tape {
  readonly uniforms: Float64Array;
  /** Box–Muller's pair from the uniforms at a place and after it. */
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

/** Tapes that are kept, the latest used last: some megabytes each. */
const tapes = new Map<string, unknown>();
const mostTapes = 6;

function kept<T>(key: string, make: () => T): T {
  const made = (tapes.get(key) as T | undefined) ?? make();
  tapes.delete(key);
  tapes.set(key, made);
  for (const oldest of tapes.keys()) if (tapes.size > mostTapes) tapes.delete(oldest);
  return made;
}

/** Replays, for one resample after another, exactly what `randomFor(seed, purpose, resample)` would draw. */
export class Replay implements Chance {
  readonly #seed: number;
  readonly #purpose: string;
  readonly #length: number;
  readonly #tape: Tape;
  #resample = 0;
  #start = 0;
  #at = 0;
  /** Place of the pair whose second number comes next; −1 where there is none. */
  #spare = -1;
  /** The generator itself, where a resample draws more than the tape holds. */
  #beyond: Random | undefined;

  /** @param length uniform numbers a resample that are kept */
  constructor(seed: number, purpose: string, resamples: number, length: number) {
    this.#seed = seed;
    this.#purpose = purpose;
    this.#length = length;
    this.#tape = kept(JSON.stringify([seed, purpose, resamples, length]), () =>
      recorded(seed, purpose, resamples, length),
    );
  }

  /** Goes to the beginning of a resample. */
  turnTo(resample: number): void {
    this.#resample = resample;
    this.#start = resample * this.#length;
    this.#at = 0;
    this.#spare = -1;
    this.#beyond = undefined;
  }

  uniform(): number {
    if (this.#at >= this.#length) return this.#generator().uniform();
    return this.#tape.uniforms[this.#start + this.#at++]!;
  }

  normal(): number {
    if (this.#spare >= 0) {
      const value = this.#tape.sines[this.#spare]!;
      this.#spare = -1;
      return value;
    }
    if (this.#at + 1 >= this.#length) return this.#generator().normal();
    const place = this.#start + this.#at;
    this.#at += 2;
    this.#spare = place;
    return this.#tape.cosines[place]!;
  }

  #generator(): Random {
    if (this.#beyond) return this.#beyond;
    this.#beyond = randomFor(this.#seed, this.#purpose, this.#resample);
    for (let drawn = 0; drawn < this.#at; drawn++) this.#beyond.uniform();
    this.#at = this.#length;
    return this.#beyond;
  }
}

function recorded(seed: number, purpose: string, resamples: number, length: number): Tape {
  const uniforms = new Float64Array(resamples * length);
  const cosines = new Float64Array(uniforms.length);
  const sines = new Float64Array(uniforms.length);
  for (let resample = 0; resample < resamples; resample++) {
    const random = randomFor(seed, purpose, resample);
    const start = resample * length;
    for (let i = start; i < start + length; i++) uniforms[i] = random.uniform();
    for (let i = start; i < start + length - 1; i++) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniforms[i]!));
      const angle = 2 * Math.PI * uniforms[i + 1]!;
      sines[i] = radius * Math.sin(angle);
      cosines[i] = radius * Math.cos(angle);
    }
  }
  return { uniforms, cosines, sines };
}

/** Returns, for every resample, as many units with replacement as there are: their numbers, flat. */
export const drawnUnits = (seed: number, purpose: string, resamples: number, units: number): Uint32Array =>
  kept(JSON.stringify([seed, purpose, resamples, units, "units"]), () => {
    const drawn = new Uint32Array(resamples * units);
    for (let resample = 0; resample < resamples; resample++) {
      const random = randomFor(seed, purpose, resample);
      for (let unit = 0; unit < units; unit++) drawn[resample * units + unit] = random.integer(units);
    }
    return drawn;
  });

/** Columns that are kept, the latest used last: 16 kB each. */
const columns = new Map<string, Float64Array>();
const mostColumns = 2000;

/** Returns a draw of the gamma distribution for every resample: columns of equal arguments are drawn once. */
export function gammaColumn(seed: number, purpose: string, resamples: number, shape: number): Float64Array {
  const key = JSON.stringify([seed, purpose, resamples, shape]);
  const made = columns.get(key) ?? drawnColumn(randomFor(seed, purpose), resamples, shape);
  columns.delete(key);
  columns.set(key, made);
  for (const oldest of columns.keys()) if (columns.size > mostColumns) columns.delete(oldest);
  return made;
}

function drawnColumn(random: Random, resamples: number, shape: number): Float64Array {
  const column = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) column[i] = gamma(shape, random);
  return column;
}

/**
 * Draws from the gamma distribution of scale 1 (Marsaglia and Tsang, ACM TOMS 26, 2000, 363–372, with their squeeze); 0 for a
 * shape of 0.
 */
export function gamma(shape: number, random: Chance): number {
  if (shape <= 0) return 0;
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const root = 1 + c * x;
    const v = root * root * root;
    if (v <= 0) continue;
    const u = 1 - random.uniform();
    const square = x * x;
    if (u < 1 - 0.0331 * square * square) return d * v;
    if (Math.log(u) < square * 0.5 + d - d * v + d * Math.log(v)) return d * v;
  }
}
