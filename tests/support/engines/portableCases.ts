/** Cases of operations in portable ONNX models. */
import type { Network } from "../../../src/nets/architecture.js";
import { GraphBuilder } from "../../../src/nets/graph.js";
import type { Value } from "../../../src/nets/value.js";

type Build = (g: GraphBuilder, x: Value) => Value;
type ConvolutionOptions = Parameters<GraphBuilder["convolution"]>[3];

const cube = (size: number) => [size, size, size] as const;
const convolution =
  (channels: number, options: ConvolutionOptions): Build =>
  (g, x) =>
    g.convolution(x, "op", channels, options);
const transposed =
  (channels: number, options: Parameters<GraphBuilder["transposedConvolution"]>[3]): Build =>
  (g, x) =>
    g.transposedConvolution(x, "op", channels, options);

/** Operations of tests/fixtures/engines/portable/make.py under the same names, on a map of three channels. */
export const portableCases: Readonly<Record<string, Build>> = {
  "convolution 3": convolution(5, { kernel: cube(3) }),
  "convolution 2": convolution(5, { kernel: cube(2) }),
  "convolution 4": convolution(5, { kernel: cube(4) }),
  "convolution 2 stride 2": convolution(5, { kernel: cube(2), stride: cube(2) }),
  "convolution 3 stride 2": convolution(5, { kernel: cube(3), stride: cube(2), bias: false }),
  "convolution 4 stride 2": convolution(5, { kernel: cube(4), stride: cube(2) }),
  "convolution 1 stride 2": convolution(5, { kernel: cube(1), stride: cube(2) }),
  "convolution 7 stride 4": convolution(5, { kernel: cube(7), stride: cube(4) }),
  "convolution 3 dilated 2": convolution(5, { kernel: cube(3), dilation: cube(2) }),
  "convolution depthwise 5": convolution(3, { kernel: cube(5), groups: 3 }),
  "convolution 3 in groups": convolution(6, { kernel: cube(3), groups: 3 }),
  "transposed 3": transposed(5, { kernel: cube(3) }),
  "transposed 2 stride 2": transposed(5, { kernel: cube(2), stride: cube(2) }),
  "transposed 3 stride 2": transposed(5, { kernel: cube(3), stride: cube(2), bias: false }),
  "transposed 4 stride 2": transposed(5, { kernel: cube(4), stride: cube(2) }),
  "transposed 1x2x2 stride 1x2x2": transposed(5, { kernel: [1, 2, 2], stride: [1, 2, 2] }),
  "transposed 2": transposed(5, { kernel: cube(2) }),
  instanceNorm: (g, x) => g.instanceNorm(x, "op", { affine: true }),
  "instanceNorm plain": (g, x) => g.instanceNorm(x, "op"),
  "groupNorm 1": (g, x) => g.groupNorm(x, "op", 1),
  "groupNorm 3": (g, x) => g.groupNorm(x, "op", 3),
  layerNorm: (g, x) => g.layerNorm(x, "op"),
  batchNorm: (g, x) => g.batchNorm(x, "op"),
  prelu: (g, x) => g.prelu(x, "op"),
  "prelu per channel": (g, x) => g.prelu(x, "op", { perChannel: true }),
  leakyRelu: (g, x) => g.leakyRelu(x, 0.1),
  relu: (g, x) => g.relu(x),
  gelu: (g, x) => g.gelu(x),
  silu: (g, x) => g.silu(x),
  abs: (g, x) => g.abs(x),
  dropout: (g, x) => g.dropout(x, "op", 0.3),
  "maxPool 2": (g, x) => g.maxPool(x),
  "maxPool 3 stride 2": (g, x) => g.maxPool(x, cube(3), cube(2)),
  "maxPool 3 stride 1": (g, x) => g.maxPool(x, cube(3), cube(1)),
  "maxPool 2 stride 1": (g, x) => g.maxPool(x, cube(2), cube(1)),
  "averagePool 2": (g, x) => g.averagePool(x),
  "averagePool 1x2x4": (g, x) => g.averagePool(x, [1, 2, 4]),
  globalAverage: (g, x) => g.subtract(x, g.globalAverage(x)),
  squeezeExcite: (g, x) => g.squeezeExcite(x, "op"),
  "upsampleNearest 2": (g, x) => g.upsampleNearest(x),
  "upsampleNearest 1x2x3": (g, x) => g.upsampleNearest(x, [1, 2, 3]),
  "upsampleLinear 2": (g, x) => g.upsampleLinear(x),
  "upsampleLinear 1x2x2": (g, x) => g.upsampleLinear(x, [1, 2, 2]),
  "upsampleLinear 4": (g, x) => g.upsampleLinear(x, cube(4)),
  "neighbourSlices 3": (g, x) => g.neighbourSlices(x, 3),
  "neighbourSlices 7": (g, x) => g.neighbourSlices(x, 7),
  selectChannels: (g, x) => g.selectChannels(x, 1, 1),
  arithmetic: (g, x) => g.channelScale(g.add(g.affine(x, 2, -0.5), x), [0.5, 0, -2]),
  divide: (g, x) => g.divide(x, g.add(g.exp(x), g.softplus(x))),
  logarithm: (g, x) => g.subtract(g.log(g.sigmoid(x)), g.power(g.sigmoid(x), 2.5)),
  softmax: (g, x) => g.softmax(x),
  logSoftmax: (g, x) => g.logSoftmax(x),
  concat: (g, x) => g.concat(g.relu(x), x, g.relu(x)),
  sums: (g, x) => g.multiply(g.sum(x), g.sumChannels(x)),
};

/** Makes a network of one operation on three channels. */
export function networkOfCase(build: Build): Network {
  const graph = new GraphBuilder();
  const input = graph.input("image", 3);
  const logits = build(graph, input);
  return {
    architecture: "one operation",
    outputs: logits.channels,
    graph,
    input,
    logits,
    auxiliary: [],
    critic: null,
    parameters: graph.parameters,
    parameterCount: 0,
    multiple: [4, 4, 4],
  };
}
