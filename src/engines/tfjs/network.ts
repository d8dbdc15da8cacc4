/** Evaluation of a network's graph in TensorFlow.js, with all values kept or each freed after its last use. */
import { inOrder, type Value } from "../../nets/value.js";
import type { Map5 } from "./maps.js";
import { compute, type Pass } from "./operations.js";

/** Input maps by name. */
export type Inputs = ReadonlyMap<string, Map5>;

/** Computes values of a graph and keeps all values on the way, for the gradient. */
export function evaluateAll(
  outputs: readonly Value[],
  inputs: Inputs,
  pass: (value: Value) => Pass,
): ReadonlyMap<Value, Map5> {
  const known = new Map<Value, Map5>();
  for (const value of inOrder(...outputs))
    if (!known.has(value)) known.set(value, computed(value, known, inputs, pass(value)));
  return known;
}

/** Computes one value of a graph and frees the values on the way after their last use. */
export function evaluateLean(output: Value, inputs: Inputs, pass: Pass): Map5 {
  const order = inOrder(output);
  const uses = new Map<Value, number>([[output, 1]]);
  for (const input of order.flatMap((value) => value.inputs)) uses.set(input, (uses.get(input) ?? 0) + 1);
  const known = new Map<Value, Map5>();
  for (const value of order) {
    known.set(
      value,
      pass.tf.tidy(() => pass.tf.clone(computed(value, known, inputs, pass))),
    );
    for (const input of value.inputs) {
      const left = uses.get(input)! - 1;
      uses.set(input, left);
      if (left === 0) known.get(input)!.dispose();
    }
  }
  return known.get(output)!;
}

function computed(value: Value, known: ReadonlyMap<Value, Map5>, inputs: Inputs, pass: Pass): Map5 {
  const { operation } = value;
  if (operation.kind !== "input") {
    const sources = value.inputs.map((input) => known.get(input)!);
    return compute(pass, value, sources);
  }
  const given = inputs.get(operation.name);
  if (!given) throw new TypeError(`the graph's input ${operation.name} is not given`);
  return given;
}
