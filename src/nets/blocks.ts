/** Blocks that several architectures share. */
import type { Shape3 } from "../domain/volume.js";
import type { GraphBuilder } from "./graph.js";
import type { Value } from "./value.js";

/** Returns equal sizes along z, y and x. */
export const cube = (size: number): Shape3 => [size, size, size];

/** Builds a U-Net's level: two convolutions without bias, each with affine instance norm and ReLU. */
export function convolutionPair(
  g: GraphBuilder,
  x: Value,
  name: string,
  out: number,
  kernel: Shape3 = [3, 3, 3],
): Value {
  const half = (input: Value, at: number) => {
    const linear = g.convolution(input, `${name}.${at}`, out, { kernel, bias: false });
    return g.relu(g.instanceNorm(linear, `${name}.${at + 1}`, { affine: true }));
  };
  return half(half(x, 0), 3);
}

/** Builds a U-Net's decoder up to the level `finest`: nearest upsampling by `step`, skip, pair of convolutions. */
export function decode(
  g: GraphBuilder,
  features: readonly Value[],
  finest: 0 | 1,
  step: Shape3 = [2, 2, 2],
): Value {
  let value = features.at(-1)!;
  for (let level = features.length - 2; level >= finest; level--) {
    const skip = features[level]!;
    value = convolutionPair(g, g.concat(g.upsampleNearest(value, step), skip), `d.${level}`, skip.channels);
  }
  return value;
}

/** Doubles the size by a transposed 2×2×2 convolution, whose taps do not overlap. */
export const doubled = (g: GraphBuilder, x: Value, name: string, out: number, bias = true): Value =>
  g.transposedConvolution(x, name, out, { kernel: [2, 2, 2], stride: [2, 2, 2], bias });

/** Builds logits of features, voxel by voxel. */
export const head = (g: GraphBuilder, x: Value, outputs: number, name = "head"): Value =>
  g.convolution(x, name, outputs, { kernel: [1, 1, 1] });
