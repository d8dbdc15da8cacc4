import type { OperationKind, OperationOf, Parameter, Value } from "../../nets/value.js";
import { type Block, convolve, correlate, spread } from "./convolution.js";
import { type Emitter, int, ints, type Tensor, text } from "./emitter.js";
import {
  asImages,
  channelAxis,
  mapDims,
  meanOverVoxels,
  meanSquareOverVoxels,
  sumOverVoxels,
} from "./zMajor.js";

/** What lowering one operation needs beside its inputs. */
export interface Lowering {
  readonly e: Emitter;
  readonly block: Block;
  readonly parameter: (parameter: Parameter) => Tensor;
  /** What only training does; null when predicting. */
  readonly training: TrainingLowering | null;
}

export interface TrainingLowering {
  /** What a dropout multiplies a map by. */
  readonly mask: (name: string, rate: number, dims: readonly number[]) => Tensor;
  /** Gives a running statistic its new value. */
  readonly track: (statistic: Parameter, value: Tensor) => void;
}

/** What an operation's forward pass leaves for its backward pass. */
export interface Emitted {
  readonly output: Tensor;
  readonly saved: readonly Tensor[];
}

export interface BackwardContext extends Lowering {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly saved: readonly Tensor[];
  /** Gradient of the loss with respect to the output. */
  readonly gradient: Tensor;
  /** Which inputs a trained parameter lies behind. */
  readonly needed: readonly boolean[];
  readonly addParameterGradient: (parameter: Parameter, gradient: Tensor) => void;
}

/** How one kind of operation is written forwards, and its vector–Jacobian product. */
export interface Rule<K extends OperationKind> {
  forward(operation: OperationOf<K>, inputs: readonly Tensor[], lowering: Lowering): Tensor | Emitted;
  /** Gradients of the inputs; null where the input needs none. */
  backward(operation: OperationOf<K>, context: BackwardContext): (Tensor | null)[];
}

const first = (inputs: readonly Tensor[]): Tensor => inputs[0]!;

/** Sums a gradient over the axes along which `to` was broadcast. */
function unbroadcast(e: Emitter, gradient: Tensor, to: Tensor): Tensor {
  let result = gradient;
  const spatialAxes = [0, 1, 3, 4];
  if (spatialAxes.some((axis) => to.dims[axis] !== result.dims[axis])) result = sumOverVoxels(e, result);
  if (to.dims[channelAxis] !== result.dims[channelAxis]) result = e.sum(result, [channelAxis]);
  return result;
}

/** A rule of two broadcast inputs from the partial derivatives times the gradient. */
function binary<K extends OperationKind>(
  forward: (e: Emitter, a: Tensor, b: Tensor) => Tensor,
  partials: (e: Emitter, context: BackwardContext) => [() => Tensor, () => Tensor],
): Rule<K> {
  return {
    forward: (_, [a, b], { e }) => forward(e, a!, b!),
    backward: (_, context) =>
      partials(context.e, context).map((partial, at) =>
        context.needed[at] ? unbroadcast(context.e, partial(), context.inputs[at]!) : null,
      ),
  };
}

/** A rule of one input from its derivative times the gradient. */
function unary<K extends OperationKind>(
  forward: (e: Emitter, x: Tensor, operation: OperationOf<K>) => Tensor,
  chain: (
    e: Emitter,
    context: { x: Tensor; y: Tensor; gradient: Tensor },
    operation: OperationOf<K>,
  ) => Tensor,
): Rule<K> {
  return {
    forward: (operation, inputs, { e }) => forward(e, first(inputs), operation),
    backward: (operation, { e, inputs, output, gradient }) => [
      chain(e, { x: first(inputs), y: output, gradient }, operation),
    ],
  };
}

/** A parameter of one number a channel, against maps. */
const perChannel = (e: Emitter, tensor: Tensor): Tensor => e.reshape(tensor, [1, 1, tensor.dims[0]!, 1, 1]);
const asVector = (e: Emitter, tensor: Tensor): Tensor => e.reshape(tensor, [tensor.dims[channelAxis]!]);

const convolution: Rule<"convolution"> = {
  forward: (operation, [x], { e, block, parameter }) =>
    convolve(
      e,
      block,
      x!,
      parameter(operation.weight),
      operation.bias && parameter(operation.bias),
      operation,
    ),
  backward(operation, { e, block, inputs, gradient, needed, parameter, addParameterGradient }) {
    const x = first(inputs);
    addParameterGradient(operation.weight, correlate(e, x, gradient, operation));
    if (operation.bias) addParameterGradient(operation.bias, asVector(e, sumOverVoxels(e, gradient)));
    return [needed[0] ? spread(e, block, gradient, parameter(operation.weight), null, operation) : null];
  },
};

const transposedConvolution: Rule<"transposedConvolution"> = {
  forward: (operation, [x], { e, block, parameter }) =>
    spread(e, block, x!, parameter(operation.weight), operation.bias && parameter(operation.bias), operation),
  backward(operation, { e, block, inputs, gradient, needed, parameter, addParameterGradient }) {
    const x = first(inputs);
    addParameterGradient(operation.weight, correlate(e, gradient, x, operation));
    if (operation.bias) addParameterGradient(operation.bias, asVector(e, sumOverVoxels(e, gradient)));
    return [needed[0] ? convolve(e, block, gradient, parameter(operation.weight), null, operation) : null];
  },
};

/** y = (x − mean)·scale/σ + shift; the gradient is that of batch normalisation (Ioffe and Szegedy 2015) per sample. */
const instanceNorm: Rule<"instanceNorm"> = {
  forward(operation, [x], { e, parameter }) {
    const centred = e.subtract(x!, meanOverVoxels(e, x!));
    const variance = e.add(meanSquareOverVoxels(e, centred), e.scalar(operation.epsilon));
    const inverse = e.unary("Reciprocal", e.unary("Sqrt", variance));
    const factor = operation.scale ? e.multiply(inverse, perChannel(e, parameter(operation.scale))) : inverse;
    const scaled = e.multiply(centred, factor);
    const output = operation.shift ? e.add(scaled, perChannel(e, parameter(operation.shift))) : scaled;
    return { output, saved: [centred, inverse, factor] };
  },
  backward(operation, { e, saved, gradient, needed, addParameterGradient }) {
    const [centred, inverse, factor] = saved as [Tensor, Tensor, Tensor];
    const { z, y, x } = mapDims(gradient);
    const meanGradient = meanOverVoxels(e, gradient);
    const meanProduct = meanOverVoxels(e, e.multiply(gradient, centred));
    const overSamples = (t: Tensor) => asVector(e, e.scale(e.sum(t, [0]), z * y * x));
    if (operation.scale) addParameterGradient(operation.scale, overSamples(e.multiply(meanProduct, inverse)));
    if (operation.shift) addParameterGradient(operation.shift, overSamples(meanGradient));
    if (!needed[0]) return [null];
    const along = e.multiply(meanProduct, e.multiply(inverse, inverse));
    const inner = e.subtract(gradient, e.add(e.multiply(centred, along), meanGradient));
    return [e.multiply(inner, factor)];
  },
};

/** relu(x) + slope·min(x, 0): ONNX Runtime's own PRelu runs on one thread. */
const prelu: Rule<"prelu"> = {
  forward(operation, [x], { e, parameter }) {
    const negative = e.op("Min", [x!, e.scalar(0)], x!.dims);
    const output = e.add(
      e.unary("Relu", x!),
      e.multiply(negative, e.reshape(parameter(operation.slope), [1, 1, 1, 1, 1])),
    );
    return { output, saved: [negative] };
  },
  backward(operation, { e, inputs, saved, gradient, parameter, addParameterGradient }) {
    const x = first(inputs);
    const slope = e.reshape(parameter(operation.slope), [1, 1, 1, 1, 1]);
    const total = e.sum(sumOverVoxels(e, e.multiply(gradient, saved[0]!)), [channelAxis]);
    addParameterGradient(operation.slope, e.reshape(total, [1]));
    const rise = e.subtract(e.scalar(1), slope);
    return [e.multiply(gradient, e.add(e.multiply(e.positive(x), rise), slope))];
  },
};

function averagePool(e: Emitter, x: Tensor, [fz, fy, fx]: readonly [number, number, number]): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const dims = [samples, z / fz, channels, y / fy, width / fx];
  const window = [ints("kernel_shape", [fy, fx]), ints("strides", [fy, fx])];
  const images = e.op("AveragePool", [asImages(e, x)], [samples * z, channels, y / fy, width / fx], window);
  if (fz === 1) return e.reshape(images, dims);
  const groups = e.reshape(images, [(samples * z) / fz, fz, (channels * y * width) / (fy * fx)]);
  return e.reshape(e.scale(e.sum(groups, [1]), 1 / fz), dims);
}

function upsampleNearest(e: Emitter, x: Tensor, [fz, fy, fx]: readonly [number, number, number]): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const images = asImages(e, x);
  const scales = e.floats(Float32Array.of(1, 1, fy, fx), [4], `scales:${fy}:${fx}`);
  const attributes = [
    text("mode", "nearest"),
    text("coordinate_transformation_mode", "asymmetric"),
    text("nearest_mode", "floor"),
  ];
  const wide = e.op("Resize", [images, "", scales], [samples * z, channels, y * fy, width * fx], attributes);
  const dims = [samples, z * fz, channels, y * fy, width * fx];
  if (fz === 1) return e.reshape(wide, dims);
  const rows = Array.from({ length: samples * z * fz }, (_, row) => Math.floor(row / fz));
  return e.reshape(e.gather(wide, 0, rows), dims);
}

const volumeOf = (factor: readonly number[]): number => factor.reduce((a, b) => a * b, 1);

/** x − max − log Σ exp over the channels. */
function logSoftmax(e: Emitter, x: Tensor): Tensor {
  const dims = x.dims.map((size, axis) => (axis === channelAxis ? 1 : size));
  const largest = e.op("ReduceMax", [x], dims, [ints("axes", [channelAxis]), int("keepdims", 1)]);
  const shifted = e.subtract(x, largest);
  return e.subtract(shifted, e.unary("Log", e.sum(e.unary("Exp", shifted), [channelAxis])));
}

const channelConstant = (e: Emitter, values: readonly number[]): Tensor =>
  e.floats(Float32Array.from(values), [1, 1, values.length, 1, 1], `channels:${values}`);

/** How every kind of operation is written. */
export const rules: { readonly [K in Exclude<OperationKind, "input">]?: Rule<K> } = {
  convolution,
  transposedConvolution,
  instanceNorm,
  prelu,
  relu: unary(
    (e, x) => e.unary("Relu", x),
    (e, { y, gradient }) => e.multiply(gradient, e.positive(y)),
  ),
  averagePool: unary<"averagePool">(
    (e, x, { factor }) => averagePool(e, x, factor),
    (e, { gradient }, { factor }) => e.scale(upsampleNearest(e, gradient, factor), 1 / volumeOf(factor)),
  ),
  upsampleNearest: unary<"upsampleNearest">(
    (e, x, { factor }) => upsampleNearest(e, x, factor),
    (e, { gradient }, { factor }) => e.scale(averagePool(e, gradient, factor), volumeOf(factor)),
  ),
  concat: {
    forward: (_, inputs, { e }) => e.concat(inputs, channelAxis),
    backward(_, { e, inputs, gradient, needed }) {
      let start = 0;
      return inputs.map((input, at) => {
        const from = start;
        start += input.dims[channelAxis]!;
        return needed[at] ? e.slice(gradient, channelAxis, from, start) : null;
      });
    },
  },
  add: binary(
    (e, a, b) => e.add(a, b),
    (_, { gradient }) => [() => gradient, () => gradient],
  ),
  subtract: binary(
    (e, a, b) => e.subtract(a, b),
    (e, { gradient }) => [() => gradient, () => e.unary("Neg", gradient)],
  ),
  multiply: binary(
    (e, a, b) => e.multiply(a, b),
    (e, { gradient, inputs: [a, b] }) => [() => e.multiply(gradient, b!), () => e.multiply(gradient, a!)],
  ),
  divide: binary(
    (e, a, b) => e.divide(a, b),
    (e, { gradient, inputs: [, b], output }) => [
      () => e.divide(gradient, b!),
      () => e.unary("Neg", e.divide(e.multiply(gradient, output), b!)),
    ],
  ),
  affine: unary<"affine">(
    (e, x, { scale, offset }) =>
      offset === 0 ? e.scale(x, scale) : e.add(e.scale(x, scale), e.scalar(offset)),
    (e, { gradient }, { scale }) => e.scale(gradient, scale),
  ),
  channelScale: unary<"channelScale">(
    (e, x, { scales }) => e.multiply(x, channelConstant(e, scales)),
    (e, { gradient }, { scales }) => e.multiply(gradient, channelConstant(e, scales)),
  ),
  power: unary<"power">(
    (e, x, { exponent }) => e.op("Pow", [x, e.scalar(exponent)], x.dims),
    (e, { x, gradient }, { exponent }) =>
      e.multiply(gradient, e.scale(e.op("Pow", [x, e.scalar(exponent - 1)], x.dims), exponent)),
  ),
  exp: unary(
    (e, x) => e.unary("Exp", x),
    (e, { y, gradient }) => e.multiply(gradient, y),
  ),
  log: unary(
    (e, x) => e.unary("Log", x),
    (e, { x, gradient }) => e.divide(gradient, x),
  ),
  softplus: unary(
    (e, x) => e.unary("Softplus", x),
    (e, { x, gradient }) => e.multiply(gradient, e.unary("Sigmoid", x)),
  ),
  sigmoid: unary(
    (e, x) => e.unary("Sigmoid", x),
    (e, { y, gradient }) => e.multiply(gradient, e.multiply(y, e.subtract(e.scalar(1), y))),
  ),
  softmax: unary(
    (e, x) => e.unary("Exp", logSoftmax(e, x)),
    (e, { y, gradient }) => {
      const product = e.multiply(gradient, y);
      return e.subtract(product, e.multiply(y, e.sum(product, [channelAxis])));
    },
  ),
  logSoftmax: unary(
    (e, x) => logSoftmax(e, x),
    (e, { y, gradient }) =>
      e.subtract(gradient, e.multiply(e.unary("Exp", y), e.sum(gradient, [channelAxis]))),
  ),
  sum: unary(
    (e, x) => sumOverVoxels(e, x),
    (e, { x, gradient }) => e.op("Expand", [gradient, e.integers(x.dims)], x.dims),
  ),
  sumChannels: unary(
    (e, x) => e.sum(x, [channelAxis]),
    (e, { x, gradient }) => e.op("Expand", [gradient, e.integers(x.dims)], x.dims),
  ),
};

/** The rule of a value's operation, its kind erased: the table above pairs them. */
export function ruleOf(value: Value): Rule<OperationKind> {
  const { kind } = value.operation;
  if (kind === "input") throw new TypeError("an input is not computed");
  const rule = rules[kind];
  if (!rule) throw new TypeError(`${kind} is not written yet`);
  return rule as unknown as Rule<OperationKind>;
}
