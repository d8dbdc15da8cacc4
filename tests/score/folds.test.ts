import { describe, expect, test } from "vitest";
import { type FoldReport, foldSpread, foldsReport, foldsText } from "../../src/score/folds.js";

const fold = (index: number, score: number, changes: Partial<FoldReport> = {}): FoldReport => ({
  fold: index,
  runs: { train: ["TS_3", "TS_4"], tune: ["TS_2"], holdout: [`TS_${index}`] },
  score,
  strictScore: score,
  perType: { ribosome: score, thyroglobulin: score / 2 },
  picking: { ribosome: { method: "watershed", threshold: 0.3, minVolume: 10, minSpacing: 150 } },
  tuneScore: score + 0.125,
  optimism: 0.125,
  seconds: 90,
  commit: null,
  checkpointHash: null,
  ...changes,
});
const whole = { name: "tiny", experimentHash: "0", outOfFold: { score: 0.5, interval: null } };

describe("the spread over folds", () => {
  test("as numpy gives it", () => {
    // import numpy as np; x = np.array([.81, .74, .9, .62, .77]); x.mean(), x.std(ddof=1), x.std(ddof=1) / 5**.5
    const spread = foldSpread([0.81, 0.74, 0.9, 0.62, 0.77]);
    expect(spread.mean).toBeCloseTo(0.768, 12);
    expect(spread.deviation).toBeCloseTo(0.1023230179, 9);
    expect(spread.standardError).toBeCloseTo(0.0457602448, 9);
    expect([spread.least, spread.largest, spread.folds]).toEqual([0.62, 0.9, 5]);
  });

  test("a single value has none", () => {
    expect(foldSpread([0.5])).toMatchObject({ mean: 0.5, deviation: null, standardError: null });
  });

  test("of a type counts the folds that hold it, of a tune score those that were tuned", () => {
    const untuned = { tuneScore: null, optimism: null };
    const { over } = foldsReport(whole, [
      fold(0, 0.5),
      fold(1, 0.75, { perType: { ribosome: 0.75 }, ...untuned }),
    ]);
    expect(over.score).toMatchObject({ folds: 2, mean: 0.625 });
    expect(over.perType.thyroglobulin).toMatchObject({ folds: 1, mean: 0.25, deviation: null });
    expect(over.optimism).toMatchObject({ folds: 1, mean: 0.125 });
  });
});

describe("the text", () => {
  test("has a row a fold, a column a fold, the spread, and where thresholds come from", () => {
    const lines = foldsText(foldsReport(whole, [fold(0, 0.5), fold(1, 0.75)])).split("\n");
    const words = (start: string) => lines.find((line) => line.startsWith(start))?.split(/ {2,}/);
    expect(words("fold-1")).toEqual(["fold-1", "TS_1", "TS_2", "0.7500", "0.8750", "0.1250", "1.5"]);
    expect(words("mean ± sd")?.slice(1)).toEqual([
      "0.6250 ± 0.1768",
      "0.7500 ± 0.1768",
      "0.1250 ± 0.0000",
      "",
    ]);
    expect(words("ribosome")).toEqual([
      "ribosome",
      "0.5000",
      "0.7500",
      "0.6250 ± 0.1768",
      "0.1250",
      "0.5000",
      "0.7500",
    ]);
    expect(lines.slice(-3)).toEqual([
      "out of fold, all runs together: 0.5000",
      expect.stringMatching(/^Thresholds and checkpoint of each fold were chosen on its tune runs/),
      expect.stringMatching(/^Optimism is the tune score minus/),
    ]);
  });

  test("says so where nothing was tuned", () => {
    const none = { runs: { train: ["a"], tune: [], holdout: ["b"] }, tuneScore: null, optimism: null };
    const report = foldsReport(whole, [fold(0, 0.5, none), fold(1, 0.75, none)]);
    expect(report.over.tuneScore).toBeNull();
    expect(foldsText(report)).toMatch(/No run was tuned on: thresholds are the experiment's own/);
  });
});
