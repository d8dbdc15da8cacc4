/** The table of lowering rules: how each kind of operation is written to ONNX, with its gradient. */
import type { OperationKind, Value } from "../../nets/value.js";
import { abs, dropout, gelu, leakyRelu, prelu, relu } from "./rules/activations.js";
import { add, concat, divide, multiply, selectChannels, subtract } from "./rules/arithmetic.js";
import { convolution, transposedConvolution } from "./rules/convolutions.js";
import { maxPool } from "./rules/maxPool.js";
import { batchNorm, groupNorm, instanceNorm, layerNorm } from "./rules/normalisations.js";
import { affine, channelScale, exp, log, power, sigmoid, softplus } from "./rules/pointwise.js";
import { globalAverage, logSoftmax, softmax, sum, sumChannels } from "./rules/reductions.js";
import { averagePool, neighbourSlices, upsampleLinear, upsampleNearest } from "./rules/resampling.js";
import type { Rule } from "./rules/rule.js";

/** The lowering rule of every kind of operation. */
export const rules: { readonly [K in Exclude<OperationKind, "input">]: Rule<K> } = {
  convolution,
  transposedConvolution,
  instanceNorm,
  groupNorm,
  layerNorm,
  batchNorm,
  relu,
  prelu,
  leakyRelu,
  gelu,
  abs,
  dropout,
  maxPool,
  averagePool,
  globalAverage,
  upsampleNearest,
  upsampleLinear,
  neighbourSlices,
  concat,
  selectChannels,
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

/** Returns the rule of a value's operation with its kind erased, which is safe since the table above pairs the two. */
export function ruleOf(value: Value): Rule<OperationKind> {
  const { kind } = value.operation;
  if (kind === "input") throw new TypeError("an input is not computed");
  return rules[kind] as unknown as Rule<OperationKind>;
}
