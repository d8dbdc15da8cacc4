/** AdamW's update where some numbers move at a rate of their own: both engines beside the plain formula. */
import { describe, expect, it } from "vitest";
import { randomFor } from "../../src/domain/random.js";
import type { Array5 } from "../../src/engines/onnx/session.js";
import { loadTensorFlow } from "../../src/engines/tfjs/backend.js";
import { update } from "../../src/engines/tfjs/update.js";
import { type StateName, stateNames } from "../../src/engines/trainable.js";
import { layOut } from "../../src/nets/weights.js";
import { openUpdate, vector } from "../support/engines/updates.js";

const optimiser = { beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1, clipNorm: 1 };
const layout = layOut([
  vector("kernel", 6, true),
  vector("bias", 4, false),
  vector("statistic", 2, false, false),
]);
const random = randomFor(3, "tests/ownRate", 0);
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
/** Taken: parts of what decays and of what does not. */
const mask = Float32Array.of(1, 0, 1, 1, 0, 0, 1, 0, 0, 1);
const start = normals(12);
const steps = [
  { rate: 0.01, takenRate: 0 },
  { rate: 0.02, takenRate: 0 },
  { rate: 0.02, takenRate: 0.002 },
  { rate: 0.01, takenRate: 0.03 },
].map((rates) => ({ ...rates, averageDecay: 0.8, gradient: normals(10), statistics: normals(2) }));

type State = Record<StateName, Float32Array>;
const first = (): State => ({
  weights: start.slice(),
  moment1: new Float32Array(12),
  moment2: new Float32Array(12),
  average: start.slice(),
});

/** The formula (Loshchilov and Hutter 2019, algorithm 2), number by number in 64 bits. */
function byFormula(): State[] {
  const state = Object.fromEntries(
    stateNames.map((name) => [name, Float64Array.from(first()[name])]),
  ) as Record<StateName, Float64Array>;
  return steps.map(({ rate, takenRate, averageDecay, gradient, statistics }, step) => {
    const norm = Math.hypot(...gradient);
    const factor = Math.min(1, optimiser.clipNorm / (norm + 1e-6));
    for (let i = 0; i < 10; i++) {
      const own = mask[i] === 1 ? takenRate : rate;
      const g = gradient[i]! * factor;
      const m = optimiser.beta1 * state.moment1[i]! + (1 - optimiser.beta1) * g;
      const v = optimiser.beta2 * state.moment2[i]! + (1 - optimiser.beta2) * g * g;
      const [mHat, vHat] = [m / (1 - optimiser.beta1 ** (step + 1)), v / (1 - optimiser.beta2 ** (step + 1))];
      const decay = i < 6 ? own * optimiser.weightDecay : 0;
      state.weights[i] =
        state.weights[i]! * (1 - decay) - (own * mHat) / (Math.sqrt(vHat) + optimiser.epsilon);
      state.moment1[i] = m;
      state.moment2[i] = v;
    }
    statistics.forEach((value, i) => {
      state.weights[10 + i] = value;
    });
    for (let i = 0; i < 12; i++)
      state.average[i] = state.weights[i]! + averageDecay * (state.average[i]! - state.weights[i]!);
    return Object.fromEntries(stateNames.map((name) => [name, Float32Array.from(state[name])])) as State;
  });
}

const of = (data: Float32Array): Array5 => ({ data, dims: [data.length] });

async function byOnnx(own: boolean): Promise<State[]> {
  const session = await openUpdate(layout, optimiser, own ? mask : null);
  const states: State[] = [];
  let now = first();
  for (const [at, { rate, takenRate, averageDecay, gradient, statistics }] of steps.entries()) {
    const results = await session.run({
      ...Object.fromEntries(stateNames.map((name) => [name, of(now[name])])),
      gradient: of(gradient),
      statistics: of(statistics),
      rate: of(Float32Array.of(rate)),
      correction1: of(Float32Array.of(1 / (1 - optimiser.beta1 ** (at + 1)))),
      correction2: of(Float32Array.of(1 / (1 - optimiser.beta2 ** (at + 1)))),
      averageDecay: of(Float32Array.of(averageDecay)),
      ...(own && { takenRate: of(Float32Array.of(takenRate)) }),
    });
    now = Object.fromEntries(stateNames.map((name) => [name, results[`new.${name}`]!.data])) as State;
    states.push(now);
  }
  await session.release();
  return states;
}

async function byTensorFlow(): Promise<State[]> {
  const { tf } = await loadTensorFlow();
  const before = tf.memory().numTensors;
  const tensors = (state: State) =>
    Object.fromEntries(stateNames.map((name) => [name, tf.tensor1d(state[name].slice())])) as Record<
      StateName,
      ReturnType<typeof tf.tensor1d>
    >;
  const states: State[] = [];
  const taken = tf.tensor1d(mask);
  let now = tensors(first());
  for (const [step, { rate, takenRate, averageDecay, gradient, statistics }] of steps.entries()) {
    const found = { gradient: tf.tensor1d(gradient), statistics: tf.tensor1d(statistics), parts: [] };
    const sizes = { step, rate, averageDecay, own: { mask: taken, rate: takenRate } };
    const { state, norm } = await update(tf, now, found, layout, optimiser, sizes);
    tf.dispose([now, found.gradient, found.statistics, norm]);
    now = { ...state };
    const read = await Promise.all(
      stateNames.map(async (name) => [name, Float32Array.from(await now[name].data())] as const),
    );
    states.push(Object.fromEntries(read) as State);
  }
  tf.dispose([now, taken]);
  expect(tf.memory().numTensors).toBe(before);
  return states;
}

const largest = (a: State, b: State): number =>
  Math.max(...stateNames.flatMap((name) => [...a[name]].map((value, i) => Math.abs(value - b[name][i]!))));

describe("numbers with a rate of their own", () => {
  it.each([
    ["ONNX Runtime", () => byOnnx(true)],
    ["TensorFlow.js", byTensorFlow],
  ])("%s moves as the formula says", async (_, run) => {
    const wanted = byFormula();
    const got = await run();
    for (const [at, state] of got.entries())
      expect(largest(state, wanted[at]!), `step ${at}`).toBeLessThan(3e-6);
  });

  it.each([
    ["ONNX Runtime", () => byOnnx(true)],
    ["TensorFlow.js", byTensorFlow],
  ])("%s leaves them as they are to the bit at a rate of 0, and moves the others", async (_, run) => {
    const states = await run();
    for (const frozen of states.slice(0, 2))
      for (const [i, isTaken] of mask.entries())
        expect(Object.is(frozen.weights[i], start[i]), `number ${i}`).toBe(isTaken === 1);
    expect([...mask].every((isTaken, i) => isTaken === 0 || states[2]!.weights[i] !== start[i])).toBe(true);
  });

  it("others move by ONNX Runtime to the bit as they would without", async () => {
    const [own, plain] = [await byOnnx(true), await byOnnx(false)];
    for (const [at, state] of own.entries())
      for (const [i, isTaken] of mask.entries())
        if (isTaken === 0) expect(Object.is(state.weights[i], plain[at]!.weights[i])).toBe(true);
  });
});
