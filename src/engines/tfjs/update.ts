/** AdamW in TensorFlow.js: one update of the flat state. */
import type { Scalar, Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import type { ParameterLayout } from "../../nets/weights.js";
import type { Optimiser, StateName } from "../trainable.js";
import type { TensorFlow } from "./backend.js";
import type { LossGradient } from "./lossGradient.js";

/** Weights, moments and average as tensors, each flat in the layout's order. */
export type FlatState = Readonly<Record<StateName, Tensor1D>>;

interface StepSizes {
  /** Number of the step, from 0. */
  readonly step: number;
  readonly rate: number;
  readonly averageDecay: number;
  /** Numbers that move at a rate of their own: 1 for each of them, else 0, and that rate; null where none does. */
  readonly own: { readonly mask: Tensor1D; readonly rate: number } | null;
}

/**
 * Makes one AdamW update: the gradient clipped by its norm, decoupled decay, then TensorFlow.js's own Adam with the
 * moments of the state, then the average. Where numbers have a rate of their own, Adam moves zeros at a rate of 1, and each
 * number goes its own share of that way. Adam keeps 1 − β₂ᵗ in 32 bits, which changes the size of the first steps by up
 * to 1e-5 of it.
 */
export async function update(
  tf: TensorFlow,
  state: FlatState,
  { gradient, statistics }: Omit<LossGradient, "loss">,
  { decayed, trained }: ParameterLayout,
  optimiser: Optimiser,
  { step, rate, averageDecay, own }: StepSizes,
): Promise<{ state: FlatState; norm: Scalar }> {
  const leading = (tensor: Tensor1D) => tf.slice(tensor, [0], [trained]);
  const norm = tf.tidy(() => tf.sqrt(tf.sum(tf.square(gradient))) as Scalar);
  const clipped = tf.tidy(() =>
    tf.mul<Tensor1D>(gradient, tf.minimum(tf.div(optimiser.clipNorm, tf.add(norm, 1e-6)), 1)),
  );
  const rates = own && tf.tidy(() => ratesOf(tf, own, rate));
  const shrunk = tf.tidy(() => {
    const shrink = rates
      ? tf.sub(1, tf.mul(tf.slice(rates, [0], [decayed]), optimiser.weightDecay))
      : 1 - rate * optimiser.weightDecay;
    return tf.concat([
      tf.mul<Tensor1D>(tf.slice(state.weights, [0], [decayed]), shrink),
      tf.slice(state.weights, [decayed], [trained - decayed]),
    ]);
  });
  const moments = {
    first: tf.tidy(() => leading(state.moment1)),
    second: tf.tidy(() => leading(state.moment2)),
  };
  const from = rates ? tf.zerosLike(shrunk) : shrunk;
  const way = { weights: from, gradient: clipped, ...moments };
  const moved = await adam(tf, way, optimiser, step, rates ? 1 : rate);
  const fresh = tf.tidy(() => {
    const whole = (part: Tensor1D, rest: Tensor1D | undefined): Tensor1D =>
      rest ? tf.concat([part, rest]) : tf.clone(part);
    const rest = (tensor: Tensor1D) => statistics && tf.slice(tensor, [trained]);
    const ended = rates ? tf.add<Tensor1D>(shrunk, tf.mul(moved.weights, rates)) : moved.weights;
    const weights = whole(ended, statistics);
    const distance = tf.mul<Tensor1D>(tf.sub(state.average, weights), averageDecay);
    return {
      weights,
      moment1: whole(moved.first, rest(state.moment1)),
      moment2: whole(moved.second, rest(state.moment2)),
      average: tf.add<Tensor1D>(weights, distance),
    };
  });
  tf.dispose([clipped, shrunk, moments, moved]);
  if (rates) tf.dispose([rates, from]);
  return { state: fresh, norm };
}

const ratesOf = (
  tf: TensorFlow,
  { mask, rate: taken }: NonNullable<StepSizes["own"]>,
  rate: number,
): Tensor1D => tf.add(tf.mul(mask, taken), tf.mul(tf.sub(1, mask), rate));

type AdamState = {
  readonly weights: Tensor1D;
  readonly first: Tensor1D;
  readonly second: Tensor1D;
};

/** Makes one step of `tf.train.adam`, created anew with the moments and the count of steps to continue from. */
async function adam(
  tf: TensorFlow,
  { weights, gradient, first, second }: AdamState & { readonly gradient: Tensor1D },
  { beta1, beta2, epsilon }: Optimiser,
  step: number,
  rate: number,
): Promise<AdamState> {
  const optimiser = tf.train.adam(rate, beta1, beta2, epsilon);
  const variable = tf.variable(weights);
  const iterations = tf.scalar(step, "int32");
  await optimiser.setWeights([
    { name: "iter", tensor: iterations },
    { name: "m", tensor: first },
    { name: "v", tensor: second },
  ]);
  optimiser.applyGradients([{ name: variable.name, tensor: gradient }]);
  const [count, m, v] = (await optimiser.getWeights()).map(({ tensor }) => tensor) as [
    Tensor,
    Tensor1D,
    Tensor1D,
  ];
  const moved = {
    weights: tf.clone<Tensor1D>(variable as Tensor1D),
    first: tf.clone(m),
    second: tf.clone(v),
  };
  optimiser.dispose();
  variable.dispose();
  tf.dispose([count, iterations]);
  return moved;
}
