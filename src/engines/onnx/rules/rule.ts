/** Rules: how one kind of operation is lowered to ONNX, forwards and backwards, and helpers for simple ones. */
import type { OperationKind, OperationOf, Parameter } from "../../../nets/value.js";
import type { Block } from "../convolution/imageConvolution.js";
import { channelAxis, sumOverSampleVoxels, sumOverVoxels } from "../convolution/zMajor.js";
import type { Emitter, Tensor } from "../graph/emitter.js";

/** What the rule of an operation needs besides its inputs. */
export interface Lowering {
  readonly e: Emitter;
  readonly block: Block;
  readonly parameter: (parameter: Parameter) => Tensor;
  /** The part that only training needs; null when predicting. */
  readonly training: TrainingLowering | null;
}

/** Dropout masks and running statistics of a training step. */
export interface TrainingLowering {
  /** Returns the mask that a dropout multiplies a map by. */
  readonly mask: (name: string, rate: number, dims: readonly number[]) => Tensor;
  /** Sets a running statistic's new value. */
  readonly track: (statistic: Parameter, value: Tensor) => void;
}

/** An operation's output, and the tensors that its forward pass saves for the backward pass. */
export interface Emitted {
  readonly output: Tensor;
  readonly saved: readonly Tensor[];
}

/** What the backward pass of an operation is written from. */
export interface BackwardContext extends Lowering {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly saved: readonly Tensor[];
  /** Gradient of the loss with respect to the output. */
  readonly gradient: Tensor;
  /** Which inputs depend on a trained parameter. */
  readonly needed: readonly boolean[];
  readonly addParameterGradient: (parameter: Parameter, gradient: Tensor) => void;
}

/** How one kind of operation is written forwards, and backwards as its vector–Jacobian product. */
export interface Rule<K extends OperationKind> {
  forward(operation: OperationOf<K>, inputs: readonly Tensor[], lowering: Lowering): Tensor | Emitted;
  /** Writes the gradients of the inputs; null for an input that needs none. */
  backward(operation: OperationOf<K>, context: BackwardContext): (Tensor | null)[];
}

export const first = (inputs: readonly Tensor[]): Tensor => inputs[0]!;

/** Sums a gradient over the axes along which `to` was broadcast. */
function unbroadcast(e: Emitter, gradient: Tensor, to: Tensor): Tensor {
  const repeated = (axis: number) => to.dims[axis] !== gradient.dims[axis];
  let result = gradient;
  if (repeated(0)) result = sumOverVoxels(e, result);
  else if ([1, 3, 4].some(repeated)) result = sumOverSampleVoxels(e, result);
  return repeated(channelAxis) ? e.sum(result, [channelAxis]) : result;
}

/** Makes a rule of two broadcast inputs from its partial derivatives times the gradient. */
export function binary<K extends OperationKind>(
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

/** Makes a rule of one input from its derivative times the gradient. */
export function unary<K extends OperationKind>(
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

/** Shapes one number a channel, (c), to broadcast against maps: (1, 1, c, 1, 1). */
export const perChannel = (e: Emitter, tensor: Tensor): Tensor =>
  e.reshape(tensor, [1, 1, tensor.dims[0]!, 1, 1]);
/** Flattens one number a channel, (1, 1, c, 1, 1), to a vector (c). */
export const asVector = (e: Emitter, tensor: Tensor): Tensor =>
  e.reshape(tensor, [tensor.dims[channelAxis]!]);
