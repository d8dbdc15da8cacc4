import { expect, test } from "vitest";
import { angstrom } from "../../src/domain/units.js";
import { lyingIn, lyingText } from "../../src/score/diagnosis/lying.js";
import { IdentityCounter } from "../../src/score/masks/identities.js";
import { identitiesText } from "../../src/score/masks/identitiesText.js";

test("identities are counted against true masks, known voxels alone", () => {
  const counter = new IdentityCounter(["a", "b"]);
  const labels = Float32Array.of(1, 1, 2, 0, 0, 2, 1, 2);
  const a = Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 2);
  const b = Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 0);
  counter.add(
    labels,
    new Map([
      ["b", b],
      ["a", a],
    ]),
    1000,
  );
  const confusion = counter.confusion();
  expect(confusion).toEqual({
    columns: ["unknown", "a", "b"],
    rows: { a: [1, 2, 1], b: [0, 1, 1], none: [1, 0, 0] },
    voxel: 1000,
    features: {
      a: { truth: 4, given: 3, both: 2, dice: 4 / 7, iou: 2 / 5 },
      b: { truth: 2, given: 3, both: 1, dice: 2 / 5, iou: 1 / 4 },
    },
  });
  expect(Object.keys(confusion.rows)).toEqual(["a", "b", "none"]);
  expect(identitiesText(confusion).split("\n")[1]).toMatch(/^a +4 +4 +25\.0 % +50\.0 % +25\.0 %$/);
  counter.add(Float32Array.of(0), new Map([["a", Uint8Array.of(0)]]), 500);
  expect(counter.confusion().voxel).toBeNull();
  expect(counter.confusion().rows.none).toEqual([2, 0, 0]);
});

test("a feature that is nowhere has no overlap", () => {
  const counter = new IdentityCounter(["a"]);
  counter.add(Float32Array.of(0, 0), new Map([["a", Uint8Array.of(0, 0)]]), 1);
  expect(counter.confusion().features.a).toMatchObject({ dice: null, iou: null });
});

test("picks are counted by what lies at their centre, right ones and false ones", () => {
  const at = (x: number) => ({ type: "ribosome", x: angstrom(x), y: angstrom(0), z: angstrom(0) });
  const truth = new Map([
    ["TS_1", [at(100)]],
    ["TS_2", [at(0)]],
  ]);
  const picks = new Map([
    ["TS_1", [at(101), at(130), at(900), at(1000)]],
    ["TS_2", [at(0)]],
  ]);
  const places = new Map([["TS_1", ({ x }: { x: number }) => (x > 500 ? "carbon" : "membrane")]]);
  const lying = lyingIn(truth, picks, places);
  expect(lying).toEqual({ ribosome: { right: { membrane: 1 }, wrong: { membrane: 1, carbon: 2 } } });
  expect(
    lyingText(lying)
      .split("\n")
      .slice(1)
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ["ribosome", "carbon", "2", "0"],
    ["ribosome", "membrane", "1", "1"],
  ]);
});
