/** The table of export rules: how each kind of operation is written in standard ONNX, (batch, channel, z, y, x). */
import type { Shape3 } from "../../../domain/volume.js";
import type { OperationKind, OperationOf, Parameter, Value } from "../../../nets/value.js";
import { int, ints, real, text } from "../graph/emitter.js";
import type { Attribute } from "../graph/model.js";
import type { Name, OpenGraph } from "./openGraph.js";
import { windowAttributes } from "./window.js";

/** What the rule of an operation needs besides the operation and its inputs. */
export interface Portable {
  readonly graph: OpenGraph;
  /** Adds a parameter as a constant under its own name. */
  readonly parameter: (parameter: Parameter) => Name;
  /** Adds a parameter of one number a channel, shaped to broadcast against maps: (c, 1, 1, 1). */
  readonly perChannel: (parameter: Parameter) => Name;
}

/** Writes one kind of operation for maps in ONNX's own layout, (batch, channel, z, y, x). */
type Rule<K extends OperationKind> = (
  operation: OperationOf<K>,
  inputs: readonly Name[],
  portable: Portable,
  value: Value,
) => Name;

const channelAxis = 1;
/** An index past the end of every axis. */
const end = 2 ** 31 - 1;

/** Makes a rule that is one node with the operation's own inputs. */
const node =
  <K extends OperationKind>(
    opType: string,
    attributes: (operation: OperationOf<K>) => Attribute[] = () => [],
  ): Rule<K> =>
  (operation, inputs, { graph }) =>
    graph.node(opType, inputs, attributes(operation));

/** Returns a parameter's place in the network: its name without the last part. */
const placeOf = ({ name }: Parameter): string => name.slice(0, name.lastIndexOf("."));

const ones = (graph: OpenGraph, count: number): Name =>
  graph.floats(`ones(${count})`, [count], () => new Float32Array(count).fill(1));
const zeros = (graph: OpenGraph, count: number): Name =>
  graph.floats(`zeros(${count})`, [count], () => new Float32Array(count));

const convolution: Rule<"convolution"> = (operation, inputs, { graph, parameter }) => {
  const { weight, bias, groups } = operation;
  const attributes = [...windowAttributes(operation), ...(groups > 1 ? [int("group", groups)] : [])];
  return graph.node(
    "Conv",
    [...inputs, parameter(weight), ...(bias ? [parameter(bias)] : [])],
    attributes,
    placeOf(weight),
  );
};

const transposedConvolution: Rule<"transposedConvolution"> = (operation, inputs, { graph, parameter }) => {
  const { weight, bias } = operation;
  return graph.node(
    "ConvTranspose",
    [...inputs, parameter(weight), ...(bias ? [parameter(bias)] : [])],
    windowAttributes(operation, true),
    placeOf(weight),
  );
};

const instanceNorm: Rule<"instanceNorm"> = (
  { scale, shift, epsilon },
  [x],
  { graph, parameter },
  { channels },
) =>
  graph.node(
    "InstanceNormalization",
    [x!, scale ? parameter(scale) : ones(graph, channels), shift ? parameter(shift) : zeros(graph, channels)],
    [real("epsilon", epsilon)],
    scale ? placeOf(scale) : undefined,
  );

const batchNorm: Rule<"batchNorm"> = (operation, [x], { graph, parameter }, { channels }) => {
  const { scale, shift, mean, variance, epsilon } = operation;
  return graph.node(
    "BatchNormalization",
    [
      x!,
      scale ? parameter(scale) : ones(graph, channels),
      shift ? parameter(shift) : zeros(graph, channels),
      parameter(mean),
      parameter(variance),
    ],
    [real("epsilon", epsilon)],
    placeOf(mean),
  );
};

/** Writes scale·x + shift, without the factor or term that is null. */
function affined(
  x: Name,
  { scale, shift }: { readonly scale: Parameter | null; readonly shift: Parameter | null },
  { graph, perChannel }: Portable,
): Name {
  const scaled = scale ? graph.node("Mul", [x, perChannel(scale)]) : x;
  return shift ? graph.node("Add", [scaled, perChannel(shift)]) : scaled;
}

/**
 * Group normalisation. Operator set 17 has none: each group becomes one row that instance normalisation takes for a
 * channel, as PyTorch exports it.
 */
const groupNorm: Rule<"groupNorm"> = (operation, [x], portable) => {
  const { graph } = portable;
  const { groups, epsilon } = operation;
  const rows = graph.node("Reshape", [x!, graph.integers([0, groups, -1])]);
  const normal = graph.node(
    "InstanceNormalization",
    [rows, ones(graph, groups), zeros(graph, groups)],
    [real("epsilon", epsilon)],
  );
  return affined(graph.node("Reshape", [normal, graph.node("Shape", [x!])]), operation, portable);
};

/** Layer normalisation. ONNX's own wants the channels last; means over the second axis need no transposition. */
const layerNorm: Rule<"layerNorm"> = (operation, [x], portable) => {
  const { graph } = portable;
  const overChannels = [ints("axes", [channelAxis]), int("keepdims", 1)];
  const centred = graph.node("Sub", [x!, graph.node("ReduceMean", [x!], overChannels)]);
  const variance = graph.node("ReduceMean", [graph.node("Mul", [centred, centred])], overChannels);
  const deviation = graph.node("Sqrt", [graph.node("Add", [variance, graph.scalar(operation.epsilon)])]);
  return affined(graph.node("Div", [centred, deviation]), operation, portable);
};

/** GELU: x/2·(1 + erf(x/√2)). */
const gelu: Rule<"gelu"> = (_, [x], { graph }) => {
  const erf = graph.node("Erf", [graph.node("Mul", [x!, graph.scalar(Math.SQRT1_2)])]);
  const twice = graph.node("Mul", [x!, graph.node("Add", [erf, graph.scalar(1)])]);
  return graph.node("Mul", [twice, graph.scalar(0.5)]);
};

const resize =
  <K extends "upsampleNearest" | "upsampleLinear">(attributes: readonly Attribute[]): Rule<K> =>
  ({ factor }, [x], { graph }) => {
    const scales = graph.floats(`scales(${factor})`, [5], () => Float32Array.of(1, 1, ...factor));
    return graph.node("Resize", [x!, "", scales], attributes);
  };

/** Neighbouring slices as channels: `count` copies of the map, each shifted by one slice more than the one before. */
const neighbourSlices: Rule<"neighbourSlices"> = ({ count }, [x], { graph }) => {
  const half = (count - 1) / 2;
  const zAxis = 2;
  const pads = [0, 0, half, 0, 0, 0, 0, half, 0, 0];
  const padded = graph.node("Pad", [x!, graph.integers(pads)]);
  const slices = Array.from({ length: count }, (_, at) => {
    const stop = at === count - 1 ? end : at + 1 - count;
    return graph.node("Slice", [
      padded,
      graph.integers([at]),
      graph.integers([stop]),
      graph.integers([zAxis]),
    ]);
  });
  return graph.node("Concat", slices, [int("axis", channelAxis)]);
};

const selectChannels: Rule<"selectChannels"> = ({ start }, [x], { graph }, { channels }) =>
  graph.node("Slice", [
    x!,
    graph.integers([start]),
    graph.integers([start + channels]),
    graph.integers([channelAxis]),
  ]);

const affine: Rule<"affine"> = ({ scale, offset }, [x], { graph }) => {
  const scaled = scale === 1 ? x! : graph.node("Mul", [x!, graph.scalar(scale)]);
  return offset === 0 ? scaled : graph.node("Add", [scaled, graph.scalar(offset)]);
};

const channelScale: Rule<"channelScale"> = ({ scales }, [x], { graph }) => {
  const constant = graph.floats(`channels(${scales})`, [scales.length, 1, 1, 1], () =>
    Float32Array.from(scales),
  );
  return graph.node("Mul", [x!, constant]);
};

const poolAttributes = (factor: Shape3): Attribute[] => [
  ints("kernel_shape", factor),
  ints("strides", factor),
];

const sumOver =
  <K extends OperationKind>(axes: readonly number[]): Rule<K> =>
  (_, [x], { graph }) =>
    graph.node("ReduceSum", [x!, graph.integers(axes)], [int("keepdims", 1)]);

/** The export rule of every kind of operation. */
export const rules: { readonly [K in Exclude<OperationKind, "input">]: Rule<K> } = {
  convolution,
  transposedConvolution,
  instanceNorm,
  groupNorm,
  layerNorm,
  batchNorm,
  prelu: ({ slope }, [x], { graph, perChannel }) =>
    graph.node("PRelu", [x!, perChannel(slope)], [], placeOf(slope)),
  leakyRelu: node("LeakyRelu", ({ slope }) => [real("alpha", slope)]),
  relu: node("Relu"),
  gelu,
  abs: node("Abs"),
  dropout: (_, [x]) => x!,
  maxPool: node("MaxPool", ({ window, stride }) => windowAttributes({ kernel: window, stride })),
  averagePool: node("AveragePool", ({ factor }) => poolAttributes(factor)),
  globalAverage: node("GlobalAveragePool"),
  upsampleNearest: resize([
    text("mode", "nearest"),
    text("coordinate_transformation_mode", "asymmetric"),
    text("nearest_mode", "floor"),
  ]),
  upsampleLinear: resize([text("mode", "linear"), text("coordinate_transformation_mode", "half_pixel")]),
  neighbourSlices,
  selectChannels,
  concat: node("Concat", () => [int("axis", channelAxis)]),
  add: node("Add"),
  subtract: node("Sub"),
  multiply: node("Mul"),
  divide: node("Div"),
  affine,
  channelScale,
  power: ({ exponent }, [x], { graph }) => graph.node("Pow", [x!, graph.scalar(exponent)]),
  exp: node("Exp"),
  log: node("Log"),
  softplus: node("Softplus"),
  sigmoid: node("Sigmoid"),
  softmax: node("Softmax", () => [int("axis", channelAxis)]),
  logSoftmax: node("LogSoftmax", () => [int("axis", channelAxis)]),
  sum: sumOver([0, 2, 3, 4]),
  sumChannels: sumOver([channelAxis]),
};

/** Writes a value whose inputs are already written. */
export function writeValue(value: Value, inputs: readonly Name[], portable: Portable): Name {
  const { operation } = value;
  if (operation.kind === "input") throw new TypeError(`the input ${operation.name} is not computed`);
  const rule = rules[operation.kind] as Rule<OperationKind>;
  return rule(operation, inputs, portable, value);
}
