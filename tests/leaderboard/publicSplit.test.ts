import { describe, expect, test } from "vitest";
import { challengeParticles } from "../../src/domain/particles.js";
import {
  type PublicSplit,
  publicRuns,
  publicSplitSchema,
  splitScores,
} from "../../src/leaderboard/publicSplit.js";
import { scorePicks } from "../../src/score/score.js";
import { row } from "../support/finishedRun.js";

const runs = ["TS_1", "TS_2", "TS_3", "TS_4"];
const share = (value: number, seed = 0): PublicSplit => ({ public: value, seed });

describe("the public runs", () => {
  test("are those named, or a share of all, the same in any order", () => {
    expect(publicRuns({ public: ["TS_3", "TS_1"] }, runs)).toEqual(["TS_1", "TS_3"]);
    const drawn = publicRuns(share(0.5), runs);
    expect(drawn).toHaveLength(2);
    expect(publicRuns(share(0.5), runs.toReversed())).toEqual(drawn);
    const draws = Array.from({ length: 20 }, (_, seed) => publicRuns(share(0.5, seed), runs).join());
    expect(new Set(draws).size).toBeGreaterThan(1);
  });

  test.each([
    [0.27, 1],
    [0.01, 1],
    [0.6, 2],
    [0.99, 3],
  ])("%s of four are %i, and neither part is empty", (value, count) => {
    expect(publicRuns(share(value), runs)).toHaveLength(count);
  });

  test.each<[string, PublicSplit, string[], RegExp]>([
    [
      "a run that is not held out",
      { public: ["TS_9"] },
      runs,
      /TS_9 is no run that is held out; choose from TS_1/,
    ],
    ["a name given twice", { public: ["TS_1", "TS_1"] }, runs, /TS_1 is given twice/],
    ["all of them", { public: runs }, runs, /left for the private part/],
    ["a share of one", share(0.5), ["TS_1"], /one run is held out, wanted two or more/],
    ["a share of none", share(0.5), [], /no run is held out/],
  ])("%s is refused", (_, split, held, message) => {
    expect(() => publicRuns(split, held)).toThrow(message);
  });

  test.each([
    { public: 1 },
    { public: 0 },
    { public: [] },
    { public: ["TS_1"], seed: 1 },
    { public: 0.5, sed: 1 },
  ])("%j is no split", (split) => expect(publicSplitSchema.safeParse(split).success).toBe(false));
});

test("both parts are scored by their own counts", () => {
  const truth = new Map([
    ["TS_1", [...row("ribosome", 0, 1000), ...row("thyroglobulin", 500)]],
    ["TS_2", row("ribosome", 0, 1000, 2000, 3000)],
    ["TS_3", row("ribosome", 0)],
  ]);
  const picks = new Map([
    ["TS_1", [...row("ribosome", 0, 5000), ...row("thyroglobulin", 500)]],
    ["TS_2", row("ribosome", 0, 1000, 2000)],
    ["TS_3", [...row("ribosome", 7000), ...row("thyroglobulin", 500)]],
  ]);
  const scores = splitScores(scorePicks(truth, picks), { public: ["TS_1"] }, challengeParticles);
  expect(scores.publicRuns).toEqual(["TS_1"]);
  // ribosome 1 of 2 found with 1 wrong, P = R = ½; thyroglobulin whole, weight 2; the divisor is 7.
  expect(scores.public).toBeCloseTo((0.5 + 2 * 1) / 7, 12);
  // ribosome 3 of 5 found with 1 wrong: P = ¾, R = 3/5; no true thyroglobulin, so its pick there costs nothing.
  expect(scores.private).toBeCloseTo((17 * 0.75 * 0.6) / (16 * 0.75 + 0.6) / 7, 12);
  const alone = (run: string) => new Map([[run, truth.get(run)!]]);
  expect(scores.public).toBe(scorePicks(alone("TS_1"), picks).score);
});
