import { describe, expect, test } from "vitest";
import type { Shape3 } from "../../../src/domain/volume.js";
import { makeBits } from "../../../src/infer/rules/bits.js";
import { dilateHere, discReach } from "../../../src/infer/rules/dilation.js";
import { beginContest, blurOf, blurVolume, enter } from "../../../src/infer/rules/identity.js";
import { byteOf, type RuleMode, type RuleOfTwo, type Rules } from "../../../src/infer/rules/rules.js";
import { condition, cubic } from "./condition.js";

const neither = { emit: false, absorb: false };
const both = { emit: true, absorb: true };

/** Conditions rows along x of one slice. */
const rows = async (
  rules: Rules,
  maps: readonly (readonly number[])[],
  spacing: number,
): Promise<number[][]> =>
  (
    await condition(
      rules,
      maps.map((map) => Float32Array.from(map)),
      [1, 1, maps[0]!.length],
      cubic(spacing),
    )
  ).map((map) => [...map]);

const singles = (values: readonly number[]): number[] => values.map(Math.fround);
const bytes = (values: readonly number[]): number[] =>
  values.map((value) => Math.fround(byteOf(Math.fround(value)) / 255));

describe("worked examples of the rules", () => {
  test("a disc has 0, 1, 9, 25, 45 and 305 elements", async () => {
    const counts: number[] = [];
    for (const [radius, pixel] of [
      [99, 100],
      [199, 100],
      [200, 100],
      [300, 100],
      [400, 100],
      [100, 10],
    ] as const) {
      const bits = makeBits([3, 41, 41]);
      const rowBytes = bits.rowBytes;
      bits.bytes[(41 + 20) * rowBytes + 2] = 1 << 4;
      const { bytes: out } = await dilateHere(bits, discReach(radius, cubic(pixel)));
      counts.push(out.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0));
      expect(out.subarray(0, 41 * rowBytes).some((byte) => byte > 0)).toBe(false);
    }
    expect(counts).toEqual([0, 1, 9, 25, 45, 305]);
  });

  const partner = [0, 0, 0, 0.9, 0.8, 0.2, 0, 0, 0, 0, 0];
  const parent = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.5, 0.1];
  const interaction = async (type: RuleOfTwo["type"], radius: number, mode: RuleMode): Promise<number[]> => {
    const rule = { feature: 0, type, with: 1, radius, threshold: 0.5 };
    const rules = { features: [neither, neither], interactions: [rule], mode };
    return (await rows(rules, [parent, partner], 10))[0]!;
  };
  const between = (from: number, to: number): number[] =>
    parent.map((p, x) => (x >= from && x <= to ? p : 0));
  const outside = (from: number, to: number): number[] =>
    parent.map((p, x) => (x >= from && x <= to ? 0 : p));

  test("an interaction reaches less than its radius as Ais does, and all of it when exact", async () => {
    expect(await interaction("colocalise", 30, "ais")).toEqual(bytes(between(1, 6)));
    expect(await interaction("avoid", 30, "ais")).toEqual(bytes(outside(1, 6)));
    expect(await interaction("colocalise", 10, "ais")).toEqual(bytes(between(3, 4)));
    expect(await interaction("avoid", 10, "ais")).toEqual(bytes(outside(3, 4)));
    expect(await interaction("colocalise", 5, "ais")).toEqual(parent.map(() => 0));
    expect(await interaction("avoid", 5, "ais")).toEqual(bytes(parent));
    expect(await interaction("colocalise", 30, "exact")).toEqual(singles(between(0, 7)));
    expect(await interaction("avoid", 30, "exact")).toEqual(singles(outside(0, 7)));
    expect(await interaction("colocalise", 10, "exact")).toEqual(singles(between(2, 5)));
    expect(await interaction("colocalise", 5, "exact")).toEqual(singles(between(3, 4)));
    expect(await interaction("avoid", 5, "exact")).toEqual(singles(outside(3, 4)));
  });

  const competing = (mode: RuleMode): Rules => ({
    features: [both, { emit: true, absorb: false }, { emit: false, absorb: true }],
    interactions: [],
    mode,
  });
  const contenders = [
    [0.9, 0.5, 0.3, 0.6],
    [0.2, 0.5, 0.7, 0],
    [0.8, 0.5, 0.6, 0.61],
  ];

  test("competition leaves the greatest, and ties", async () => {
    expect(await rows(competing("exact"), contenders, 10)).toEqual(
      [
        [0.9, 0.5, 0, 0.6],
        [0.2, 0.5, 0.7, 0],
        [0, 0.5, 0, 0.61],
      ].map(singles),
    );
    const inBytes = (await rows(competing("ais"), contenders, 10)).map((row) =>
      row.map((p) => Math.round(255 * p)),
    );
    expect(inBytes).toEqual([
      [229, 127, 0, 153],
      [51, 127, 178, 0],
      [0, 127, 0, 155],
    ]);
  });

  test("near values tie in bytes, and are not above a half", async () => {
    const rule = { feature: 2, type: "colocalise", with: 0, radius: 100, threshold: 0.5 } as const;
    const of = async (mode: RuleMode) =>
      rows({ ...competing(mode), interactions: [rule] }, [[0.5001], [0.5019], [1]], 10);
    expect(await of("ais")).toEqual([bytes([0.5001]), bytes([0.5019]), [0]]);
    expect(await of("exact")).toEqual([[0], singles([0.5019]), [0]]);
    const alone = { ...competing("exact"), features: [neither, neither, neither], interactions: [rule] };
    expect((await rows(alone, [[0.5001], [0.5019], [1]], 10))[2]).toEqual([1]);
  });

  test("without one of each nothing competes", async () => {
    for (const feature of [
      { emit: true, absorb: false },
      { emit: false, absorb: true },
    ]) {
      const rules = { ...competing("exact"), features: [feature, feature, feature] };
      expect(await rows(rules, contenders, 10)).toEqual(contenders.map(singles));
    }
  });

  test("interactions see what those before have changed", async () => {
    const carbon = [0.9, 0.9, 0.9, 0.1, 0, 0, 0, 0, 0, 0];
    const membrane = [0.6, 0.6, 0.6, 0.6, 0.6, 0.1, 0.1, 0.7, 0.7, 0.1];
    const antibody = Array.from(carbon, () => 0.5);
    const avoid = { feature: 1, type: "avoid", with: 0, radius: 20, threshold: 0.5 } as const;
    const colocalise = { feature: 2, type: "colocalise", with: 1, radius: 20, threshold: 0.5 } as const;
    const of = (mode: RuleMode, interactions: readonly RuleOfTwo[]) =>
      rows({ features: [neither, neither, neither], interactions, mode }, [carbon, membrane, antibody], 10);
    const inOrder = await of("ais", [avoid, colocalise]);
    expect(inOrder[1]).toEqual(bytes([0, 0, 0, 0, 0.6, 0.1, 0.1, 0.7, 0.7, 0.1]));
    expect(inOrder[2]).toEqual(bytes([0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]));
    expect((await of("ais", [colocalise, avoid]))[2]).toEqual(bytes(antibody));
    const exact = await of("exact", [avoid, colocalise]);
    expect(exact[1]).toEqual(singles([0, 0, 0, 0, 0, 0.1, 0.1, 0.7, 0.7, 0.1]));
    expect(exact[2]).toEqual(singles([0, 0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5]));
  });

  test("an identity is the greatest, the first of equals, and unknown below its value", () => {
    const of = (values: readonly number[]): number => {
      const contest = beginContest(1, 0.33);
      for (const [at, value] of values.entries()) enter(contest, at + 1, Float32Array.of(value));
      return contest.labels[0]!;
    };
    expect(of([0.2, 0.3, 0.1])).toBe(0);
    expect(of([0.33, 0.2, 0.1])).toBe(1);
    expect(of([0.2, 0.33, 0.33])).toBe(2);
    expect(of([0.5, 0.5, 0.1])).toBe(1);
    expect(of([0.1, 0.4, 0.5])).toBe(3);
  });

  test("small discs are blurred away", () => {
    const shape: Shape3 = [1, 31, 31];
    const found = [5, 13, 29].map((pixels) => {
      const disc = Float32Array.from({ length: 961 }, (_, i) => {
        const squared = (Math.floor(i / 31) - 15) ** 2 + ((i % 31) - 15) ** 2;
        return squared <= { 5: 1, 13: 4, 29: 9 }[pixels]! ? 1 : 0;
      });
      expect(disc.reduce((sum, value) => sum + value, 0)).toBe(pixels);
      blurVolume(disc, shape, blurOf(15, cubic(10), "ais"));
      const contest = beginContest(961, 0.33);
      enter(contest, 1, disc);
      expect(Math.abs(disc[15 * 31 + 15]! - { 5: 0.297, 13: 0.595, 29: 0.868 }[pixels]!)).toBeLessThan(0.001);
      return contest.labels.reduce((sum, label) => sum + label, 0);
    });
    expect(found).toEqual([0, 13, 37]);
  });

  test("bytes that were divided by 255 come back", () => {
    for (let byte = 0; byte < 256; byte++) expect(byteOf(Math.fround(byte / 255))).toBe(byte);
    expect([byteOf(-0.2), byteOf(1.7)]).toEqual([0, 255]);
  });
});
