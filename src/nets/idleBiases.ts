/** Biases that a normalisation takes away again. */
import { rewritten, usesOf } from "./rewriting.js";
import { inOrder, type Value } from "./value.js";

/**
 * Leaves out the biases of convolutions whose only use is an instance normalisation. They change nothing else, but make the
 * mean of squares less the square of the mean, by which a variance may be computed, inexact.
 */
export function withoutIdleBiases(output: Value): Value {
  const uses = usesOf(output);
  const isIdle = new Set(
    inOrder(output)
      .filter(({ operation }) => operation.kind === "instanceNorm")
      .map(({ inputs }) => inputs[0]!)
      .filter((source) => uses.get(source) === 1),
  );
  return rewritten(output, (value, was) => {
    const { operation } = value;
    if (!isIdle.has(was) || !("bias" in operation)) return value;
    return { ...value, operation: { ...operation, bias: null } };
  });
}
