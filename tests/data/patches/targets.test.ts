import { describe, expect, test } from "vitest";
import { alignedMap, orientation } from "../../../src/data/patches/map.js";
import {
  type PaintedType,
  paintTarget,
  type TargetSpec,
  targetSchema,
} from "../../../src/data/patches/targets.js";
import type { ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { type Shape3, voxelCount } from "../../../src/domain/volume.js";
import { large, particle, patchFixture, pickAt, small } from "../../support/patchScenes.js";
import fc from "../../support/properties.js";

interface Painted {
  /** One row of voxels a channel. */
  readonly channels: number[][];
  readonly weight: number[];
}

/** Paints a whole volume as one patch. */
function paint(
  target: TargetSpec,
  types: readonly PaintedType[],
  picks: readonly ParticlePick[],
  { background = true, shape = [1, 1, 9] as Shape3, spacing = [10, 10, 10] as readonly number[] } = {},
): Painted {
  const voxels = voxelCount(shape);
  const count = types.filter(({ channel }) => channel !== undefined).length + (background ? 1 : 0);
  const into = { target: new Float32Array(voxels * count), weight: new Float32Array(voxels).fill(1) };
  const map = alignedMap(orientation(0, [false, false, false]), shape, [0, 0, 0]);
  const scene = {
    shape,
    map,
    spacing: [angstrom(spacing[0]!), angstrom(spacing[1]!), angstrom(spacing[2]!)] as const,
    picks,
  };
  paintTarget(target, background, types, scene, into);
  const channels = Array.from({ length: count }, (_, k) => [
    ...into.target.subarray(k * voxels, (k + 1) * voxels),
  ]);
  return { channels, weight: [...into.weight] };
}

const both: PaintedType[] = [
  { particle: small, channel: 1 },
  { particle: large, channel: 2 },
];
const independent: PaintedType[] = [
  { particle: small, channel: 0 },
  { particle: large, channel: 1 },
];
const smallAlone: PaintedType[] = [{ particle: small, channel: 1 }];
const smallAndIgnored: PaintedType[] = [
  { particle: small, channel: 1 },
  { particle: large, channel: undefined },
];

describe("balls", () => {
  test("hold the voxels whose centres lie within the fraction of the radius", () => {
    // Voxel centres at 5, 15, …, 85 Å; 0.5 · 30 Å about 45 Å holds 35, 45 and 55.
    const { channels } = paint({ kind: "ball", fraction: 0.5 }, smallAlone, [pickAt("small", 5, 5, 45)]);
    expect(channels[1]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0]);
    expect(channels[0]).toEqual([1, 1, 1, 0, 0, 0, 1, 1, 1]);
    const shifted = paint({ kind: "ball", fraction: 0.5 }, smallAlone, [pickAt("small", 5, 5, 50)]);
    expect(shifted.channels[1]).toEqual([0, 0, 0, 1, 1, 1, 1, 0, 0]);
  });

  test("are NumPy's where three types overlap and the spacings differ", () => {
    const made = patchFixture().balls;
    const types = made.radii.map((radius, k) => ({ particle: particle(`t${k}`, radius), channel: k + 1 }));
    const picks = made.picks.map(({ type, position }) => pickAt(`t${type}`, ...position));
    const { channels } = paint({ kind: "ball", fraction: made.fraction }, types, picks, {
      shape: made.shape,
      spacing: made.spacing,
    });
    expect(made.labels.map((_, voxel) => channels.findIndex((channel) => channel[voxel] === 1))).toEqual(
      made.labels,
    );
    expect(channels.flat().reduce((sum, value) => sum + value)).toBe(made.labels.length);
  });

  test("of two types share an overlap by distance relative to the radius, a tie going to the earlier type", () => {
    // Small (30 Å) at 15, large (60 Å) at 75: the boundary is 20 Å from small, at 35 Å, a voxel's centre.
    const picks = [pickAt("large", 5, 5, 75), pickAt("small", 5, 5, 15)];
    const { channels } = paint({ kind: "ball", fraction: 1 }, both, picks);
    expect(channels[1]).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0]);
    expect(channels[2]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1]);
  });

  test("of independent channels overlap", () => {
    const picks = [pickAt("large", 5, 5, 75), pickAt("small", 5, 5, 15)];
    const { channels } = paint({ kind: "ball", fraction: 1 }, independent, picks, { background: false });
    expect(channels[0]).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0]);
    expect(channels[1]).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test("reach into the patch from outside it", () => {
    const { channels } = paint({ kind: "ball", fraction: 1 }, smallAlone, [pickAt("small", 5, 5, -10)]);
    expect(channels[1]).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe("heat maps", () => {
  const heat: TargetSpec = { kind: "gaussian", sigma: 2 };

  test("are exp(−d²/2σ²) of the nearest particle, 1 at a centre, and the maximum over particles", () => {
    const picks = [pickAt("small", 5, 5, 25), pickAt("small", 5, 5, 55)];
    const [heats] = paint(heat, independent.slice(0, 1), picks, { background: false }).channels;
    const expected = [2, 1, 0, 1, 1, 0, 1, 2, 3].map((distance) => Math.exp(-(distance ** 2) / 8));
    expected.forEach((value, voxel) => {
      expect(heats![voxel]).toBeCloseTo(value, 6);
    });
    expect(heats![2]).toBe(1);
  });

  test("end at four sigma", () => {
    const [heats] = paint(
      { kind: "gaussian", sigma: 1 },
      independent.slice(0, 1),
      [pickAt("small", 5, 5, 5)],
      {
        background: false,
      },
    ).channels;
    expect(heats![4]).toBeCloseTo(Math.exp(-8), 8);
    expect(heats![5]).toBe(0);
  });

  test("with a background sum to 1 everywhere, two centres in one voxel sharing it", () => {
    const picks = [pickAt("small", 5, 5, 45), pickAt("large", 5, 5, 45)];
    const { channels } = paint(heat, both, picks);
    expect(channels.map((channel) => channel[4])).toEqual([0, 0.5, 0.5]);
    for (let voxel = 0; voxel < 9; voxel++) {
      expect(channels.reduce((sum, channel) => sum + channel[voxel]!, 0)).toBeCloseTo(1, 6);
    }
    expect(channels[0]![0]).toBeCloseTo(1 - 2 * Math.exp(-2), 6);
  });
});

describe("centre voxels", () => {
  test("contain the centre: [i·s, (i+1)·s) is voxel i", () => {
    const at = (x: number): number[] =>
      paint({ kind: "centre" }, smallAlone, [pickAt("small", 5, 5, x)]).channels[1]!;
    expect(at(0).indexOf(1)).toBe(0);
    expect(at(39.9).indexOf(1)).toBe(3);
    expect(at(40).indexOf(1)).toBe(4);
    expect(at(45).reduce((sum, value) => sum + value)).toBe(1);
    expect(at(90).indexOf(1)).toBe(-1);
    expect(at(-0.1).indexOf(1)).toBe(-1);
  });
});

describe("ignored types", () => {
  const picks = [pickAt("large", 5, 5, 75), pickAt("small", 5, 5, 15)];

  test("weigh nothing and look like background where theirs is the nearest ball", () => {
    const { channels, weight } = paint({ kind: "ball", fraction: 1 }, smallAndIgnored, picks);
    expect(weight).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0]);
    expect(channels[0]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1]);
  });

  test("weigh nothing within two sigma of a heat map", () => {
    const { weight } = paint({ kind: "gaussian", sigma: 1 }, smallAndIgnored, picks);
    expect(weight).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0]);
  });

  test("weigh nothing at a centre voxel", () => {
    expect(paint({ kind: "centre" }, smallAndIgnored, picks).weight).toEqual([1, 1, 1, 1, 1, 1, 1, 0, 1]);
  });
});

test("the order of picks does not matter, and channels with a background always sum to 1", () => {
  const coordinate = fc.double({ min: -20, max: 90, noNaN: true });
  const pick = fc
    .tuple(fc.constantFrom("small", "large", "other"), coordinate, coordinate, coordinate)
    .map(([type, z, y, x]) => pickAt(type, z, y, x));
  const target = fc.constantFrom<TargetSpec>(
    { kind: "ball", fraction: 0.9 },
    { kind: "gaussian", sigma: 1.5 },
    { kind: "centre" },
  );
  fc.assert(
    fc.property(target, fc.array(pick, { maxLength: 8 }), fc.boolean(), (spec, picks, ignore) => {
      const types = ignore ? smallAndIgnored : both;
      const space = { shape: [6, 7, 8] as const };
      const painted = paint(spec, types, picks, space);
      expect(paint(spec, types, picks.toReversed(), space)).toEqual(painted);
      painted.weight.forEach((weight, voxel) => {
        expect(painted.channels.reduce((sum, channel) => sum + channel[voxel]!, 0)).toBeCloseTo(1, 5);
        if (weight === 0) expect(painted.channels[0]![voxel]).toBe(1);
      });
    }),
  );
});

test("the schema refuses unknown keys, unknown kinds and sizes that make no target", () => {
  expect(targetSchema.parse({ kind: "ball", fraction: 0.5 })).toEqual({ kind: "ball", fraction: 0.5 });
  for (const wrong of [
    { kind: "ball", fraction: 0.5, sigma: 2 },
    { kind: "ball" },
    { kind: "ball", fraction: 0 },
    { kind: "gaussian", sigma: -1 },
    { kind: "gaussian", sigma: Number.NaN },
    { kind: "centre", fraction: 1 },
    { kind: "cube" },
  ]) {
    expect(targetSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  }
});
