import { describe, expect, test } from "vitest";
import { maskOf } from "../../../src/data/masks/mask.js";
import { randomFor } from "../../../src/domain/random.js";
import { type Shape3, voxelCount } from "../../../src/domain/volume.js";
import { SparseMapBuilder } from "../../../src/infer/predict/sparseMap.js";
import { tuneFeature } from "../../../src/train/fit/featureTuning.js";
import { cubic } from "../../support/masks.js";

const shape: Shape3 = [6, 10, 11];
const spacing = cubic(10);
const thresholds = [0.1, 0.3, 0.5, 0.7, 0.9];
const picking = { thresholds, fallbackThreshold: 0.5 };

function runOf(number: number, truthOf: (p: number, u: number) => number) {
  const random = randomFor(1, "tuning", number);
  const p = Float32Array.from(
    { length: voxelCount(shape) },
    () => Math.round(random.uniform() * 65535) / 65535,
  );
  const truth = Uint8Array.from(p, (value) => truthOf(value, random.uniform()));
  const builder = new SparseMapBuilder(shape, spacing, thresholds[0]!);
  builder.add(p);
  return { p, truth, map: builder.finish(), mask: maskOf(truth, shape) };
}

/** Dice by counting voxel by voxel. */
function diceOf(runs: readonly { p: Float32Array; truth: Uint8Array }[], threshold: number): number {
  let [hits, wrong, missed] = [0, 0, 0];
  for (const { p, truth } of runs)
    p.forEach((value, at) => {
      if (truth[at] === 2) return;
      if (value > Math.fround(threshold)) truth[at] === 1 ? hits++ : wrong++;
      else if (truth[at] === 1) missed++;
    });
  return (2 * hits) / (2 * hits + wrong + missed);
}

describe("the threshold of a feature", () => {
  test("has the best Dice over the known voxels of all runs", () => {
    const runs = [0, 1].map((number) => runOf(number, (p, u) => (u < 0.2 ? 2 : Number(p + u > 1.05))));
    const all = thresholds.map((threshold) => diceOf(runs, threshold));
    const { threshold, dice } = tuneFeature("x", runs, picking);
    expect(dice).toBeCloseTo(Math.max(...all), 12);
    expect(threshold).toBe(thresholds[all.indexOf(Math.max(...all))]);
  });

  test("is another where other voxels are known", () => {
    const whole = runOf(3, (p) => Number(p > 0.7));
    const part = runOf(3, (p) => (p > 0.5 ? 2 : Number(p > 0.3)));
    expect(tuneFeature("x", [whole], picking).threshold).toBe(0.7);
    expect(tuneFeature("x", [part], picking).threshold).toBe(0.3);
  });

  test("is the fallback where nothing is known, and where nothing is yes: finding nothing earns no Dice", () => {
    const unknown = runOf(4, () => 2);
    expect(tuneFeature("x", [unknown], picking)).toEqual({ name: "x", threshold: 0.5, dice: null });
    expect(tuneFeature("x", [{ map: unknown.map, mask: undefined }], picking).dice).toBeNull();
    const none = runOf(5, (p) => (p > 0.85 ? 2 : 0));
    expect(tuneFeature("x", [none], picking)).toEqual({ name: "x", threshold: 0.5, dice: null });
  });
});
