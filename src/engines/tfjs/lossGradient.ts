/** Losses, gradients and running statistics of a training step in TensorFlow.js. */
import type { Rank, Scalar, Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import { elementCount, inOrder, type Parameter, parametersOf, type Value } from "../../nets/value.js";
import type { Objective, Trainable } from "../trainable.js";
import type { TensorFlow } from "./backend.js";
import { evaluateAll, type Inputs } from "./network.js";
import type { TrainingPass } from "./operations.js";

/** Loss, gradient and running statistics at one point. */
export type LossGradient = {
  /** Loss of the first objective. */
  readonly loss: Scalar;
  /** The trainable's parts of the loss, in its order. */
  readonly parts: Scalar[];
  /** Gradient of the layout's trained part, flat. */
  readonly gradient: Tensor1D;
  /** New running statistics, the rest of the layout, flat; undefined where there are none. */
  readonly statistics: Tensor1D | undefined;
};

/**
 * Computes the losses at the flat weights and, by TensorFlow.js's reverse mode, the gradient of each with respect to its
 * own parameters. Every objective is evaluated anew.
 */
export function lossGradient(
  tf: TensorFlow,
  { objectives, parts: lossParts, layout }: Trainable,
  weights: Tensor1D,
  inputs: Inputs,
  mask: TrainingPass["mask"],
): LossGradient {
  const numbers = parametersIn(tf, weights, layout);
  const statistics = new RunningStatistics(tf);
  const kept = new Map<Value, Scalar>();
  const keep = (values: ReadonlyMap<Value, Tensor>): void => {
    for (const { value } of lossParts)
      if (values.has(value) && !kept.has(value))
        kept.set(value, tf.keep(tf.reshape<Rank.R0>(values.get(value)!, []).clone()));
  };
  const found = objectives.map((objective) =>
    oneObjective(tf, objective, numbers, inputs, { mask, statistics, keep }),
  );
  const gradients = new Map(found.flatMap(({ gradients }) => [...gradients]));
  const flat = (of: ReadonlyMap<Parameter, Tensor>, trained: boolean): Tensor1D | undefined => {
    const wanted = layout.order.filter((parameter) => parameter.trained === trained);
    if (wanted.length === 0) return undefined;
    return tf.concat(
      wanted.map((parameter) => {
        const count = elementCount(parameter);
        const known = of.get(parameter);
        return known ? tf.reshape<Rank.R1>(known, [count]) : tf.zeros<Rank.R1>([count]);
      }),
    );
  };
  const result = {
    loss: found[0]!.loss,
    parts: lossParts.map(({ value }) => kept.get(value)!),
    gradient: flat(gradients, true)!,
    statistics: flat(statistics.values, false),
  };
  statistics.dispose();
  return result;
}

/** Returns the parameters that lie in a flat vector. */
export function parametersIn(
  tf: TensorFlow,
  flat: Tensor1D,
  { order }: Trainable["layout"],
): Map<Parameter, Tensor> {
  const parts = tf.split(flat, order.map(elementCount));
  return new Map(order.map((parameter, at) => [parameter, tf.reshape(parts[at]!, [...parameter.shape])]));
}

function oneObjective(
  tf: TensorFlow,
  { loss, parameters }: Objective,
  numbers: ReadonlyMap<Parameter, Tensor>,
  inputs: Inputs,
  {
    mask,
    statistics,
    keep,
  }: {
    readonly mask: TrainingPass["mask"];
    readonly statistics: RunningStatistics;
    /** Receives every value that was computed. */
    readonly keep: (values: ReadonlyMap<Value, Tensor>) => void;
  },
): { loss: Scalar; gradients: Map<Parameter, Tensor> } {
  const reached = new Set(inOrder(loss).flatMap(({ operation }) => parametersOf(operation)));
  const moved = parameters.filter((parameter) => parameter.trained && reached.has(parameter));
  const { value, grads } = tf.valueAndGrads((...tensors: Tensor[]) => {
    const at = new Map(numbers);
    moved.forEach((parameter, index) => {
      at.set(parameter, tensors[index]!);
    });
    const parameter = (wanted: Parameter) => at.get(wanted)!;
    const values = evaluateAll([loss], inputs, (of) => ({
      tf,
      parameter,
      training: { mask, track: (statistic, tensor) => statistics.track(of, statistic, tensor) },
    }));
    keep(values);
    return tf.reshape(values.get(loss)!, []);
  })(moved.map((parameter) => numbers.get(parameter)!));
  return {
    loss: value as Scalar,
    gradients: new Map(moved.map((parameter, index) => [parameter, grads[index]!])),
  };
}

/** New running statistics. Of several values that update the same one, the last in the first evaluation counts. */
class RunningStatistics {
  readonly values = new Map<Parameter, Tensor>();
  private readonly seen = new Set<string>();
  private readonly tf: TensorFlow;

  constructor(tf: TensorFlow) {
    this.tf = tf;
  }

  /** Keeps a statistic beyond the scope that computed it, unless an earlier objective has evaluated the same value. */
  track({ id }: Value, statistic: Parameter, tensor: Tensor): void {
    const key = `${id}/${statistic.name}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.values.get(statistic)?.dispose();
    this.values.set(statistic, this.tf.keep(tensor));
  }

  dispose(): void {
    this.tf.dispose([...this.values.values()]);
  }
}
