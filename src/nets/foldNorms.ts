/** Normalisations by constants, folded into the convolutions before them. */
import { product } from "../domain/numbers.js";
import { rewritten, usesOf } from "./rewriting.js";
import { isConvolution, type OperationOf, type Parameter, type Value } from "./value.js";

/** A network's weights by name. */
type Weights = ReadonlyMap<string, Float32Array>;
type Convolution = OperationOf<"convolution" | "transposedConvolution">;

/** A normalisation whose statistics are constants: x·factor + shift, one of each a channel. */
export interface ChannelAffine {
  readonly factor: Float32Array;
  readonly shift: Float32Array;
}

/** Returns (x − mean)·scale/√(variance + ε) + shift as factor and shift. */
export function channelAffine(
  { scale, shift, epsilon }: OperationOf<"instanceNorm" | "batchNorm">,
  mean: ArrayLike<number>,
  variance: ArrayLike<number>,
  weights: Weights,
): ChannelAffine {
  const scales = scale && weights.get(scale.name)!;
  const shifts = shift && weights.get(shift.name)!;
  const factor = Float32Array.from(
    variance,
    (each, c) => (scales ? scales[c]! : 1) / Math.sqrt(each + epsilon),
  );
  return { factor, shift: factor.map((each, c) => (shifts ? shifts[c]! : 0) - mean[c]! * each) };
}

/** Returns the factor and shift of a batch normalisation that predicts. */
export const batchAffine = (norm: OperationOf<"batchNorm">, weights: Weights): ChannelAffine =>
  channelAffine(norm, weights.get(norm.mean.name)!, weights.get(norm.variance.name)!, weights);

/**
 * Folds every batch normalisation into the convolution before it, where that is used by nothing else: the kernels are
 * multiplied and the biases moved.
 *
 * @returns the output's graph, and its weights with those that changed under new names
 */
export function foldNorms(
  output: Value,
  given: Weights,
): { readonly output: Value; readonly weights: Weights } {
  const uses = usesOf(output);
  const weights = new Map(given);
  const folded = rewritten(output, (value, was) => {
    const { operation } = value;
    const [source] = was.inputs;
    if (operation.kind !== "batchNorm" || uses.get(source!) !== 1 || !isConvolution(source!)) return value;
    const convolution = value.inputs[0]!;
    const affine = batchAffine(operation, given);
    const scaled = scaledBy(convolution.operation as Convolution, affine, given, `folded ${value.id}`);
    for (const [{ name }, values] of scaled.values) weights.set(name, values);
    return { ...convolution, operation: scaled.operation };
  });
  return { output: folded, weights };
}

/** Returns a convolution whose output channels are multiplied by a factor and moved by a shift. */
function scaledBy(
  operation: Convolution,
  { factor, shift }: ChannelAffine,
  weights: Weights,
  prefix: string,
): { readonly operation: Convolution; readonly values: ReadonlyMap<Parameter, Float32Array> } {
  const own = weights.get(operation.weight.name)!;
  const bias = operation.bias && weights.get(operation.bias.name)!;
  const weight = { ...operation.weight, name: `${prefix}: weight` };
  const offset: Parameter = {
    ...{ name: `${prefix}: shift`, shape: [shift.length], initial: { constant: 0 } },
    ...{ decay: false, trained: false },
  };
  const channelOf = outputChannel(operation);
  const values = new Map([
    [weight, own.map((each, at) => each * factor[channelOf(at)]!)],
    [offset, shift.map((each, c) => (bias ? bias[c]! * factor[c]! : 0) + each)],
  ]);
  return { operation: { ...operation, weight, bias: offset }, values };
}

/** Returns a function from a weight's place to the output channel that it counts for. */
function outputChannel({ kind, weight: { shape } }: Convolution): (at: number) => number {
  const size = product(shape.slice(2));
  if (kind === "transposedConvolution") return (at) => Math.floor(at / size) % shape[1]!;
  return (at) => Math.floor(at / (size * shape[1]!));
}
