/** AdamW's update as a session of ONNX Runtime, for tests that compare it with PyTorch's and with the formula. */
import { Emitter } from "../../../src/engines/onnx/graph/emitter.js";
import { openSession, type Session } from "../../../src/engines/onnx/session.js";
import { writeUpdate } from "../../../src/engines/onnx/trainingGraph.js";
import { type Optimiser, type StateName, stateNames } from "../../../src/engines/trainable.js";
import type { Parameter } from "../../../src/nets/value.js";
import type { ParameterLayout } from "../../../src/nets/weights.js";

/** A parameter that is one vector. */
export const vector = (name: string, count: number, decay: boolean, trained = true): Parameter => ({
  name,
  shape: [count],
  initial: { constant: 0 },
  decay,
  trained,
});

/**
 * Opens the update of a layout's flat state: inputs by the state's names, `gradient`, `statistics` where there are any, and
 * the step's numbers; outputs `new.NAME` and `norm`.
 *
 * @param mask 1 for each trained number that moves at the rate of the input `takenRate`, else 0; null where none does
 */
export function openUpdate(
  layout: ParameterLayout,
  optimiser: Optimiser,
  mask: Float32Array | null = null,
): Promise<Session> {
  const { total, trained } = layout;
  const e = new Emitter();
  const input = (name: string, count: number) => e.input(name, [count]);
  const state = Object.fromEntries(stateNames.map((name) => [name, input(name, total)])) as Record<
    StateName,
    ReturnType<typeof input>
  >;
  const step = {
    rate: input("rate", 1),
    correction1: input("correction1", 1),
    correction2: input("correction2", 1),
    averageDecay: input("averageDecay", 1),
  };
  const gradient = input("gradient", trained);
  const fresh = total > trained ? input("statistics", total - trained) : null;
  const own = mask && { mask: e.floats(mask, [mask.length]), rate: input("takenRate", 1) };
  const update = writeUpdate(e, gradient, fresh, state, step, optimiser, layout, own);
  for (const name of stateNames) e.output(`new.${name}`, update.state[name]);
  e.output("norm", update.norm);
  return openSession(e.parts(), { threads: 1 });
}
