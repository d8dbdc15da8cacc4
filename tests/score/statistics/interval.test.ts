import { describe, expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { scorePicks } from "../../../src/score/score.js";
import { scoreInterval } from "../../../src/score/statistics/interval.js";
import { knownScore, reportOfA, simulateRuns } from "../../support/simulatedExperiments.js";

/** Three particles of each of the challenge's types in each run; those of `predicted` are picked. */
function scored(predicted: readonly string[], runs = 1) {
  const truth = new Map<string, ParticlePick[]>();
  const picks = new Map<string, ParticlePick[]>();
  for (let run = 0; run < runs; run++) {
    const all = challengeParticles.flatMap(({ name }, t) =>
      [0, 1, 2].map((i) => ({ type: name, x: angstrom(1000 * i), y: angstrom(1000 * t), z: angstrom(0) })),
    );
    truth.set(`TS_${run}`, all);
    // Of the first run everything is found, of others less, so that experiments differ.
    picks.set(
      `TS_${run}`,
      all.filter(({ type, x }) => predicted.includes(type) && x <= 2000 - 1000 * (run % 3)),
    );
  }
  return scorePicks(truth, picks);
}

describe("a type without any prediction has F = 0 exactly", () => {
  test.each([1, 4])("an empty submission has the interval from 0 to 0, over %i runs", (runs) => {
    const interval = scoreInterval(scored([], runs))!;
    expect(interval.score).toEqual({ low: 0, high: 0 });
    for (const type of Object.values(interval.perType)) expect(type).toEqual({ low: 0, high: 0 });
  });

  test.each([1, 4])("one predicted type of weight 1 of 7 reaches a seventh at most, over %i runs", (runs) => {
    const { score, perType } = scoreInterval(scored(["ribosome"], runs))!;
    expect(score.high).toBeLessThanOrEqual(1 / 7 + 1e-12);
    expect(score.low).toBeGreaterThan(0.03);
    expect(score.low).toBeLessThan(1 / 7);
    expect(perType.thyroglobulin).toEqual({ low: 0, high: 0 });
    expect(perType.ribosome!.low).toBeLessThan(1);
  });

  test("a type that is predicted, all of it wrong, is no certainty", () => {
    const truth = new Map([["TS_0", [{ type: "ribosome", x: angstrom(0), y: angstrom(0), z: angstrom(0) }]]]);
    const wrong = new Map([
      ["TS_0", [{ type: "ribosome", x: angstrom(900), y: angstrom(0), z: angstrom(0) }]],
    ]);
    expect(scoreInterval(scorePicks(truth, wrong))!.score.high).toBeGreaterThan(0.01);
  });
});

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

test("a report that leaves a type out of experiments without it has the interval of one that counts none there", () => {
  const at = (x: number, type: string): ParticlePick => ({
    type,
    x: angstrom(x),
    y: angstrom(0),
    z: angstrom(0),
  });
  const truth = new Map([
    ["A", [at(0, "ribosome"), at(900, "ribosome"), at(2000, "thyroglobulin")]],
    ["B", [at(0, "ribosome"), at(900, "ribosome")]],
    ["C", [at(0, "ribosome")]],
  ]);
  const picks = new Map([
    ["A", [at(0, "ribosome"), at(2000, "thyroglobulin")]],
    ["B", [at(900, "ribosome")]],
  ]);
  const report = scorePicks(truth, picks);
  const { thyroglobulin: _, ...others } = report.perExperiment.B!;
  const lacking = { ...report, perExperiment: { ...report.perExperiment, B: others } };
  expect(scoreInterval(lacking)).toEqual(scoreInterval(report));
});
