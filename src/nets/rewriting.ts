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

/** Counts how often each value of the graph that ends in `outputs` is an output, or others are computed from it. */
export function usesOf(...outputs: readonly Value[]): ReadonlyMap<Value, number> {
  const uses = new Map<Value, number>();
  for (const value of [...outputs, ...inOrder(...outputs).flatMap(({ inputs }) => inputs)])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  return uses;
}
