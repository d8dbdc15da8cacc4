import { describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import {
  frameNames,
  frames,
  type PositionSet,
  toFrame,
  transforms,
  type Vector3,
} from "../../../src/formats/positions/frames.js";
import { readPositionsFile } from "../../../src/formats/positions/readPositions.js";
import fc from "../../support/properties.js";
import { formatsFolder, hasShared, truthFolder } from "../../support/shared.js";

const volume = { size: [184, 630, 631], spacing: angstrom(10) } as const;
const known = { pixel: angstrom(5), volume };
const setOf = (frame: PositionSet["frame"], at: Vector3): PositionSet => ({
  frame,
  positions: [{ at }],
  ...known,
});
const inAngstrom = (frame: PositionSet["frame"], at: Vector3) =>
  toFrame(setOf(frame, at), { frame: "angstrom" }, "test").positions[0]!.at;

test("what a position means in each frame", () => {
  expect(inAngstrom("angstrom", [1, 2, 3])).toEqual([1, 2, 3]);
  expect(inAngstrom("nanometre", [1, 2, 3])).toEqual([10, 20, 30]);
  expect(inAngstrom("voxel", [1, 2, 3])).toEqual([5, 10, 15]);
  expect(inAngstrom("voxel-1", [1, 2, 3])).toEqual([0, 5, 10]);
  expect(inAngstrom("index", [1, 2, 3])).toEqual([7.5, 12.5, 17.5]);
  expect(inAngstrom("voxel-zyx", [1, 2, 3])).toEqual([15, 10, 5]);
  expect(inAngstrom("index-zyx", [1, 2, 3])).toEqual([17.5, 12.5, 7.5]);
  expect(inAngstrom("imod", [1, 2, 3])).toEqual([5, 10, 17.5]);
  expect(inAngstrom("angstrom-centred", [1, 2, 3])).toEqual([3156, 3152, 923]);
  expect(inAngstrom("eman2", [1, 2, 3])).toEqual([3155, 3160, 935]);
});

test("every transform undoes itself, and every frame any other", () => {
  const axis = fc.double({ min: -5000, max: 5000, noNaN: true });
  const frame = fc.constantFrom(...frameNames);
  fc.assert(
    fc.property(fc.tuple(axis, axis, axis), frame, frame, (at, from, to) => {
      const there = toFrame(setOf(from, at), { frame: to }, "test");
      const back = toFrame(there, { frame: from }, "test").positions[0]!.at;
      for (const i of [0, 1, 2] as const) expect(back[i]).toBeCloseTo(at[i], 6);
    }),
  );
  for (const { forward, back } of Object.values(transforms))
    expect(back(forward([1, 2, 3], known), known).map((value) => Math.round(value * 1e9) / 1e9)).toEqual([
      1, 2, 3,
    ]);
  expect(
    Object.values(frames)
      .flat()
      .every((step) => step in transforms),
  ).toBe(true);
});

test("voxels become voxels without a voxel size, and whatever needs one names the flag", () => {
  const set: PositionSet = { frame: "voxel", positions: [{ at: [1, 2, 3] }] };
  expect(toFrame(set, { frame: "voxel-1" }, "a.star").positions[0]!.at).toEqual([2, 3, 4]);
  expect(() => toFrame(set, { frame: "angstrom" }, "a.star")).toThrow(/^a\.star: .* give --spacing Å$/);
  expect(() => toFrame({ ...set, pixel: angstrom(5) }, { frame: "angstrom-centred" }, "a.star")).toThrow(
    "--size Z,Y,X",
  );
});

test("another voxel size changes voxels and boxes", () => {
  const set: PositionSet = {
    frame: "voxel",
    pixel: angstrom(5),
    positions: [{ at: [4, 2, 6], box: [8, 8, 8] }],
  };
  const binned = toFrame(set, { frame: "voxel", pixel: angstrom(10) }, "test");
  expect(binned.positions[0]).toEqual({ at: [2, 1, 3], box: [4, 4, 4] });
});

const names = {
  ribosome: "cytosolic_ribosome",
  "apo-ferritin": "ferritin_complex",
  "beta-amylase": "beta_amylase",
  "beta-galactosidase": "beta_galactosidase",
  thyroglobulin: "thyroglobulin",
  "virus-like-particle": "pp7_vlp",
};

describe("the portal's annotations 2.0 of TS_6_6 through the mirror (skipped without ../shared)", () => {
  test.skipIf(!hasShared).each(Object.entries(names))(
    "%s lies within 0.01 voxel of the challenge's",
    async (type, object) => {
      const portal = await readPositionsFile(`${formatsFolder}/portal_v2_TS_6_6/${object}-2.0_point.ndjson`, {
        frame: "portal-2.0",
      });
      const truth = await readPositionsFile(
        `${truthFolder}/overlay/ExperimentRuns/TS_6_6/Picks/${type}.json`,
      );
      const mirrored = toFrame(
        { ...portal.sets[0]!, pixel: angstrom(10.012) },
        { frame: "angstrom" },
        "test",
      );
      const picks = truth.sets[0]!.positions;
      expect(mirrored.positions).toHaveLength(picks.length);
      const distances = picks.map(({ at }, i) =>
        Math.max(...at.map((value, axis) => Math.abs(value - mirrored.positions[i]!.at[axis]!) / 10.012)),
      );
      expect(Math.max(...distances)).toBeLessThan(0.001);
    },
  );
});
