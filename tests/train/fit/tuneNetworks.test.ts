import { expect, test } from "vitest";
import { challengeParticles } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import type { PickingResult } from "../../../src/infer/pick/picking.js";
import type { PickPool } from "../../../src/infer/pick/pool.js";
import type { ProbabilityMaps } from "../../../src/infer/predict/probabilityMaps.js";
import type { SparseMap } from "../../../src/infer/predict/sparseMap.js";
import { fbeta } from "../../../src/score/match/fbeta.js";
import { smoothCounts } from "../../../src/score/tuning.js";
import { tuneMaps } from "../../../src/train/fit/tuneNetworks.js";
import { experimentWith } from "../../support/leastExperiment.js";

const thresholds = [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6];
const found: Readonly<Record<string, readonly number[]>> = {
  ribosome: [18, 18, 17, 15, 20, 12, 8],
  thyroglobulin: [5, 10, 15, 15, 15, 14, 2],
};
const types = Object.keys(found);
const places = (type: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    x: angstrom(1000 * i),
    y: angstrom(1000 * types.indexOf(type)),
    z: angstrom(0),
  }));

/** Finds as many particles as the table says, in a map that only carries its type. */
const result = (map: SparseMap, threshold: number): PickingResult => {
  const { type } = map as unknown as { type: string };
  const count = found[type]![thresholds.indexOf(threshold)]!;
  return {
    picks: places(type, count).map((place) => ({ ...place, score: 1, weight: 1, voxels: 1 })),
    threshold,
    steps: { aboveThreshold: 0, groups: 0, afterVolume: 0, afterSpacing: 0 },
  };
};
const pool = {
  pick: async (map, { threshold }) => result(map, threshold),
  sweep: async (map, _, all) => all.map((threshold) => result(map, threshold)),
} as PickPool;
const maps = { types, sparse: (type: string) => ({ type }) } as unknown as ProbabilityMaps;
const run = {
  run: "TS_1",
  maps,
  truth: types.flatMap((type) => places(type, 20).map((at) => ({ type, ...at }))),
};

const tuneWith = (choice: object) =>
  tuneMaps(pool, experimentWith({ picking: { thresholds, ...choice } }), challengeParticles, [run]);
const countsOf = (type: string) => found[type]!.map((tp) => ({ tp, fp: 0, fn: 20 - tp }));
const thresholdOf = ({ picking }: Awaited<ReturnType<typeof tuneMaps>>, type: string) =>
  picking.get(type)!.threshold;

test("without a choice, the score is the official one of the cautious thresholds", async () => {
  const tuned = await tuneWith({});
  expect(types.map((type) => thresholdOf(tuned, type))).toEqual([0.5, 0.4]);
  const [ribosome, thyroglobulin] = [
    { tp: 20, fp: 0, fn: 0 },
    { tp: 15, fp: 0, fn: 5 },
  ].map((counts) => fbeta(counts));
  expect(tuned.score).toBeCloseTo((ribosome! + 2 * thyroglobulin!) / 3, 12);
});

test("with the smooth choice, the score by which checkpoints are chosen is of the smooth counts", async () => {
  const tuned = await tuneWith({ choice: "smooth" });
  const values = types.map((type) => {
    const curve = smoothCounts(thresholds, countsOf(type)).map((counts) => fbeta(counts));
    return curve[thresholds.indexOf(thresholdOf(tuned, type))]!;
  });
  expect(thresholdOf(tuned, "ribosome")).toBe(0.3);
  expect(tuned.score).toBeCloseTo((values[0]! + 2 * values[1]!) / 3, 12);
  expect(tuned.tuned!.get("ribosome")).toMatchObject({ fbeta: fbeta({ tp: 18, fp: 0, fn: 2 }) });
});
