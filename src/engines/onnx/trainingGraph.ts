/** The ONNX graph of one training step: forward pass, losses, gradients, and AdamW's update of the flat state. */
import type { Shape3 } from "../../domain/volume.js";
import { elementCount, type Parameter } from "../../nets/value.js";
import type { ParameterLayout } from "../../nets/weights.js";
import type { Dropout } from "../dropoutMask.js";
import {
  inputMap,
  type LossPart,
  type Optimiser,
  type StateName,
  stateNames,
  type Trainable,
} from "../trainable.js";
import type { Block } from "./convolution/imageConvolution.js";
import { fromChannelMajor } from "./convolution/zMajor.js";
import { Emitter, type Provider, type Tensor } from "./graph/emitter.js";
import type { GraphParts } from "./graph/model.js";
import { lowerBackward, lowerForward } from "./lower.js";
import type { Lowering } from "./rules/rule.js";
import type { Array5 } from "./session.js";

/** Loss and gradient of a step as tensors of the graph. */
interface WrittenGradient {
  readonly loss: Tensor;
  /** The trainable's parts of the loss by name. */
  readonly parts: ReadonlyMap<string, Tensor>;
  /** Gradient of the layout's trained part, flat. */
  readonly gradient: Tensor;
  /** New running statistics, the rest of the layout, flat; null where there are none. */
  readonly statistics: Tensor | null;
  /** Dropouts whose masks every step must feed as inputs `mask.NAME`. */
  readonly dropouts: readonly Dropout[];
}

/** Writes forward pass, losses and gradients; `weights` is one flat vector. */
export function writeGradient(
  e: Emitter,
  block: Block,
  { objectives, parts: lossParts, batchInputs, layout }: Trainable,
  weights: Tensor,
  samples: number,
  patch: Shape3,
): WrittenGradient {
  const tensors = parametersIn(e, weights, layout);
  const dropouts: Dropout[] = [];
  const tracked = new Map<Parameter, Tensor>();
  const lowering: Lowering = {
    e,
    block,
    parameter: (parameter) => tensors.get(parameter)!,
    training: {
      mask(name, rate, dims) {
        dropouts.push({ name, rate, dims });
        return e.input(maskName(name), dims);
      },
      track: (statistic, value) => tracked.set(statistic, value),
    },
  };
  const inputs = batchTensors(e, batchInputs, samples, patch);
  const forward = lowerForward(
    objectives.map(({ loss }) => loss),
    inputs,
    lowering,
  );
  const gradients = new Map(
    objectives.flatMap((objective) => [...lowerBackward(objective, forward, lowering)]),
  );
  const flat = (parameters: readonly Parameter[], of: ReadonlyMap<Parameter, Tensor>): Tensor =>
    e.concat(
      parameters.map((parameter) => {
        const count = elementCount(parameter);
        const known = of.get(parameter);
        return known ? e.reshape(known, [count]) : e.zeros([count]);
      }),
      0,
    );
  const statistics = layout.order.filter(({ trained }) => !trained);
  return {
    loss: e.reshape(forward.get(objectives[0]!.loss)!.output, [1]),
    parts: new Map(lossParts.map(({ name, value }) => [name, e.reshape(forward.get(value)!.output, [1])])),
    gradient: flat(
      layout.order.filter(({ trained }) => trained),
      gradients,
    ),
    statistics: statistics.length > 0 ? flat(statistics, tracked) : null,
    dropouts,
  };
}

/** Writes the parameters that lie in a flat vector. */
export function parametersIn(e: Emitter, flat: Tensor, { order }: ParameterLayout): Map<Parameter, Tensor> {
  const parts = e.split(flat, order.map(elementCount));
  return new Map(order.map((parameter, at) => [parameter, e.reshape(parts[at]!, parameter.shape)]));
}

/** Declares the inputs of a batch, by name. */
export const batchTensors = (
  e: Emitter,
  batchInputs: Trainable["batchInputs"],
  samples: number,
  patch: Shape3,
): Map<string, Tensor> =>
  new Map(
    batchInputs.map((value) => {
      const { name, dims } = inputMap(value, samples, patch);
      return [name, fromChannelMajor(e, e.input(name, dims))];
    }),
  );

/** Names the input that holds a dropout's mask. */
export const maskName = (dropout: string): string => `mask.${dropout}`;

/** Names the output that holds a term of the loss. */
export const partName = (term: string): string => `part.${term}`;

/** Reads the terms of the loss from a run's outputs, by name. */
export const partsIn = (
  outputs: Readonly<Record<string, Array5>>,
  parts: readonly LossPart[],
): Record<string, number> =>
  Object.fromEntries(parts.map(({ name }) => [name, outputs[partName(name)]!.data[0]!]));

/** Names the output that holds a part of the state after the step. */
export const newName = (part: StateName): string => `new.${part}`;

/**
 * Writes one whole training step: state and batch in; loss, gradient's norm and the new state out.
 *
 * @param taken 1 for each trained number that moves at the rate of the input `takenRate`, else 0; null where none does
 */
export function trainingGraph(
  trainable: Trainable,
  optimiser: Optimiser,
  samples: number,
  patch: Shape3,
  block: Block,
  provider: Provider = "cpu",
  taken: Float32Array | null = null,
): { parts: GraphParts; dropouts: readonly Dropout[] } {
  const e = new Emitter(provider);
  const { layout } = trainable;
  const state = Object.fromEntries(stateNames.map((name) => [name, e.input(name, [layout.total])])) as Record<
    StateName,
    Tensor
  >;
  const step = Object.fromEntries(stepInputs.map((name) => [name, e.input(name, [1])])) as Record<
    (typeof stepInputs)[number],
    Tensor
  >;
  const written = writeGradient(e, block, trainable, state.weights, samples, patch);
  const own = taken && { mask: e.floats(taken, [taken.length]), rate: e.input("takenRate", [1]) };
  const update = writeUpdate(e, written.gradient, written.statistics, state, step, optimiser, layout, own);
  e.output("loss", written.loss);
  e.output("norm", update.norm);
  for (const [name, part] of written.parts) e.output(partName(name), part);
  for (const name of stateNames) e.output(newName(name), update.state[name]);
  return { parts: e.parts(), dropouts: written.dropouts };
}

/** Inputs of one number each that change from step to step. */
const stepInputs = ["rate", "correction1", "correction2", "averageDecay"] as const;

/** Numbers that move at a rate of their own: 1 for each of them, else 0, and that rate. */
interface OwnRate {
  readonly mask: Tensor;
  readonly rate: Tensor;
}

/**
 * Writes one AdamW update of the flat state from the flat gradient of its trained part and the new running statistics,
 * null where there are none; returns the new state and the gradient's norm. Weight decay follows the rate of each
 * number; at a rate of 0 a weight stays as it is to the bit.
 *
 * @throws TypeError where the network has no parameters
 */
export function writeUpdate(
  e: Emitter,
  gradient: Tensor,
  statistics: Tensor | null,
  state: Readonly<Record<StateName, Tensor>>,
  step: Readonly<Record<(typeof stepInputs)[number], Tensor>>,
  optimiser: Optimiser,
  layout: ParameterLayout,
  own: OwnRate | null = null,
): { state: Record<StateName, Tensor>; norm: Tensor } {
  const { beta1, beta2 } = optimiser;
  const { order, decayed, trained } = layout;
  if (order.length === 0) throw new TypeError("a network without parameters cannot be trained");
  const norm = e.unary("Sqrt", e.op("ReduceSumSquare", [gradient], [1], []));
  const factor = e.op(
    "Min",
    [e.divide(e.scalar(optimiser.clipNorm), e.add(norm, e.scalar(1e-6))), e.scalar(1)],
    [1],
  );
  const clipped = e.multiply(gradient, factor);

  const blend = (old: Tensor, keep: number, fresh: Tensor) =>
    e.add(e.scale(old, keep), e.scale(fresh, 1 - keep));
  const moved = (of: StateName) => e.part(state[of], 0, trained);
  const rest = (of: StateName) => e.part(state[of], trained, layout.total);
  const moment1 = blend(moved("moment1"), beta1, clipped);
  const moment2 = blend(moved("moment2"), beta2, e.multiply(clipped, clipped));
  const root = e.add(e.unary("Sqrt", e.multiply(moment2, step.correction2)), e.scalar(optimiser.epsilon));
  const rate = own ? ratesOf(e, own, step.rate) : step.rate;
  const move = e.multiply(e.divide(e.multiply(moment1, step.correction1), root), rate);

  const decayRate = own ? e.part(rate, 0, decayed) : rate;
  const shrink = e.subtract(e.scalar(1), e.multiply(decayRate, e.scalar(optimiser.weightDecay)));
  const shrunk = e.multiply(e.slice(state.weights, 0, 0, decayed), shrink);
  const kept =
    decayed === trained ? shrunk : e.concat([shrunk, e.slice(state.weights, 0, decayed, trained)], 0);
  const whole = (part: Tensor, tail: Tensor | null) => (tail ? e.concat([part, tail], 0) : part);
  const weights = whole(e.subtract(kept, move), statistics);
  const distance = e.multiply(e.subtract(state.average, weights), step.averageDecay);
  const fresh = {
    weights,
    moment1: whole(moment1, statistics && rest("moment1")),
    moment2: whole(moment2, statistics && rest("moment2")),
    average: e.add(weights, distance),
  };
  return { state: fresh, norm };
}

/** Writes the rate of each number: a product with 0 or 1, and so either rate to the bit. */
const ratesOf = (e: Emitter, { mask, rate: taken }: OwnRate, rate: Tensor): Tensor =>
  e.add(e.multiply(mask, taken), e.multiply(e.subtract(e.scalar(1), mask), rate));
