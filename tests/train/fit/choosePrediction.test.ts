import { expect, test } from "vitest";
import type { WeighedTiling } from "../../../src/infer/predict/tilings.js";
import { firstAsGood } from "../../../src/train/fit/choosePrediction.js";

/** Tries tilings whose work names their score. */
async function chosenAmong(ownScore: number, scores: readonly number[]) {
  const own = { work: 1, tuned: { score: ownScore } };
  const tilings = scores.map(
    (_, at): WeighedTiling => ({ tile: [4, 4, 4], overlap: 0, precision: "float32", work: at, bytes: 0 }),
  );
  const { chosen, attempts } = await firstAsGood(own, tilings, async ({ work }) => ({
    work,
    tuned: { score: scores[work]! },
  }));
  return { work: chosen.work, isOwn: chosen === own, attempts: attempts.length };
}

test("the first within 0.002 of the own score is taken, and none after it is tried", async () => {
  expect(await chosenAmong(0.9, [0.8, 0.8981, 0.95])).toEqual({ work: 1, isOwn: false, attempts: 3 });
});

test("a score that is lower by more than 0.002 is not taken", async () => {
  expect(await chosenAmong(0.9, [0.8979, 0.5])).toEqual({ work: 1, isOwn: true, attempts: 3 });
});

test("a higher score is taken", async () => {
  expect(await chosenAmong(0.9, [0.93])).toEqual({ work: 0, isOwn: false, attempts: 2 });
});
