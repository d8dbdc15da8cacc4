import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { selectGreedily, selectInOrder } from "../../../src/train/ensemble/choose.js";
import { fitWeights, type TypeSample } from "../../../src/train/ensemble/fit.js";

test("greedy selection takes what helps most, again if need be, and ends where nothing helps", async () => {
  // The mean of the members' numbers is to be near 1: 0.9 is nearest alone, and two of it with one 1.2 are it.
  const members = [0.2, 0.9, 1.2];
  const score = async (counts: readonly number[]) => {
    const taken = counts.reduce((a, b) => a + b, 0);
    return -Math.abs(1 - counts.reduce((sum, count, m) => sum + count * members[m]!, 0) / taken);
  };
  const { counts, score: best } = await selectGreedily(3, score);
  expect(counts).toEqual([0, 2, 1]);
  expect(best).toBeCloseTo(0, 12);
});

test("greedy selection of members that do not help each other is the best one, the earlier of equals", async () => {
  const alone = [0.5, 0.7, 0.7];
  const score = async (counts: readonly number[]) => Math.min(...alone.filter((_, m) => counts[m]! > 0));
  expect(await selectGreedily(3, score)).toEqual({ counts: [0, 1, 0], score: 0.7 });
});

test("a greedy soup keeps, best first, what makes it no worse", async () => {
  const asked: string[] = [];
  const worth: Record<string, number> = { "0,1,1": 0.6, "1,1,0": 0.7 };
  const score = async (counts: readonly number[]) => {
    asked.push(counts.join());
    return worth[counts.join()]!;
  };
  expect(await selectInOrder([0.2, 0.7, 0.4], score)).toEqual({ counts: [1, 1, 0], score: 0.7 });
  expect(asked).toEqual(["0,1,1", "1,1,0"]);
});

const schema = z.object({
  said: z.array(z.array(z.number())),
  labels: z.array(z.number()),
  fitted: z.record(z.string(), z.object({ weights: z.array(z.number()), loss: z.number() })),
});
const fixture = schema.parse(
  JSON.parse(await readFile(new URL("../../fixtures/ensemble/pools.json", import.meta.url), "utf8")),
);
const sample: TypeSample = {
  said: fixture.said.map((values) => Float32Array.from(values)),
  labels: Uint8Array.from(fixture.labels),
  weight: 1,
};

test.each(["probabilities", "logits"] as const)("weights of %s are those that SciPy finds", (averaging) => {
  const weights = fitWeights([sample], 3, averaging);
  for (const [m, weight] of fixture.fitted[averaging]!.weights.entries())
    expect(Math.abs(weights[m]! - weight)).toBeLessThan(0.02);
  expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
});

test("a member that does not predict a type is weighed by the others, and a copy shares its weight", () => {
  const [first, second] = sample.said as [Float32Array, Float32Array];
  const only = { ...sample, said: [first, null] };
  expect(fitWeights([only], 2, "probabilities")).toEqual([0.5, 0.5]);
  const [a, b] = fitWeights([only, { ...sample, said: [first, second] }], 2, "probabilities");
  expect(a!).toBeGreaterThan(b!);
  expect(fitWeights([{ ...sample, said: [first, first] }], 2, "logits")).toEqual([0.5, 0.5]);
});
