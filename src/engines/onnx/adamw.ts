import type { ParameterLayout } from "../../nets/weights.js";
import type { Emitter, Tensor } from "./emitter.js";

/** AdamW's constants (Loshchilov and Hutter 2019), gradient clipping by global norm, and the EMA of the weights. */
export interface Optimiser {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient; a larger one is scaled down to it. */
  readonly clipNorm: number;
}

export const stateNames = ["weights", "moment1", "moment2", "average"] as const;
export type StateName = (typeof stateNames)[number];

/** What changes from step to step, given as inputs of one number each. */
export const stepInputs = ["rate", "correction1", "correction2", "averageDecay"] as const;

/** Writes one update of the flat state from the flat gradient; gives the new state and the gradient's norm. */
export function writeUpdate(
  e: Emitter,
  gradient: Tensor,
  state: Readonly<Record<StateName, Tensor>>,
  step: Readonly<Record<(typeof stepInputs)[number], Tensor>>,
  optimiser: Optimiser,
  layout: ParameterLayout,
): { state: Record<StateName, Tensor>; norm: Tensor } {
  const { beta1, beta2 } = optimiser;
  const { order, total, decayed } = layout;
  if (order.length === 0) throw new TypeError("a network without parameters cannot be trained");
  const norm = e.unary("Sqrt", e.op("ReduceSumSquare", [gradient], [1], []));
  const factor = e.op(
    "Min",
    [e.divide(e.scalar(optimiser.clipNorm), e.add(norm, e.scalar(1e-6))), e.scalar(1)],
    [1],
  );
  const clipped = e.multiply(gradient, factor);

  const blend = (old: Tensor, keep: number, fresh: Tensor) =>
    e.add(e.scale(old, keep), e.scale(fresh, 1 - keep));
  const moment1 = blend(state.moment1, beta1, clipped);
  const moment2 = blend(state.moment2, beta2, e.multiply(clipped, clipped));
  const root = e.add(e.unary("Sqrt", e.multiply(moment2, step.correction2)), e.scalar(optimiser.epsilon));
  const move = e.multiply(e.divide(e.multiply(moment1, step.correction1), root), step.rate);

  const shrink = e.subtract(e.scalar(1), e.multiply(step.rate, e.scalar(optimiser.weightDecay)));
  const shrunk = e.multiply(e.slice(state.weights, 0, 0, decayed), shrink);
  const kept = decayed === total ? shrunk : e.concat([shrunk, e.slice(state.weights, 0, decayed, total)], 0);
  const weights = e.subtract(kept, move);
  const distance = e.multiply(e.subtract(state.average, weights), step.averageDecay);
  return { state: { weights, moment1, moment2, average: e.add(weights, distance) }, norm };
}
