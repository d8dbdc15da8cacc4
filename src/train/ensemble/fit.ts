/**
 * Weights on the simplex that maximise the likelihood of the pooled prediction at sampled voxels: stacking (Wolpert
 * 1992; van der Laan et al. 2007, "Super Learner") by exponentiated gradient descent (Kivinen & Warmuth 1997,
 * Information and Computation 132), which keeps weights positive and their sum 1.
 */
import type { Averaging } from "../../infer/predict/averaging.js";

/** Sampled voxels of one type: each member's prediction, and whether a voxel lies in a particle. */
export interface TypeSample {
  /** Per member, a probability for each voxel; null where the member does not predict the type. */
  readonly said: readonly (Float32Array | null)[];
  /** 1 in a particle, else 0. */
  readonly labels: Uint8Array;
  /** Weight of the type among all types. */
  readonly weight: number;
}

const mostSteps = 300;
const leastGain = 1e-7;
/** Least weight; a member below it costs more time than it is worth. */
const leastWeight = 0.02;
/** Half of the smallest difference between stored probabilities. */
const least = 0.5 / 65535;

/**
 * Minimises the cross-entropy of the pooled probabilities. For each type, voxels in particles count half together, all
 * others the other half.
 *
 * @returns the weight of each member; the sum is 1
 */
export function fitWeights(samples: readonly TypeSample[], members: number, averaging: Averaging): number[] {
  const known = samples.map((sample) => prepared(sample, averaging));
  let weights = new Array<number>(members).fill(1 / members);
  let at = lossAt(known, weights, averaging);
  for (let step = 0, rate = 1; step < mostSteps && rate > 1e-6; step++) {
    const next = moved(weights, at.gradient, rate);
    const there = lossAt(known, next, averaging);
    if (!(there.loss < at.loss)) {
      rate /= 2;
      continue;
    }
    const gain = at.loss - there.loss;
    weights = next;
    at = there;
    if (gain < leastGain) break;
    rate *= 1.2;
  }
  return onSimplex(weights.map((weight) => (weight < leastWeight ? 0 : weight)));
}

interface Prepared {
  /** Clamped probabilities or logits, per member. */
  readonly terms: readonly (Float64Array | null)[];
  readonly labels: Uint8Array;
  /** Loss weights of a voxel in a particle and of any other voxel. */
  readonly inside: number;
  readonly outside: number;
}

function prepared({ said, labels, weight }: TypeSample, averaging: Averaging): Prepared {
  const clamped = (value: number): number => Math.min(Math.max(value, least), 1 - least);
  const term = (value: number): number =>
    averaging === "logits" ? Math.log(clamped(value) / (1 - clamped(value))) : clamped(value);
  const positive = labels.reduce((sum, label) => sum + label, 0);
  const share = (count: number): number => (count === 0 ? 0 : weight / (2 * count));
  return {
    terms: said.map((values) => values && Float64Array.from(values, term)),
    labels,
    inside: share(positive),
    outside: share(labels.length - positive),
  };
}

/** Returns the loss of the pooled probabilities, and its gradient along each member's weight. */
function lossAt(
  samples: readonly Prepared[],
  weights: readonly number[],
  averaging: Averaging,
): { loss: number; gradient: number[] } {
  let loss = 0;
  const gradient = new Array<number>(weights.length).fill(0);
  for (const { terms, labels, inside, outside } of samples) {
    const present = weights.flatMap((weight, m) => (terms[m] ? [{ m, weight, values: terms[m] }] : []));
    const total = present.reduce((sum, { weight }) => sum + weight, 0);
    if (total === 0) continue;
    for (let i = 0; i < labels.length; i++) {
      let pooled = 0;
      for (const { weight, values } of present) pooled += (weight / total) * values[i]!;
      const p = averaging === "logits" ? 1 / (1 + Math.exp(-pooled)) : pooled;
      const isInside = labels[i] === 1;
      const counts = isInside ? inside : outside;
      loss -= counts * Math.log(isInside ? p : 1 - p);
      const error = counts * (isInside ? p - 1 : p);
      const slope = (averaging === "logits" ? error : error / (p * (1 - p))) / total;
      for (const { m, values } of present) gradient[m]! += slope * (values[i]! - pooled);
    }
  }
  return { loss, gradient };
}

function moved(weights: readonly number[], gradient: readonly number[], rate: number): number[] {
  const lowest = Math.min(...gradient);
  return onSimplex(weights.map((weight, m) => weight * Math.exp(-rate * (gradient[m]! - lowest))));
}

function onSimplex(weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
