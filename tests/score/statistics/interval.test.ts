import { describe, expect, test } from "vitest";
import { scoreInterval } from "../../../src/score/statistics/interval.js";
import { knownScore, reportOfA, simulateRuns } from "../../support/simulatedExperiments.js";

const simulated = 200;

/** The share of simulated experiments whose interval holds the known value: for the score, and over all types. */
function coverage(difficulty: number, runs: number): { score: number; perType: number } {
  const known = knownScore({ difficulty });
  let score = 0;
  let perType = 0;
  for (let i = 0; i < simulated; i++) {
    const report = reportOfA(simulateRuns({ difficulty }, runs, "coverage", i));
    const interval = scoreInterval(report, { resamples: 300, seed: i })!;
    const holds = ({ low, high }: { low: number; high: number }, value: number) =>
      low <= value && value <= high ? 1 : 0;
    score += holds(interval.score, known.score);
    for (const [type, value] of known.perType) perType += holds(interval.perType[type]!, value);
  }
  return { score: score / simulated, perType: perType / simulated / known.perType.size };
}

describe("coverage of the 90 % interval over 200 simulated experiments with a known score", () => {
  test.each([
    [3, 0.5],
    [5, 0.5],
    [7, 0.5],
  ])("%i runs whose difficulty varies by %d logits: 85 to 95 %", (runs, difficulty) => {
    const { score, perType } = coverage(difficulty, runs);
    expect(score).toBeGreaterThanOrEqual(0.85);
    expect(score).toBeLessThanOrEqual(0.95);
    expect(perType).toBeGreaterThanOrEqual(0.85);
    expect(perType).toBeLessThanOrEqual(0.95);
  });

  test("one run: 85 to 95 % over its own kind of particles, far less over runs of other difficulty", () => {
    const own = coverage(0, 1);
    expect(own.score).toBeGreaterThanOrEqual(0.85);
    expect(own.score).toBeLessThanOrEqual(0.95);
    expect(own.perType).toBeGreaterThanOrEqual(0.85);
    expect(own.perType).toBeLessThanOrEqual(0.95);
    expect(coverage(0.6, 1).score).toBeLessThan(0.7);
  });
});
