import type { OperationKind, Value } from "../../nets/value.js";
import { prelu, relu } from "./rules/activations.js";
import { add, concat, divide, multiply, subtract } from "./rules/arithmetic.js";
import { convolution, transposedConvolution } from "./rules/convolutions.js";
import { instanceNorm } from "./rules/normalisations.js";
import { affine, channelScale, exp, log, power, sigmoid, softplus } from "./rules/pointwise.js";
import { logSoftmax, softmax, sum, sumChannels } from "./rules/reductions.js";
import { averagePool, upsampleNearest } from "./rules/resampling.js";
import type { Rule } from "./rules/rule.js";

export type { Emitted, Lowering, TrainingLowering } from "./rules/rule.js";

/** How every kind of operation is written. */
export const rules: { readonly [K in Exclude<OperationKind, "input">]?: Rule<K> } = {
  convolution,
  transposedConvolution,
  instanceNorm,
  prelu,
  relu,
  averagePool,
  upsampleNearest,
  concat,
  add,
  subtract,
  multiply,
  divide,
  affine,
  channelScale,
  power,
  exp,
  log,
  softplus,
  sigmoid,
  softmax,
  logSoftmax,
  sum,
  sumChannels,
};

/** The rule of a value's operation, its kind erased: the table above pairs them. */
export function ruleOf(value: Value): Rule<OperationKind> {
  const { kind } = value.operation;
  if (kind === "input") throw new TypeError("an input is not computed");
  const rule = rules[kind];
  if (!rule) throw new TypeError(`${kind} is not written yet`);
  return rule as unknown as Rule<OperationKind>;
}
