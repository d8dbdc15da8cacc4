/**
 * How several networks become one prediction. `probabilities` is the linear opinion pool, their weighted mean. `logits`
 * is the logarithmic one: the weighted mean of logits, which after a softmax is the normalised geometric mean of the
 * probabilities (Genest & Zidek 1986, "Combining probability distributions", Statistical Science 1).
 */
import type { Activation } from "../../engines/activation.js";
import { PickbenchError } from "../../system/errors.js";

export const averagings = ["probabilities", "logits"] as const;
export type Averaging = (typeof averagings)[number];

/** What averaging has to know of a network. */
export interface Averaged {
  readonly activation: Activation;
  /** Per output: the type that it predicts; null is none of them. */
  readonly channels: readonly (string | null)[];
  /** How much it counts against the others; 1 if absent. */
  readonly share?: number | undefined;
}

/** What all networks that predict a type count together; one that does not predict it does not count there. */
export function totalShares(networks: readonly Averaged[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { channels, share = 1 } of networks)
    for (const type of channels) if (type !== null) totals.set(type, (totals.get(type) ?? 0) + share);
  return totals;
}

/**
 * @param named what to call each network in a message
 * @param advice what to do where one is refused
 * @throws Unsupported where a network's output is no probability, so that it has no logits
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

/** The least probability, and the least distance from 1, that is told apart: half of what 32-bit floats do below 1. */
const leastOfFloats = 2 ** -24;

/**
 * Adds up what networks say of one tile and gives the pooled probabilities. Where all are softmax networks, classes are
 * the types and none of them, whose geometric means are divided by their sum; else each type stands alone against the
 * rest. Memory: one float a voxel and class.
 */
export class LogitPool {
  /** Of the pooled maps: each type, and null for none of them where classes exclude each other. */
  readonly channels: readonly (string | null)[];
  readonly #networks: readonly Averaged[];
  readonly #totals: ReadonlyMap<string, number>;
  readonly #allShares: number;
  readonly #isJoint: boolean;
  readonly #least: number;
  #sums: Float32Array = new Float32Array(0);

  /** @param least below this probabilities are not told apart */
  constructor(types: readonly string[], networks: readonly Averaged[], least: number = leastOfFloats) {
    this.#networks = networks;
    this.#totals = totalShares(networks);
    this.#allShares = networks.reduce((sum, { share = 1 }) => sum + share, 0);
    this.#isJoint = networks.every(({ activation }) => activation === "softmax");
    this.channels = this.#isJoint ? [...types, null] : types;
    this.#least = least;
  }

  /**
   * Adds what the network in that place says: (planes, channels, plane).
   *
   * @param planes how many
   */
  add(place: number, said: Float32Array, planes: number): void {
    const { channels, share = 1 } = this.#networks[place]!;
    const plane = said.length / planes / channels.length;
    const size = planes * this.channels.length * plane;
    if (this.#sums.length !== size) this.#sums = new Float32Array(size);
    const none = new Float32Array(plane);
    for (let z = 0; z < planes; z++) {
      none.fill(0);
      for (const [channel, type] of channels.entries()) {
        const from = said.subarray((z * channels.length + channel) * plane).subarray(0, plane);
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

  /** The pooled probabilities: (planes, channels, plane). The array is this pool's; the next tile begins anew. */
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

/** Keeps what is no number, so that it is noticed. */
const clamp = (value: number, least: number, most: number): number =>
  value < least ? least : value > most ? most : value;

/** Logarithms of several classes' planes to shares that add up to 1 in every voxel. */
function normalise(maps: Float32Array, plane: number): void {
  for (let i = 0; i < plane; i++) {
    let sum = 0;
    for (let at = i; at < maps.length; at += plane) sum += Math.exp(maps[at]!);
    for (let at = i; at < maps.length; at += plane) maps[at] = Math.exp(maps[at]!) / sum;
  }
}
