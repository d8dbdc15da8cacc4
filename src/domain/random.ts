/** Random numbers, the same on every machine. */
import { createHash } from "node:crypto";

/** Source of all chance in pickbench, drawn by (seed, purpose, step) so that a resumed run replays the same draws. */
export interface Random {
  /** Draws 32 random bits, 0 ≤ n < 2³². */
  bits(): number;
  /** Draws uniformly from [0, 1), with 53 bits. */
  uniform(): number;
  /** Draws uniformly from [low, high). */
  between(low: number, high: number): number;
  /** Draws a uniform integer, 0 ≤ n < count. */
  integer(count: number): number;
  /** Draws from the standard normal distribution (Box–Muller). */
  normal(): number;
  /** Shuffles a list in place (Fisher–Yates). */
  shuffle<T>(items: T[]): T[];
}

/**
 * Starts a generator, xoshiro128** 1.1 (Blackman and Vigna, prng.di.unimi.it), whose state is the first 128 bits of
 * SHA-256 over seed, purpose and steps.
 */
export function randomFor(seed: number, purpose: string, ...steps: number[]): Random {
  const digest = createHash("sha256")
    .update([seed, purpose, ...steps].join("/"))
    .digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let d = digest.readUInt32LE(12);
  let spare: number | undefined;

  const bits = (): number => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => ((bits() >>> 5) * 67108864 + (bits() >>> 6)) / 9007199254740992;
  const integer = (count: number): number => Math.floor(uniform() * count);
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return {
    bits,
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    integer,
    normal,
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const kept = items[i]!;
        items[i] = items[j]!;
        items[j] = kept;
      }
      return items;
    },
  };
}
