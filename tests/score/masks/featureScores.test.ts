import { describe, expect, it } from "vitest";
import {
  featureReport,
  featureReportSchema,
  foldedFeatures,
  pooledMeasures,
} from "../../../src/score/masks/featureScores.js";
import { type MaskScore, overlapOf, scoreMask } from "../../../src/score/masks/maskScore.js";
import { featuresText } from "../../../src/score/masks/maskText.js";
import { spacingOf } from "../../support/pickingFixtures.js";

/** A score with the given counts, whose other measures follow from `dice`. */
function scoreOf(tp: number, fp: number, fn: number): MaskScore {
  const skeleton = { voxels: tp, covered: tp };
  return {
    ...overlapOf({ tp, fp, fn }),
    surfaceMean: tp > 0 ? fp + fn : null,
    surface95: tp > 0 ? 2 * (fp + fn) : null,
    clDice: tp > 0 ? 1 : null,
    tp,
    fp,
    fn,
    known: 1000,
    surfaceVoxels: tp > 0 ? 10 * tp : 0,
    skeletons: { truth: skeleton, prediction: skeleton },
  };
}

const intervalOf = (holdout: Record<string, MaskScore>, seed?: number) =>
  featureReport({ threshold: 0.5, holdout }, seed).interval;

const holdout = { b: scoreOf(6, 2, 2), a: scoreOf(2, 2, 0), empty: scoreOf(0, 0, 0) };

describe("featureReport", () => {
  it("leaves runs in which a measure is not defined out of its mean", () => {
    const { mean } = featureReport({ threshold: 0.5, holdout });
    expect(mean.dice).toBeCloseTo((12 / 16 + 4 / 6) / 2, 12);
    expect(mean.precision).toBeCloseTo((6 / 8 + 2 / 4) / 2, 12);
    expect(mean.surfaceMean).toBe(3);
    expect(featureReport({ threshold: 0.5, holdout: { empty: holdout.empty } }).mean.dice).toBeNull();
  });

  it("is what its schema reads back, tune runs apart", () => {
    const report = featureReport({ threshold: 0.5, holdout, tune: { t: scoreOf(3, 1, 0) } });
    expect(featureReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report.tune?.mean.precision).toBe(0.75);
    expect(Object.keys(report.perRun)).not.toContain("t");
    expect(featureReport({ threshold: 0.5, holdout }).tune).toBeNull();
  });
});

describe("foldedFeatures", () => {
  it("has every run once, as the fold scored it that held it out", () => {
    const fold = (run: "a" | "b") => ({
      membrane: featureReport({ threshold: 0.3, holdout: { [run]: holdout[run] }, tune: { t: holdout.b } }),
    });
    expect(foldedFeatures([fold("a"), fold("b")])).toEqual({
      membrane: featureReport({ threshold: null, holdout: { a: holdout.a, b: holdout.b } }),
    });
    expect(foldedFeatures([{}, {}])).toBeUndefined();
  });
});

describe("pooledMeasures", () => {
  it("equals the score of the runs' voxels in one volume", () => {
    const masks = [
      { truth: Uint8Array.of(0, 1, 1, 0, 0, 0, 1, 2), prediction: Uint8Array.of(0, 1, 0, 0, 1, 0, 1, 1) },
      { truth: Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 0), prediction: Uint8Array.of(0, 1, 1, 1, 1, 0, 0, 0) },
    ];
    const spacing = spacingOf(1);
    const scores = masks.map((pair) => scoreMask({ ...pair, shape: [1, 1, 8], spacing }));
    // Unknown voxels between the runs keep their surfaces and skeletons apart.
    const apart = 50;
    const truth = new Uint8Array(16 + apart).fill(2);
    const prediction = new Uint8Array(truth.length);
    masks.forEach((pair, at) => {
      truth.set(pair.truth, at * (8 + apart));
      prediction.set(pair.prediction, at * (8 + apart));
    });
    const whole = scoreMask({ truth, prediction, shape: [1, 1, truth.length], spacing });
    const pooled = pooledMeasures(scores);
    for (const name of ["dice", "iou", "precision", "recall", "surfaceMean", "clDice"] as const)
      expect(pooled[name], name).toBeCloseTo(whole[name]!, 12);
    expect(pooled.surface95).toBeNull();
  });
});

describe("the intervals of featureReport", () => {
  it("comes close to Student's interval of the mean, the same for the same seed", () => {
    const precisions = [0.5, 0.6, 0.65, 0.7, 0.8];
    const scores = Object.fromEntries(
      precisions.map((precision, at) => [`run${at}`, { ...scoreOf(6, 2, 2), dice: precision }]),
    );
    const { dice, surface95 } = intervalOf(scores, 3)!.measures;
    // scipy.stats.t.interval(0.9, 4, numpy.mean(p), scipy.stats.sem(p)) for the precisions p
    expect(dice!.low).toBeCloseTo(0.5431, 2);
    expect(dice!.high).toBeCloseTo(0.7569, 2);
    expect(surface95).toEqual({ low: 8, high: 8 });
    expect(intervalOf(scores, 3)).toEqual(intervalOf(scores, 3));
    expect(intervalOf(scores, 4)).not.toEqual(intervalOf(scores, 3));
  });

  it("stays between 0 and 1, and is null where too few runs have the measure", () => {
    const { measures } = intervalOf({ a: scoreOf(9, 0, 0), b: scoreOf(1, 9, 9), c: scoreOf(9, 0, 0) })!;
    expect(measures.dice).toEqual({ low: 0, high: 1 });
    expect(intervalOf({ a: scoreOf(1, 0, 0) })).toBeNull();
    expect(intervalOf({ a: scoreOf(1, 0, 0), b: scoreOf(0, 0, 0) })!.measures.dice).toBeNull();
  });
});

describe("featuresText", () => {
  it("is a table that 80 columns hold, a dash where a measure is not defined", () => {
    const report = featureReport({ threshold: 0.45, holdout, tune: { t: scoreOf(3, 1, 0) } });
    const text = featuresText({ microtubule: report });
    expect(text).toMatchInlineSnapshot(`
      "microtubule, above 0.45    Dice     IoU  precision  recall  surface Å  95 % Å  clDice
      b                        0.7500  0.6000     0.7500  0.7500        4.0     8.0  1.0000
      a                        0.6667  0.5000     0.5000  1.0000        2.0     4.0  1.0000
      empty                         –       –          –       –          –       –       –
      mean                     0.7083  0.5500     0.6250  0.8750        3.0     6.0  1.0000
      low                      0.4461  0.2353     0.0000  0.0882        0.0     0.0  1.0000
      high                     0.9706  0.8647     1.0000  1.0000        9.3    18.6  1.0000
      all voxels               0.7273  0.5714     0.6667  0.8000        3.5       –  1.0000
      tune runs                0.8571  0.7500     0.7500  1.0000        1.0     2.0  1.0000
      low and high: 90 % interval of the mean over runs
      tune runs: the threshold was fitted there"
    `);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(86);
  });
});
