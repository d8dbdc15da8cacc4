import type { OperationOf, Value } from "../../../nets/value.js";
import type { ChannelStatistics } from "./calibration.js";

/** What an instance norm is where its statistics are constants: x·factor + shift, a number a channel each. */
export interface ChannelAffine {
  readonly factor: Float32Array;
  readonly shift: Float32Array;
}

/** (x − mean)·scale/σ + shift, by statistics of many tiles. */
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

/** A value that does nothing to its input's numbers but repeat them. */
export function root(value: Value): Value {
  const { kind } = value.operation;
  return kind === "dropout" || kind === "upsampleNearest" ? root(value.inputs[0]!) : value;
}

export const isConvolution = ({ operation: { kind } }: Value): boolean =>
  kind === "convolution" || kind === "transposedConvolution";

/** A convolution alone or with a norm behind it, which then clips what it writes. */
export function isLinear(value: Value): boolean {
  if (value.operation.kind === "dropout") return isLinear(value.inputs[0]!);
  return isConvolution(value) || (value.operation.kind === "instanceNorm" && isConvolution(value.inputs[0]!));
}
