/** Weights of a network: their layout in one flat vector, and their first values. */
import { randomFor } from "../domain/random.js";
import { elementCount, type Parameter } from "./value.js";

/**
 * Layout of all parameters in one flat vector: those that decay first, so that decay is one product over a prefix, and
 * running statistics last.
 */
export interface ParameterLayout {
  readonly order: readonly Parameter[];
  readonly total: number;
  /** Count of leading numbers that decay. */
  readonly decayed: number;
  /** Count of leading numbers that a gradient moves. */
  readonly trained: number;
}

/** Lays parameters out in one flat vector. */
export function layOut(parameters: readonly Parameter[]): ParameterLayout {
  const rank = ({ decay, trained }: Parameter): number => (decay ? 0 : trained ? 1 : 2);
  const order = [0, 1, 2].flatMap((wanted) => parameters.filter((parameter) => rank(parameter) === wanted));
  const count = (upTo: number) =>
    order
      .filter((parameter) => rank(parameter) <= upTo)
      .reduce((sum, parameter) => sum + elementCount(parameter), 0);
  return { order, total: count(2), decayed: count(0), trained: count(1) };
}

/** Draws the first weights by the parameters' declarations, each by (seed, parameter's name). */
export function initialWeights(layout: ParameterLayout, seed: number): Float32Array {
  const flat = new Float32Array(layout.total);
  let at = 0;
  for (const parameter of layout.order) {
    const count = elementCount(parameter);
    if ("constant" in parameter.initial) flat.fill(parameter.initial.constant, at, at + count);
    else {
      const { uniform } = parameter.initial;
      const random = randomFor(seed, `weights/${parameter.name}`);
      for (let i = 0; i < count; i++) flat[at + i] = random.between(-uniform, uniform);
    }
    at += count;
  }
  return flat;
}

/** Returns views into a flat vector by parameter name. */
export function namedWeights(layout: ParameterLayout, flat: Float32Array): Map<string, Float32Array> {
  const named = new Map<string, Float32Array>();
  let at = 0;
  for (const parameter of layout.order) {
    const count = elementCount(parameter);
    named.set(parameter.name, flat.subarray(at, at + count));
    at += count;
  }
  return named;
}
