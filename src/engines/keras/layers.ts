/** The table of Keras's layers: how each is written in standard ONNX, (batch, channel, …axes in Keras's order). */
import { z } from "zod";
import { int, real } from "../onnx/graph/emitter.js";
import type { Name, OpenGraph } from "../onnx/portable/openGraph.js";
import { activationNames, resize } from "./activations.js";
import { convolution, dense, globalPool, pool, transposed } from "./convolutions.js";
import { sameAxes } from "./maps.js";
import { act, channelsLast, checkChannelAxis, mapOf, type Rule, sizes } from "./rule.js";

const batchNorm: Rule = ([x], context) => {
  const config = context.read(
    z.object({
      axis: z
        .union([
          z
            .number()
            .int()
            .transform((one) => [one]),
          z.array(z.number().int()),
        ])
        .default([-1]),
      epsilon: z.number().default(1e-3),
      center: z.boolean().default(true),
      scale: z.boolean().default(true),
    }),
  );
  checkChannelAxis(config.axis, x!, context);
  const { channels } = x!;
  const named = (name: string) =>
    context.graph.floats(`${context.label}/${name}`, [channels], () => context.weight(name, [channels]));
  const constant = (value: number) =>
    context.graph.floats(`constant(${channels},${value})`, [channels], () =>
      new Float32Array(channels).fill(value),
    );
  const inputs = [
    config.scale ? named("gamma") : constant(1),
    config.center ? named("beta") : constant(0),
    named("moving_mean"),
    named("moving_variance"),
  ];
  const epsilon = [real("epsilon", config.epsilon)];
  return {
    ...x!,
    name: context.graph.node("BatchNormalization", [x!.name, ...inputs], epsilon, context.label),
  };
};

const concatenate: Rule = (inputs, context) => {
  const { axis } = context.read(z.object({ axis: z.number().int().default(-1) }));
  checkChannelAxis([axis], inputs[0]!, context);
  if (!inputs.every((each) => sameAxes(each, inputs[0]!))) throw context.unable("its inputs differ in size");
  const channels = inputs.reduce((sum, each) => sum + each.channels, 0);
  const names = inputs.map(({ name }) => name);
  return {
    ...inputs[0]!,
    channels,
    name: context.graph.node("Concat", names, [int("axis", 1)], context.label),
  };
};

/** An operation of equal maps, or of a map and one number a channel. */
const merge =
  (opType: string, then: (graph: OpenGraph, name: Name, count: number) => Name = (_, name) => name): Rule =>
  (inputs, context) => {
    const largest = inputs.find(({ axes }) => axes.length > 0) ?? inputs[0]!;
    for (const each of inputs)
      if (
        each.channels !== largest.channels ||
        (each.axes.length > 0 ? !sameAxes(each, largest) : largest.axes.length > 2)
      )
        throw context.unable("its inputs differ in size or channels");
    const [first, ...rest] = inputs.map(({ name }) => name);
    const name = rest.reduce((sum, each) => context.graph.node(opType, [sum, each]), first!);
    return { ...largest, name: then(context.graph, name, inputs.length) };
  };

const same: Rule = ([x]) => x!;

const padConfig = z.object({ data_format: channelsLast });
const amount = z.number().int().min(0);
const twoSided = z.union([amount.transform((one) => [one, one]), z.tuple([amount, amount])]);
const sided = z.union([amount.transform((one) => Array<number[]>(3).fill([one, one])), z.array(twoSided)]);

const pad =
  (rank: number): Rule =>
  ([x], context) => {
    const { padding: by } = context.read(padConfig.extend({ padding: sided }));
    const axes = mapOf(x!, rank, context).axes.map((axis, at) => ({
      ...axis,
      extra: axis.extra + by[at]![0]! + by[at]![1]!,
    }));
    const side = (at: 0 | 1) => [0, 0, ...axes.map((_, axis) => by[axis]![at]!)];
    const amounts = context.graph.integers([...side(0), ...side(1)]);
    return { ...x!, axes, name: context.graph.node("Pad", [x!.name, amounts], [], context.label) };
  };

const crop =
  (rank: number): Rule =>
  ([x], context) => {
    const { cropping: by } = context.read(padConfig.extend({ cropping: sided }));
    const end = 2 ** 31 - 1;
    const axes = mapOf(x!, rank, context).axes.map((axis, at) => ({
      ...axis,
      extra: axis.extra - by[at]![0]! - by[at]![1]!,
    }));
    const starts = axes.map((_, at) => by[at]![0]!);
    const ends = axes.map((_, at) => (by[at]![1]! === 0 ? end : -by[at]![1]!));
    const inputs = [starts, ends, axes.map((_, at) => at + 2)].map((each) => context.graph.integers(each));
    return { ...x!, axes, name: context.graph.node("Slice", [x!.name, ...inputs], [], context.label) };
  };

const upsampling =
  (rank: number): Rule =>
  ([x], context) => {
    const { size, interpolation } = context.read(
      padConfig.extend({ size: sizes, interpolation: z.enum(["nearest", "bilinear"]).default("nearest") }),
    );
    const factors = size.slice(0, rank);
    const axes = mapOf(x!, rank, context).axes.map(({ stride, extra }, at) => ({
      stride: stride === null ? null : stride / factors[at]!,
      extra: extra * factors[at]!,
    }));
    return { ...x!, axes, name: resize(context.graph, x!.name, factors, interpolation) };
  };

const rescaling: Rule = ([x], context) => {
  const { scale, offset } = context.read(z.object({ scale: z.number(), offset: z.number().default(0) }));
  const { graph } = context;
  const scaled = graph.node("Mul", [x!.name, graph.scalar(scale)]);
  return { ...x!, name: graph.node("Add", [scaled, graph.scalar(offset)], [], context.label) };
};

/** Squeeze and excitation reshapes its numbers to (1, 1, channels), which they are here already. */
const reshape: Rule = ([x], context) => {
  const { target_shape } = context.read(z.object({ target_shape: z.array(z.number().int()) }));
  const { axes, channels } = x!;
  if (axes.length === 0 && target_shape.join() === [1, 1, channels].join()) return x!;
  throw context.unable(`it reshapes to (${target_shape.join(", ")})`);
};

const activationLayer: Rule = ([x], context) =>
  act(x!, context.read(z.object({ activation: z.enum(activationNames) })).activation, context);

const relu: Rule = ([x], context) => {
  const config = context.read(
    z.object({
      max_value: z.number().nullish(),
      negative_slope: z.number().nullish(),
      threshold: z.literal(0).nullish(),
    }),
  );
  const { graph } = context;
  const slope = config.negative_slope ?? 0;
  const bent =
    slope === 0 ? graph.node("Relu", [x!.name]) : graph.node("LeakyRelu", [x!.name], [real("alpha", slope)]);
  const most = config.max_value;
  return { ...x!, name: most == null ? bent : graph.node("Min", [bent, graph.scalar(most)]) };
};

const leakyRelu: Rule = ([x], context) => {
  const { alpha, negative_slope } = context.read(
    z.object({ alpha: z.number().optional(), negative_slope: z.number().optional() }),
  );
  const slope = [real("alpha", alpha ?? negative_slope ?? 0.3)];
  return { ...x!, name: context.graph.node("LeakyRelu", [x!.name], slope, context.label) };
};

const elu: Rule = ([x], context) => {
  const { alpha } = context.read(z.object({ alpha: z.number().default(1) }));
  return { ...x!, name: context.graph.node("Elu", [x!.name], [real("alpha", alpha)], context.label) };
};

const prelu: Rule = ([x], context) => {
  const { shared_axes } = context.read(z.object({ shared_axes: z.array(z.number().int()).nullish() }));
  const ones = x!.axes.map(() => 1);
  if (x!.axes.length === 0 || shared_axes?.join() !== x!.axes.map((_, at) => at + 1).join())
    throw context.unable("its slopes are not shared over all axes but the channels'");
  const slopes = context.graph.floats(`${context.label}/alpha`, [x!.channels, ...ones], () =>
    context.weight("alpha", [...ones, x!.channels]),
  );
  return { ...x!, name: context.graph.node("PRelu", [x!.name, slopes], [], context.label) };
};

const softmax: Rule = ([x], context) => {
  const { axis } = context.read(z.object({ axis: z.number().int().default(-1) }));
  checkChannelAxis([axis], x!, context);
  return act(x!, "softmax", context);
};

/** The rule of every layer that is taken, by Keras's class. */
export const layerRules: Readonly<Record<string, Rule>> = {
  Conv2D: convolution(2),
  Conv3D: convolution(3),
  Conv2DTranspose: transposed(2),
  Conv3DTranspose: transposed(3),
  MaxPooling2D: pool(2, "MaxPool"),
  MaxPooling3D: pool(3, "MaxPool"),
  AveragePooling2D: pool(2, "AveragePool"),
  AveragePooling3D: pool(3, "AveragePool"),
  GlobalAveragePooling2D: globalPool(2, "GlobalAveragePool"),
  GlobalAveragePooling3D: globalPool(3, "GlobalAveragePool"),
  GlobalMaxPooling2D: globalPool(2, "GlobalMaxPool"),
  GlobalMaxPooling3D: globalPool(3, "GlobalMaxPool"),
  UpSampling2D: upsampling(2),
  UpSampling3D: upsampling(3),
  ZeroPadding2D: pad(2),
  ZeroPadding3D: pad(3),
  Cropping2D: crop(2),
  Cropping3D: crop(3),
  Concatenate: concatenate,
  Add: merge("Add"),
  Subtract: merge("Sub"),
  Multiply: merge("Mul"),
  Maximum: merge("Max"),
  Minimum: merge("Min"),
  Average: merge("Add", (graph, name, count) => graph.node("Div", [name, graph.scalar(count)])),
  BatchNormalization: batchNorm,
  Dense: dense,
  Reshape: reshape,
  Rescaling: rescaling,
  Activation: activationLayer,
  ReLU: relu,
  LeakyReLU: leakyRelu,
  ELU: elu,
  PReLU: prelu,
  Softmax: softmax,
  Dropout: same,
  SpatialDropout2D: same,
  SpatialDropout3D: same,
  AlphaDropout: same,
  GaussianDropout: same,
  GaussianNoise: same,
  ActivityRegularization: same,
};
