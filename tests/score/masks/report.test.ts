import { expect, it } from "vitest";
import { type FeatureReport, featureReport } from "../../../src/score/masks/featureScores.js";
import { scoreMask } from "../../../src/score/masks/maskScore.js";
import {
  isJudged,
  leadingScore,
  runReport,
  runReportSchema,
  runReportText,
} from "../../../src/score/report.js";
import { scorePicks } from "../../../src/score/score.js";
import { row } from "../../support/finishedRun.js";
import { spacingOf } from "../../support/pickingFixtures.js";

const featureOf = (...prediction: number[]): FeatureReport => {
  const truth = Uint8Array.of(1, 1, 0, 0);
  const masks = {
    truth,
    prediction: Uint8Array.from(prediction),
    shape: [1, 1, 4],
    spacing: spacingOf(1),
  } as const;
  return featureReport({ threshold: 0.5, holdout: { TS_1: scoreMask(masks) } });
};
const features = {
  membrane: featureOf(1, 1, 0, 0),
  actin: featureOf(0, 0, 1, 1),
  carbon: featureOf(1, 1, 0, 0),
};
const picks = new Map([["TS_1", row("ribosome", 0)]]);

it("stays what it was without features, byte for byte", () => {
  expect(Object.keys(runReport("old", { holdout: scorePicks(picks, picks) }))).toEqual([
    "reportVersion",
    "name",
    "holdout",
    "interval",
    "tune",
  ]);
});

it("is led by the score of its types; of features alone by the mean of their Dice", () => {
  const holdout = scorePicks(picks, picks);
  expect(leadingScore(runReport("both", { holdout, features }))).toBe(holdout.score);
  expect(leadingScore(runReport("alone", { holdout: null, features }))).toBeCloseTo(2 / 3, 12);
  const unscored = runReport("none", { holdout: null, features: {} });
  expect([leadingScore(unscored), isJudged(unscored)]).toEqual([null, false]);
});

it("says the features in words, and reads back what it wrote", () => {
  const report = runReport("alone", { holdout: null, features });
  expect(isJudged(report)).toBe(true);
  expect(runReportText(report)).toMatch(/held-out runs\n\nmembrane, above 0\.5 +Dice/);
  expect(runReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
});
