import { describe, expect, test } from "vitest";
import { type Comparison, compareSubmissions } from "../../../src/score/statistics/comparison.js";
import { type Population, simulateRuns } from "../../support/simulatedExperiments.js";

const simulated = 200;

/** Two detectors on so many runs, simulated again and again. */
const comparisons = (population: Population, runs: number): Comparison[] =>
  Array.from({ length: simulated }, (_, i) =>
    compareSubmissions(simulateRuns(population, runs, "comparison", i), { resamples: 200, seed: i }),
  );

const share = (all: readonly Comparison[], is: (comparison: Comparison) => boolean): number =>
  all.filter(is).length / all.length;

const isSignificant = ({ permutation }: Comparison): boolean => permutation.p < 0.05;
const isClaim = ({ verdict }: Comparison): boolean => verdict === "a" || verdict === "b";

describe("two seeds of one recipe, that find particles and runs unevenly but none better than the other", () => {
  test.each([7, 10])("%i runs: p < 0.05 and claims in no more than 7 %", (runs) => {
    const all = comparisons({ difficulty: 0.5, disagreement: 0.3 }, runs);
    expect(share(all, isSignificant)).toBeLessThanOrEqual(0.07);
    expect(share(all, isClaim)).toBeLessThanOrEqual(0.07);
    const holdsNone = ({ score: { interval } }: Comparison) => interval.low <= 0 && interval.high >= 0;
    expect(share(all, holdsNone)).toBeGreaterThanOrEqual(0.85);
    expect(share(all, holdsNone)).toBeLessThanOrEqual(0.96);
  });

  test("five runs: never a claim, said to be too few", () => {
    const all = comparisons({ difficulty: 0.5, disagreement: 0.3 }, 5);
    expect(new Set(all.map(({ verdict }) => verdict))).toEqual(new Set(["too few"]));
  });
});

describe("a real improvement", () => {
  test.each([
    [7, 0.4, 0.4, 0.7],
    [10, 0.4, 0.6, 0.95],
  ])(
    "%i runs, particles %d logits easier to find: said to be better in %d to %d",
    (runs, lead, least, most) => {
      const all = comparisons({ difficulty: 0.5, disagreement: 0.3, lead }, runs);
      const better = share(all, ({ verdict }) => verdict === "a");
      expect(better).toBeGreaterThanOrEqual(least);
      expect(better).toBeLessThanOrEqual(most);
      expect(share(all, ({ verdict }) => verdict === "b")).toBeLessThanOrEqual(0.01);
    },
  );
});
