import { describe, expect, test } from "vitest";
import { numbersByType, packPlaces, placeOf } from "../../../src/data/patches/hardPlaces.js";
import { countPlaces, falsePicks, miningShares } from "../../../src/train/fit/mining.js";
import { experimentWith } from "../../support/leastExperiment.js";
import { large, pickAt, small } from "../../support/patchScenes.js";

describe("false picks", () => {
  // Match distances: small 15 Å, large 30 Å.
  const truth = [pickAt("small", 100, 100, 100), pickAt("large", 200, 200, 200)];
  const at = (x: number, score: number) => ({ ...pickAt("small", 100, 100, x), score });
  const onLarge = { ...pickAt("small", 200, 200, 200), score: 0.5 };

  test("lie further than the match distance from every particle of their type, the most confident first", () => {
    const picks = [at(115, 0.9), at(115.01, 0.2), at(100, 0.3), at(300, 0.7), at(112, 0.4)];
    expect(falsePicks(small, picks, truth, [])).toEqual([at(300, 0.7), at(115.01, 0.2)]);
  });

  test("may lie on a particle of another type, but for one that is ignored", () => {
    expect(falsePicks(small, [onLarge], truth, [])).toEqual([onLarge]);
    expect(falsePicks(small, [onLarge], truth, [large])).toEqual([]);
    const beside = { ...onLarge, x: onLarge.x + 31 } as typeof onLarge;
    expect(falsePicks(small, [beside], truth, [large])).toEqual([beside]);
  });

  test("are the 200 most confident at most", () => {
    const many = Array.from({ length: 300 }, (_, k) => at(1000 + 40 * k, k / 300));
    const kept = falsePicks(small, many, truth, []);
    expect(kept).toHaveLength(200);
    expect(Math.min(...kept.map(({ score }) => score!))).toBeCloseTo(100 / 300, 6);
  });
});

test("places come back from single precision as they were packed, and are counted by type", () => {
  const places = [
    { source: 1, type: 0, at: pickAt("", 1, 2.5, 3) },
    { source: 0, type: 1, at: pickAt("", 4096.25, 5, 6) },
    { source: 2, type: 0, at: pickAt("", 7, 8, 9) },
  ].map(({ at: { x, y, z }, ...rest }) => ({ ...rest, at: { x, y, z } }));
  const packed = packPlaces(places);
  expect(places.map((_, k) => placeOf(packed, k))).toEqual(places);
  expect([...numbersByType(packed)]).toEqual([
    [0, [0, 2]],
    [1, [1]],
  ]);
  expect(countPlaces(packed, [small, large])).toEqual({ small: 2, large: 1 });
  expect(packPlaces([])).toHaveLength(0);
});

test("they are found at three shares of the budget, at those that are named, or never", () => {
  const sharesWith = (patch: object) => miningShares(experimentWith({ patch }));
  expect(sharesWith({})).toEqual([]);
  expect(sharesWith({ hardShare: 0 })).toEqual([]);
  expect(sharesWith({ hardShare: 0.2 })).toEqual([0.4, 0.6, 0.8]);
  expect(sharesWith({ hardShare: 0.2, mineAt: [0.5] })).toEqual([0.5]);
});
