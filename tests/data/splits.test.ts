import { describe, expect, test } from "vitest";
import { type FoldsSpec, foldsAsked, foldsOf, resolveSplits, SplitSpec } from "../../src/data/splits.js";
import fc from "../support/properties.js";

const five = ["TS_P4", "TS_P1", "TS_P5", "TS_P3", "TS_P2"];
const resolve = (spec: unknown, names: readonly string[] = five) =>
  resolveSplits(SplitSpec.parse(spec), names);

describe("resolveSplits", () => {
  test("by counts of the sorted names", () => {
    expect(resolve({ train: 3, tune: 1, holdout: 1 })).toEqual({
      train: ["TS_P1", "TS_P2", "TS_P3"],
      tune: ["TS_P4"],
      holdout: ["TS_P5"],
    });
    expect(resolve({ train: "rest", tune: 1, holdout: 1 })).toEqual(
      resolve({ train: 3, tune: 1, holdout: 1 }),
    );
    expect(resolve({ train: 1 })).toEqual({ train: ["TS_P1"], tune: [], holdout: [] });
  });

  test("by names, and names with counts", () => {
    expect(resolve({ train: ["TS_P5", "TS_P1"], tune: ["TS_P2"], holdout: ["TS_P3"] })).toEqual({
      train: ["TS_P1", "TS_P5"],
      tune: ["TS_P2"],
      holdout: ["TS_P3"],
    });
    expect(resolve({ train: "rest", tune: 1, holdout: ["TS_P1"] })).toEqual({
      train: ["TS_P2", "TS_P3", "TS_P4"],
      tune: ["TS_P5"],
      holdout: ["TS_P1"],
    });
  });

  test("by fold, the tune runs being the next ones around", () => {
    const seven = ["a", "b", "c", "d", "e", "f", "g"];
    expect(resolve({ fold: 6, folds: 7 }, seven)).toEqual({
      train: ["b", "c", "d", "e", "f"],
      tune: ["a"],
      holdout: ["g"],
    });
    expect(resolve({ fold: 0, folds: 7, tune: 2 }, seven)).toEqual({
      train: ["d", "e", "f", "g"],
      tune: ["b", "c"],
      holdout: ["a"],
    });
  });

  test.each<[unknown, RegExp]>([
    [{ train: ["TS_P9"] }, /splits\.train: no run TS_P9 in the data; there is TS_P1, TS_P2/],
    [{ train: ["TS_P1"], holdout: ["TS_P1"] }, /splits\.holdout: TS_P1 is already in train/],
    [{ train: ["TS_P1", "TS_P1"] }, /each once, but TS_P1 stands there several times/],
    [{ train: 4, tune: 1, holdout: 1 }, /need 6 runs; there are 5/],
    [{ train: 0, holdout: 2 }, /no run is left to train on/],
    [{ train: "rest", holdout: 5 }, /no run is left to train on/],
    [{ fold: 5, folds: 5 }, /wanted 0 to 4/],
    [{ fold: 0, folds: 7 }, /at most as many folds as runs/],
    [{ fold: 0, folds: 5, tune: 4 }, /no run is left to train on/],
    [{ folds: 5 }, /5 folds, which only run trains in turn; name one, .*\{fold: 0, folds: 5, tune: 1\}/],
    [{ folds: "each", tune: 2 }, /each run a fold.*\{fold: 0, folds: 5, tune: 2\}/],
  ])("%j is refused", (spec, message) => {
    expect(() => resolve(spec)).toThrow(message);
  });

  test.each([
    { train: 1, tunes: 1 },
    { fold: 0 },
    { train: -1 },
    { train: 1.5 },
    { train: "all" },
    { fold: 0, folds: 5, train: 1 },
    { fold: 0, folds: "each" },
    { folds: "every" },
    { folds: 1 },
  ])("%j does not parse", (spec) => {
    expect(SplitSpec.safeParse(spec).success).toBe(false);
  });

  test("roles never overlap, every fold holds out different runs, order of the names does not matter", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Z]{1,3}$/), { minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(names, fc.integer({ min: 2, max: 12 }), (runs, wanted) => {
        const folds = Math.min(wanted, runs.length);
        const held: string[] = [];
        for (let fold = 0; fold < folds; fold++) {
          const largest = Math.ceil(runs.length / folds);
          if (largest + 1 >= runs.length) return;
          const splits = resolve({ fold, folds }, runs);
          expect([...splits.train, ...splits.tune, ...splits.holdout].sort()).toEqual([...runs].sort());
          expect(resolve({ fold, folds }, [...runs].reverse())).toEqual(splits);
          held.push(...splits.holdout);
        }
        expect(held.sort()).toEqual([...runs].sort());
      }),
    );
  });
});

describe("all folds in turn", () => {
  const asked = (spec: unknown, folds?: FoldsSpec["folds"]) => foldsAsked(SplitSpec.parse(spec), folds);

  test("are asked for by the experiment or by a flag, which keeps the number of tune runs", () => {
    expect(asked({ folds: "each" })).toEqual({ folds: "each", tune: 1 });
    expect(asked({ folds: 5, tune: 2 }, 3)).toEqual({ folds: 3, tune: 2 });
    expect(asked({ fold: 1, folds: 5, tune: 2 }, "each")).toEqual({ folds: "each", tune: 2 });
    expect(asked({ train: "rest", tune: 2, holdout: 1 }, 5)).toEqual({ folds: 5, tune: 2 });
    expect(asked({ fold: 1, folds: 5 })).toBeNull();
    expect(asked({ train: 3, tune: 1, holdout: 1 })).toBeNull();
  });

  test.each([
    [{ train: ["TS_P1"], tune: 1 }, /splits\.train names its runs/],
    [{ train: "rest", tune: ["TS_P1"] }, /splits\.tune names its runs/],
    [{ train: "rest", holdout: ["TS_P1"] }, /splits\.holdout names its runs/],
  ])("%j is refused with a flag", (spec, message) => {
    expect(() => asked(spec, 5)).toThrow(message);
  });

  test("hold out every run once; each is one run a fold", () => {
    const specs = foldsOf({ folds: "each", tune: 1 }, five);
    expect(specs).toEqual([0, 1, 2, 3, 4].map((fold) => ({ fold, folds: 5, tune: 1 })));
    expect(specs.flatMap((spec) => resolve(spec).holdout)).toEqual(five.toSorted());
    expect(foldsOf({ folds: 2, tune: 0 }, five)).toEqual([0, 1].map((fold) => ({ fold, folds: 2, tune: 0 })));
  });
});
