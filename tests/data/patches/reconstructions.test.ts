import { describe, expect, test } from "vitest";
import { makeBatch } from "../../../src/data/patches/batch.js";
import type { PatchSpec } from "../../../src/data/patches/spec.js";
import type { Volume } from "../../../src/domain/volume.js";
import { noAugment, sourceOf, specOf, volumeOf } from "../../support/patchScenes.js";

const shape = [16, 20, 18] as const;
const spacing = [10, 10, 10] as const;
const one = volumeOf(shape, spacing, (z, y, x) => 1 + z + 20 * y + 400 * x);
const minus = volumeOf(shape, spacing, (z, y, x) => -(1 + z + 20 * y + 400 * x));
const mixed: PatchSpec["augment"] = { ...noAugment, mixReconstructions: true };

const batches = (volumes: readonly Volume[], augment: PatchSpec["augment"], count = 60) =>
  Array.from({ length: count }, (_, step) => makeBatch(specOf({ augment }), [sourceOf({ volumes })], step));

describe("reconstructions that are mixed", () => {
  const plain = batches([one], noAugment);
  // Values of `one` are above 0, and `minus` has their negatives: a mixture is `one` times 2·share − 1.
  const factors = batches([one, minus], mixed).map(({ input }, step) => {
    const ratios = [...input].map((value, voxel) => value / plain[step]!.input[voxel]!);
    return { least: Math.min(...ratios), greatest: Math.max(...ratios) };
  });

  test("are one crop of both, by one share a patch", () => {
    for (const { least, greatest } of factors) expect(greatest - least).toBeLessThan(1e-4);
  });

  test("have shares over all of 0 to 1", () => {
    const shares = factors.map(({ least }) => (1 + least) / 2).sort((a, b) => a - b);
    // Kolmogorov–Smirnov against the uniform distribution: 2.23/√n is passed once in 10⁴ (Kolmogorov's limit).
    const distance = shares.map((share, k) => Math.abs(share - (k + 0.5) / shares.length));
    expect(Math.max(...distance)).toBeLessThan(2.23 / Math.sqrt(shares.length));
    expect(shares[0]!).toBeLessThan(0.2);
    expect(shares.at(-1)!).toBeGreaterThan(0.8);
  });

  test("leave targets and weights as they are without", () => {
    for (const [step, { target, weight }] of batches([one, minus], mixed, 10).entries()) {
      expect(target).toEqual(plain[step]!.target);
      expect(weight).toEqual(plain[step]!.weight);
    }
  });

  test("count where both hold data", () => {
    const blank = new Uint8Array(one.data.length);
    for (let voxel = 0; voxel < blank.length; voxel += 2) blank[voxel] = 1;
    const weightsOf = (volumes: readonly Volume[]) =>
      batches(volumes, mixed, 4).flatMap(({ weight }) => [...weight]);
    const whole = { ...minus, blank };
    expect(weightsOf([one, whole]).filter((weight) => weight === 0).length).toBeGreaterThan(1000);
    expect(weightsOf([one, minus])).not.toContain(0);
  });

  test("of one reconstruction are that one", () => {
    expect(batches([one], mixed, 3)).toEqual(batches([one], noAugment, 3));
  });

  test("are named where the one mixed in holds a NaN", () => {
    const holed = volumeOf(shape, spacing, () => Number.NaN);
    expect(() => batches([one, holed], mixed, 8)).toThrow(/reconstruction 2 of 2: got NaN/);
  });
});
