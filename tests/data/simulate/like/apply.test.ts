import { describe, expect, it } from "vitest";
import { measureValues } from "../../../../src/data/normalise.js";
import { drawLike, makeLike } from "../../../../src/data/simulate/like/apply.js";
import type { TargetTomogram } from "../../../../src/data/simulate/like/targets.js";
import { normalisedPower } from "../../../../src/data/spectrum/match.js";
import { randomFor } from "../../../../src/domain/random.js";
import { angstrom } from "../../../../src/domain/units.js";
import { type Volume, voxelCount } from "../../../../src/domain/volume.js";

const width = 0.5 / 10 / 32;
/** A power that falls with the frequency, faster for a greater `rate`. */
const falling = (rate: number) => ({
  width,
  power: Array.from({ length: 32 }, (_, shell) => Math.exp(-rate * shell)),
});

const target = (run: string, kind: "denoised" | "wbp", rate: number, scale: number): TargetTomogram => ({
  run,
  kind,
  sha256: "",
  power: falling(rate),
  median: 5,
  scale,
});

const targets = [
  target("A", "denoised", 0.05, 2),
  target("A", "wbp", 0.01, 20),
  target("B", "denoised", 0.1, 8),
];

describe("drawLike", () => {
  it("takes one run's tomograms, or the mean of all with a variation, as often", () => {
    const draws = Array.from({ length: 400 }, (_, at) => drawLike(targets, randomFor(at, "like test")));
    const of = (run: string | null) => draws.filter((each) => each.target === run);
    for (const [run, share] of [
      ["A", 0.25],
      ["B", 0.25],
      [null, 0.5],
    ] as const)
      expect(Math.abs(of(run).length / draws.length - share)).toBeLessThan(0.1);
    for (const { wanted } of of("B"))
      expect(wanted).toEqual({ denoised: expect.objectContaining({ scale: expect.closeTo(8, 9) }) });
    for (const { wanted } of of("A"))
      for (const [shell, power] of wanted.wbp!.power.power.entries())
        expect(power).toBeCloseTo(targets[1]!.power.power[shell]!, 9);
    const means = of(null).map(({ wanted }) => wanted.denoised!);
    for (const { scale, median } of means) expect([scale, median]).toEqual([expect.closeTo(4, 9), 5]);
    expect(new Set(means.map(({ power }) => power.power[3])).size).toBe(means.length);
  });
});

describe("makeLike", () => {
  it("gives noise the wanted spectrum, median and scale, and half sets the same filter", () => {
    const random = randomFor(1, "like test");
    const shape = [40, 80, 80] as const;
    const step = angstrom(10);
    const noise = (): Volume => ({
      data: Float32Array.from({ length: voxelCount(shape) }, () => random.normal()),
      shape,
      spacing: [step, step, step],
    });
    const [volume, twin] = [noise(), noise()];
    const wanted = targets[2]!;
    makeLike(volume, wanted, [twin]);
    const got = measureValues(volume.data, "got");
    expect(got.median).toBeCloseTo(5, 3);
    expect(got.scale).toBeCloseTo(8, 3);
    for (const each of [volume, twin]) {
      const { power } = normalisedPower(each, got);
      const ratios = power.map((value, shell) => value / wanted.power.power[shell]!).slice(6, -2);
      const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
      for (const ratio of ratios) expect(Math.abs(ratio / mean - 1)).toBeLessThan(0.15);
    }
  });
});
