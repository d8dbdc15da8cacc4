import { expect, test } from "vitest";
import type { Array5 } from "../../../src/engines/onnx/session.js";
import { type Optimiser, stateNames } from "../../../src/engines/trainable.js";
import { layOut, type ParameterLayout } from "../../../src/nets/weights.js";
import { openUpdate, vector } from "../../support/engines/updates.js";
import { fixture } from "../../support/formula.js";

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

const of = (values: readonly number[]): Array5 => ({
  data: Float32Array.from(values),
  dims: [values.length],
});

const kept = vector("kept", torch.start.length - torch.decayed, false);
const decayed = vector("decayed", torch.decayed, true);
const statistics = vector("statistics", 3, false, false);
const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** Runs the fixture's steps; a layout with statistics gets `fresh` of the step's index as their new values. */
async function runSteps(
  layout: ParameterLayout,
  fresh: ((at: number) => readonly number[]) | null,
  check: (at: number, norm: number, state: Readonly<Record<string, Array5>>) => void,
): Promise<void> {
  const session = await openUpdate(layout, torch.optimiser);
  const rest = zeros(layout.total - layout.trained);
  let state: Record<string, Array5> = {
    weights: of([...torch.start, ...rest]),
    average: of([...torch.start, ...rest]),
    moment1: of(zeros(layout.total)),
    moment2: of(zeros(layout.total)),
  };
  const { beta1, beta2 } = torch.optimiser;
  for (const [at, { rate, averageDecay, gradient }] of torch.steps.entries()) {
    const results = await session.run({
      ...state,
      gradient: of(gradient),
      ...(fresh ? { statistics: of(fresh(at)) } : {}),
      rate: of([rate]),
      correction1: of([1 / (1 - beta1 ** (at + 1))]),
      correction2: of([1 / (1 - beta2 ** (at + 1))]),
      averageDecay: of([averageDecay]),
    });
    state = Object.fromEntries(stateNames.map((name) => [name, results[`new.${name}`]!]));
    check(at, results.norm!.data[0]!, state);
  }
  await session.release();
}

function expectTorch(at: number, norm: number, state: Readonly<Record<string, Array5>>): void {
  const step = torch.steps[at]!;
  expect(norm / step.norm).toBeCloseTo(1, 5);
  step.weights.forEach((weight, i) => {
    expect(state.weights!.data[i]).toBeCloseTo(weight, 5);
    expect(state.average!.data[i]).toBeCloseTo(step.average[i]!, 5);
  });
}

test("follows PyTorch's AdamW, clipping and averaging over several steps, decaying the decayed prefix alone", async () => {
  const { clipNorm } = torch.optimiser;
  expect(torch.steps.some(({ norm }) => norm > clipNorm)).toBe(true);
  expect(torch.steps.some(({ norm }) => norm < clipNorm)).toBe(true);
  await runSteps(layOut([kept, decayed]), null, expectTorch);
});

test("puts new statistics after the trained numbers, averages them, and leaves their moments and the rest alone", async () => {
  const layout = layOut([statistics, kept, decayed]);
  const { trained } = layout;
  const fresh = (at: number) => [at + 1, -2 * at, 0.5];
  const average = [0, 0, 0];
  await runSteps(layout, fresh, (at, norm, state) => {
    expectTorch(at, norm, state);
    const { averageDecay } = torch.steps[at]!;
    fresh(at).forEach((value, i) => {
      average[i] = value + averageDecay * (average[i]! - value);
      expect(state.weights!.data[trained + i]).toBe(value);
      expect(state.average!.data[trained + i]).toBeCloseTo(average[i]!, 5);
      expect(state.moment1!.data[trained + i]).toBe(0);
      expect(state.moment2!.data[trained + i]).toBe(0);
    });
  });
});
