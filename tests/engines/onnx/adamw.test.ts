import { expect, test } from "vitest";
import { type Optimiser, type StateName, stateNames, writeUpdate } from "../../../src/engines/onnx/adamw.js";
import { Emitter, type Tensor } from "../../../src/engines/onnx/emitter.js";
import { type Array5, openSession } from "../../../src/engines/onnx/session.js";
import type { Parameter } from "../../../src/nets/graph.js";
import { layOut } from "../../../src/nets/weights.js";
import { fixture } from "../../nets/formula.js";

const torch = fixture<{
  optimiser: Optimiser;
  decayed: number;
  start: readonly number[];
  steps: readonly {
    rate: number;
    averageDecay: number;
    gradient: readonly number[];
    norm: number;
    weights: readonly number[];
    average: readonly number[];
  }[];
}>("adamw");

const vector = (name: string, count: number, decay: boolean): Parameter => ({
  name,
  shape: [count],
  initial: { constant: 0 },
  decay,
});

const of = (values: readonly number[]): Array5 => ({
  data: Float32Array.from(values),
  dims: [values.length],
});

const total = torch.start.length;
const layout = layOut([vector("kept", total - torch.decayed, false), vector("decayed", torch.decayed, true)]);

function openUpdate() {
  const e = new Emitter();
  const state = Object.fromEntries(stateNames.map((name) => [name, e.input(name, [total])])) as Record<
    StateName,
    Tensor
  >;
  const step = {
    rate: e.input("rate", [1]),
    correction1: e.input("correction1", [1]),
    correction2: e.input("correction2", [1]),
    averageDecay: e.input("averageDecay", [1]),
  };
  const gradient = e.input("gradient", [total]);
  const update = writeUpdate(e, gradient, state, step, torch.optimiser, layout);
  for (const name of stateNames) e.output(`new.${name}`, update.state[name]);
  e.output("norm", update.norm);
  return openSession(e.parts(), { threads: 1 });
}

test("follows PyTorch's AdamW, clipping and averaging over several steps, decaying the decayed prefix alone", async () => {
  const session = await openUpdate();
  const zeros = torch.start.map(() => 0);
  let state: Record<string, Array5> = {
    weights: of(torch.start),
    average: of(torch.start),
    moment1: of(zeros),
    moment2: of(zeros),
  };
  const { beta1, beta2, clipNorm } = torch.optimiser;
  expect(torch.steps.some(({ norm }) => norm > clipNorm)).toBe(true);
  expect(torch.steps.some(({ norm }) => norm < clipNorm)).toBe(true);
  for (const [at, { rate, averageDecay, gradient, norm, weights, average }] of torch.steps.entries()) {
    const results = await session.run({
      ...state,
      gradient: of(gradient),
      rate: of([rate]),
      correction1: of([1 / (1 - beta1 ** (at + 1))]),
      correction2: of([1 / (1 - beta2 ** (at + 1))]),
      averageDecay: of([averageDecay]),
    });
    state = Object.fromEntries(stateNames.map((name) => [name, results[`new.${name}`]!]));
    expect(results.norm!.data[0]! / norm).toBeCloseTo(1, 5);
    weights.forEach((weight, i) => {
      expect(state.weights!.data[i]).toBeCloseTo(weight, 5);
      expect(state.average!.data[i]).toBeCloseTo(average[i]!, 5);
    });
  }
  await session.release();
});
