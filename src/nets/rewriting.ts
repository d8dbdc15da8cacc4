/** Rewriting of a network's graph: some of its values are replaced, and those computed from them are made anew. */
import { inOrder, type Value } from "./value.js";

/**
 * Rewrites the graph that ends in `output`.
 *
 * @param replace is given each value with its inputs rewritten, and the value as it was; returns what stands for it
 */
export function rewritten(output: Value, replace: (value: Value, was: Value) => Value): Value {
  const made = new Map<Value, Value>();
  for (const was of inOrder(output)) {
    const inputs = was.inputs.map((input) => made.get(input)!);
    const isSame = inputs.every((input, at) => input === was.inputs[at]);
    made.set(was, replace(isSame ? was : { ...was, inputs }, was));
  }
  return made.get(output)!;
}

/** Counts for every value of the graph that ends in `output` how often others are computed from it. */
export function usesOf(output: Value): ReadonlyMap<Value, number> {
  const uses = new Map<Value, number>([[output, 1]]);
  for (const { inputs } of inOrder(output))
    for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  return uses;
}
