/** Folding of normalisations into the 8-bit convolutions before them. */
import { type ChannelAffine, channelAffine } from "../../../nets/foldNorms.js";
import { isConvolution, type OperationOf, type Value } from "../../../nets/value.js";
import type { ChannelStatistics } from "./calibration.js";

/** Returns an instance normalisation by the statistics of many tiles as factor and shift. */
export function constantNorm(
  norm: OperationOf<"instanceNorm">,
  { mean, meanSquare }: ChannelStatistics,
  weights: ReadonlyMap<string, Float32Array>,
): ChannelAffine {
  const variance = meanSquare.map((square, c) => Math.max(0, square - mean[c]! ** 2));
  return channelAffine(norm, mean, variance, weights);
}

/** Returns the value whose numbers a chain of dropout and nearest upsampling only repeats. */
export function root(value: Value): Value {
  const { kind } = value.operation;
  return kind === "dropout" || kind === "upsampleNearest" ? root(value.inputs[0]!) : value;
}

/** Tells whether a value is a convolution, with or without a norm, into whose clipping a following ReLU can be folded. */
export function isLinear(value: Value): boolean {
  if (value.operation.kind === "dropout") return isLinear(value.inputs[0]!);
  return isConvolution(value) || (value.operation.kind === "instanceNorm" && isConvolution(value.inputs[0]!));
}
