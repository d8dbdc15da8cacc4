/** Dropout masks, drawn from the seed and the step alone, so that every engine trains with the same ones. */
import { product } from "../domain/numbers.js";
import { randomFor } from "../domain/random.js";

/** A dropout of a network in training; `dims` are its mask's sizes, (sample, z, channel, y, x) in every engine. */
export interface Dropout {
  readonly name: string;
  readonly rate: number;
  readonly dims: readonly number[];
}

/** Draws a mask: 0 with probability `rate`, else 1/(1 − rate); sixteen random bits decide each element. */
export function dropoutMask({ name, rate, dims }: Dropout, seed: number, step: number): Float32Array {
  const mask = new Float32Array(product(dims));
  const random = randomFor(seed, `dropout/${name}`, step);
  const kept = 1 / (1 - rate);
  const least = Math.round(rate * 65536);
  for (let at = 0; at < mask.length; at += 2) {
    const bits = random.bits();
    mask[at] = (bits & 65535) < least ? 0 : kept;
    if (at + 1 < mask.length) mask[at + 1] = bits >>> 16 < least ? 0 : kept;
  }
  return mask;
}
