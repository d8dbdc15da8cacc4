/** Folding of normalisations into the 8-bit convolutions before them. */
import type { OperationOf, Value } from "../../../nets/value.js";
import type { ChannelStatistics } from "./calibration.js";

/** An instance normalisation whose statistics are constants: x·factor + shift, one of each a channel. */
export interface ChannelAffine {
  readonly factor: Float32Array;
  readonly shift: Float32Array;
}

/** Returns (x − mean)·scale/σ + shift as factor and shift, by the statistics of many tiles. */
export function constantNorm(
  { scale, shift, epsilon }: OperationOf<"instanceNorm">,
  { mean, meanSquare }: ChannelStatistics,
  weights: ReadonlyMap<string, Float32Array>,
): ChannelAffine {
  const scales = scale && weights.get(scale.name)!;
  const shifts = shift && weights.get(shift.name)!;
  const factor = Float32Array.from(mean, (level, c) => {
    const variance = Math.max(0, meanSquare[c]! - level * level);
    return (scales ? scales[c]! : 1) / Math.sqrt(variance + epsilon);
  });
  return { factor, shift: factor.map((each, c) => (shifts ? shifts[c]! : 0) - mean[c]! * each) };
}

/** Returns the value whose numbers a chain of dropout and nearest upsampling only repeats. */
export function root(value: Value): Value {
  const { kind } = value.operation;
  return kind === "dropout" || kind === "upsampleNearest" ? root(value.inputs[0]!) : value;
}

export const isConvolution = ({ operation: { kind } }: Value): boolean =>
  kind === "convolution" || kind === "transposedConvolution";

/** Tells whether a value is a convolution, with or without a norm, into whose clipping a following ReLU can be folded. */
export function isLinear(value: Value): boolean {
  if (value.operation.kind === "dropout") return isLinear(value.inputs[0]!);
  return isConvolution(value) || (value.operation.kind === "instanceNorm" && isConvolution(value.inputs[0]!));
}
