import type { ParameterLayout } from "../../nets/weights.js";
import type { Optimiser, StateName } from "../optimiser.js";
import type { Emitter, Tensor } from "./emitter.js";

/** What changes from step to step, given as inputs of one number each. */
export const stepInputs = ["rate", "correction1", "correction2", "averageDecay"] as const;

/**
 * Writes one update of the flat state from the flat gradient of its trained part and the new running statistics, null
 * where there are none; gives the new state and the gradient's norm.
 */
export function writeUpdate(
  e: Emitter,
  gradient: Tensor,
  statistics: Tensor | null,
  state: Readonly<Record<StateName, Tensor>>,
  step: Readonly<Record<(typeof stepInputs)[number], Tensor>>,
  optimiser: Optimiser,
  layout: ParameterLayout,
): { state: Record<StateName, Tensor>; norm: Tensor } {
  const { beta1, beta2 } = optimiser;
  const { order, decayed, trained } = layout;
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
  const moved = (of: StateName) => e.part(state[of], 0, trained);
  const rest = (of: StateName) => e.part(state[of], trained, layout.total);
  const moment1 = blend(moved("moment1"), beta1, clipped);
  const moment2 = blend(moved("moment2"), beta2, e.multiply(clipped, clipped));
  const root = e.add(e.unary("Sqrt", e.multiply(moment2, step.correction2)), e.scalar(optimiser.epsilon));
  const move = e.multiply(e.divide(e.multiply(moment1, step.correction1), root), step.rate);

  const shrink = e.subtract(e.scalar(1), e.multiply(step.rate, e.scalar(optimiser.weightDecay)));
  const shrunk = e.multiply(e.slice(state.weights, 0, 0, decayed), shrink);
  const kept =
    decayed === trained ? shrunk : e.concat([shrunk, e.slice(state.weights, 0, decayed, trained)], 0);
  const whole = (part: Tensor, tail: Tensor | null) => (tail ? e.concat([part, tail], 0) : part);
  const weights = whole(e.subtract(kept, move), statistics);
  const distance = e.multiply(e.subtract(state.average, weights), step.averageDecay);
  const fresh = {
    weights,
    moment1: whole(moment1, statistics && rest("moment1")),
    moment2: whole(moment2, statistics && rest("moment2")),
    average: e.add(weights, distance),
  };
  return { state: fresh, norm };
}
