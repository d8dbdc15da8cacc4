import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { makeBatch } from "../../../src/data/patches/batch.js";
import { cropDraw } from "../../../src/data/patches/draws.js";
import { packPlaces } from "../../../src/data/patches/hardPlaces.js";
import { randomFor } from "../../../src/domain/random.js";
import { chiSquareShare } from "../../support/chiSquare.js";
import { pickAt, sourceOf, specOf } from "../../support/patchScenes.js";

const own = [sourceOf(), sourceOf({ run: "R2" })];
// The same run's name in other data sets.
const second = sourceOf({ dataset: 1 });
const third = [sourceOf({ dataset: 2 }), sourceOf({ dataset: 2, run: "R3" })];
const sources = [...own, second, ...third];

describe("crops of several data sets", () => {
  const spec = specOf({ furtherShares: [0.3, 0.2] });
  const draw = cropDraw(spec, sources, undefined);
  const crops = Array.from({ length: 4000 }, (_, k) => draw(randomFor(5, "sets", k)));

  test("have the shares of their data sets, whatever their runs are called", () => {
    const counts = sources.map((source) => crops.filter((crop) => crop.source === source).length);
    expect(chiSquareShare(counts, [0.25, 0.25, 0.3, 0.1, 0.1])).toBeLessThan(1);
    expect(chiSquareShare(counts, [0.2, 0.2, 0.2, 0.2, 0.2])).toBeGreaterThan(1);
  });

  test("are balanced in each by itself", () => {
    const ofSecond = crops.filter(({ source }) => source === second);
    const counts = [undefined, "small", "large"].map(
      (type) => ofSecond.filter(({ pick }) => pick?.type === type).length,
    );
    expect(chiSquareShare(counts, [0.25, 0.375, 0.375])).toBeLessThan(1);
  });

  test("around hard places are of the first", () => {
    const places = packPlaces([{ source: 1, type: 0, at: pickAt("", 90, 90, 90) }]);
    const hard = cropDraw({ ...spec, hardShare: 0.5 }, sources, places);
    const drawn = Array.from({ length: 1000 }, (_, k) => hard(randomFor(6, "sets", k)));
    const atPlace = drawn.filter(({ pick }) => pick?.z === 90 && pick.y === 90 && pick.x === 90);
    expect(atPlace.every(({ source }) => source === own[1])).toBe(true);
    expect(chiSquareShare([atPlace.length, 1000 - atPlace.length], [0.25, 0.75])).toBeLessThan(1);
  });
});

test("one data set alone gives the bytes of commit b72a531, which knew no further ones", () => {
  const { input, target, weight } = makeBatch(specOf({ furtherShares: undefined }), own, 3);
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of [input, target, weight])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  expect(hash.digest("hex")).toBe("e0aef478c7be31b5bebcaa96e953223d68606fb46dbddc5dd8295378dd4a28e8");
});
