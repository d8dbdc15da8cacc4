import type { Network } from "../../nets/architecture.js";
import { elementCount, type Parameter, type Value } from "../../nets/graph.js";
import type { ParameterLayout } from "../../nets/weights.js";
import type { Shape3 } from "../../volume.js";
import { type Optimiser, type StateName, stateNames, stepInputs, writeUpdate } from "./adamw.js";
import type { Block } from "./convolution.js";
import { Emitter, type Tensor } from "./emitter.js";
import { lowerBackward, lowerForward } from "./lower.js";
import type { GraphParts } from "./model.js";
import type { Lowering } from "./operations.js";
import { fromChannelMajor } from "./zMajor.js";

/** A graph to be trained: a network and the loss on its logits, from the inputs named here. */
export interface Trainable {
  readonly network: Network;
  /** One number. */
  readonly loss: Value;
  /** The maps that a batch brings, with their channels: the image and what the loss compares with. */
  readonly batchInputs: ReadonlyMap<string, number>;
}

/** Writes forward pass, loss and gradient; the weights come in as one flat vector. */
export function writeGradient(
  e: Emitter,
  block: Block,
  trainable: Trainable,
  layout: ParameterLayout,
  weights: Tensor,
  samples: number,
  patch: Shape3,
): { loss: Tensor; gradient: Tensor } {
  const parts = e.split(weights, layout.order.map(elementCount));
  const tensors = new Map<Parameter, Tensor>();
  layout.order.forEach((parameter, at) => {
    tensors.set(parameter, e.reshape(parts[at]!, parameter.shape));
  });
  const lowering: Lowering = { e, block, parameter: (parameter) => tensors.get(parameter)! };
  const inputs = new Map<string, Tensor>();
  for (const [name, channels] of trainable.batchInputs)
    inputs.set(name, fromChannelMajor(e, e.input(name, [samples, channels, ...patch])));
  const forward = lowerForward([trainable.loss], inputs, lowering);
  const gradients = lowerBackward(trainable.loss, forward, lowering);
  const flat = layout.order.map((parameter) => {
    const gradient = gradients.get(parameter);
    return gradient ? e.reshape(gradient, [elementCount(parameter)]) : e.zeros([elementCount(parameter)]);
  });
  return { loss: e.reshape(forward.get(trainable.loss)!.output, [1]), gradient: e.concat(flat, 0) };
}

/** One whole training step as a graph: state and batch in, loss, gradient's norm and the new state out. */
export function trainingGraph(
  trainable: Trainable,
  layout: ParameterLayout,
  optimiser: Optimiser,
  samples: number,
  patch: Shape3,
  block: Block,
): GraphParts {
  const e = new Emitter();
  const state = Object.fromEntries(stateNames.map((name) => [name, e.input(name, [layout.total])])) as Record<
    StateName,
    Tensor
  >;
  const step = Object.fromEntries(stepInputs.map((name) => [name, e.input(name, [1])])) as Record<
    (typeof stepInputs)[number],
    Tensor
  >;
  const { loss, gradient } = writeGradient(e, block, trainable, layout, state.weights, samples, patch);
  const update = writeUpdate(e, gradient, state, step, optimiser, layout);
  e.output("loss", loss);
  e.output("norm", update.norm);
  for (const name of stateNames) e.output(`new.${name}`, update.state[name]);
  return e.parts();
}
