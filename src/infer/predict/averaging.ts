/**
 * Averaging of several networks' predictions. `probabilities` is the linear opinion pool, their weighted mean. `logits` is
 * the logarithmic pool: the weighted mean of logits, which after a softmax is the normalised geometric mean of the
 * probabilities (Genest & Zidek 1986, "Combining probability distributions", Statistical Science 1).
 */
import type { Activation } from "../../engines/activation.js";
import { PickbenchError } from "../../system/errors.js";

/** Ways of averaging: of probabilities or of logits. */
export const averagings = ["probabilities", "logits"] as const;
export type Averaging = (typeof averagings)[number];

/** Facts about a network that averaging needs. */
export interface Averaged {
  readonly activation: Activation;
  /** Type that each output predicts; null for none of the types. */
  readonly channels: readonly (string | null)[];
  /** Weight against the other networks, by default 1. */
  readonly share?: number | undefined;
}

/** Sums, for each type, the shares of the networks that predict the type. */
export function totalShares(networks: readonly Averaged[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { channels, share = 1 } of networks)
    for (const type of channels) if (type !== null) totals.set(type, (totals.get(type) ?? 0) + share);
  return totals;
}

/**
 * Checks that networks output probabilities, so that logits can be averaged.
 *
 * @param named returns a network's name for the message
 * @param advice what to do instead
 * @throws PickbenchError Unsupported where a network's output is no probability and so has no logits
 */
export function checkProbabilities(
  networks: readonly (Averaged & { readonly radii?: unknown })[],
  named: (at: number) => string,
  advice: string,
): void {
  for (const [at, { activation, radii }] of networks.entries()) {
    if (activation !== "none" && !radii) continue;
    const gives = radii ? "votes for centres" : "heat maps";
    throw new PickbenchError(
      "Unsupported",
      `${named(at)} gives ${gives}, which are no probabilities and have no logits; ${advice}`,
    );
  }
}

/** Least probability, and least distance from 1, that is distinguished: half the step of 32-bit floats below 1. */
const leastOfFloats = 2 ** -24;

/**
 * Pool that sums the networks' outputs of one tile and returns the pooled probabilities. Where all are softmax networks,
 * the classes are the types and "none", whose geometric means are divided by their sum; else each type is pooled alone,
 * against its complement. Memory: one float a voxel and class.
 */
export class LogitPool {
  /** Channels of the pooled maps: each type, and null for "none" where the classes exclude each other. */
  readonly channels: readonly (string | null)[];
  readonly #networks: readonly Averaged[];
  readonly #totals: ReadonlyMap<string, number>;
  readonly #allShares: number;
  readonly #isJoint: boolean;
  readonly #least: number;
  #sums: Float32Array = new Float32Array(0);

  /** @param least probabilities below this are not distinguished */
  constructor(types: readonly string[], networks: readonly Averaged[], least: number = leastOfFloats) {
    this.#networks = networks;
    this.#totals = totalShares(networks);
    this.#allShares = networks.reduce((sum, { share = 1 }) => sum + share, 0);
    this.#isJoint = networks.every(({ activation }) => activation === "softmax");
    this.channels = this.#isJoint ? [...types, null] : types;
    this.#least = least;
  }

  /**
   * Adds the output (planes, channels, plane) of the network with index `place`.
   *
   * @param planes count of planes
   */
  add(place: number, output: Float32Array, planes: number): void {
    const { channels, share = 1 } = this.#networks[place]!;
    const plane = output.length / planes / channels.length;
    const size = planes * this.channels.length * plane;
    if (this.#sums.length !== size) this.#sums = new Float32Array(size);
    const none = new Float32Array(plane);
    for (let z = 0; z < planes; z++) {
      none.fill(0);
      for (const [channel, type] of channels.entries()) {
        const from = output.subarray((z * channels.length + channel) * plane).subarray(0, plane);
        if (type === null) for (let i = 0; i < plane; i++) none[i]! += from[i]!;
        else this.#addTo(z, this.channels.indexOf(type), from, share / this.#totals.get(type)!);
      }
      if (this.#isJoint) this.#addTo(z, this.channels.indexOf(null), none, share / this.#allShares);
    }
  }

  #addTo(z: number, output: number, from: Float32Array, weight: number): void {
    const least = this.#least;
    const most = 1 - least;
    const sums = this.#planeOf(z, output, from.length);
    if (this.#isJoint)
      for (let i = 0; i < from.length; i++) sums[i]! += weight * Math.log(clamp(from[i]!, least, 1));
    else
      for (let i = 0; i < from.length; i++) {
        const value = clamp(from[i]!, least, most);
        sums[i]! += weight * (Math.log(value) - Math.log1p(-value));
      }
  }

  #planeOf(z: number, output: number, plane: number): Float32Array {
    const start = (z * this.channels.length + output) * plane;
    return this.#sums.subarray(start, start + plane);
  }

  /** Returns the pooled probabilities (planes, channels, plane) and empties the pool for the next tile. */
  take(planes: number): Float32Array {
    const pooled = this.#sums;
    this.#sums = new Float32Array(0);
    if (!this.#isJoint) {
      for (let i = 0; i < pooled.length; i++) pooled[i] = 1 / (1 + Math.exp(-pooled[i]!));
      return pooled;
    }
    const plane = pooled.length / planes / this.channels.length;
    const size = plane * this.channels.length;
    for (let start = 0; start < pooled.length; start += size)
      normalise(pooled.subarray(start, start + size), plane);
    return pooled;
  }
}

/** Clamps a value; NaN stays, so that it is noticed. */
const clamp = (value: number, least: number, most: number): number =>
  value < least ? least : value > most ? most : value;

/** Turns logarithms of the classes, plane by plane, into shares that sum to 1 in every voxel. */
function normalise(maps: Float32Array, plane: number): void {
  for (let i = 0; i < plane; i++) {
    let sum = 0;
    for (let at = i; at < maps.length; at += plane) sum += Math.exp(maps[at]!);
    for (let at = i; at < maps.length; at += plane) maps[at] = Math.exp(maps[at]!) / sum;
  }
}
