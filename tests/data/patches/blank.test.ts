import { describe, expect, it } from "vitest";
import { makeBatch } from "../../../src/data/patches/batch.js";
import { cropCentres, drawCrop } from "../../../src/data/patches/crops.js";
import { randomFor } from "../../../src/domain/random.js";
import { positionToIndex, type Volume } from "../../../src/domain/volume.js";
import { noAugment, pickAt, sourceOf, specOf } from "../../support/patchScenes.js";

/** A source whose first half in y is blank, with the normalised voxels 0 there and 1 elsewhere. */
function halfBlank() {
  const inData = pickAt("small", 80, 150, 100);
  const inBlank = pickAt("small", 80, 30, 100);
  const source = sourceOf({ picks: [inData, inBlank] });
  const volumes = source.volumes.map(({ shape, spacing }): Volume => {
    const blank = new Uint8Array(shape[0] * shape[1] * shape[2]);
    const half = Math.floor(shape[1] / 2);
    for (let z = 0; z < shape[0]; z++)
      blank.fill(1, z * shape[1] * shape[2], (z * shape[1] + half) * shape[2]);
    return { data: Float32Array.from(blank, (each) => 1 - each), shape, spacing, blank };
  });
  return { source: { ...source, volumes }, inData, inBlank };
}

describe("patches of a volume with blank voxels", () => {
  const { source, inData, inBlank } = halfBlank();
  const [{ blank, shape, spacing }] = source.volumes as [Volume];

  it("the picks of this test lie as they say", () => {
    const row = (y: number) => Math.round(y) < Math.floor(shape[1] / 2);
    expect(row(positionToIndex(inBlank, spacing)[1])).toBe(true);
    expect(row(positionToIndex(inData, spacing)[1])).toBe(false);
  });

  it("crops are drawn around no particle in them, and background has its middle in data", () => {
    const spec = specOf({ augment: noAugment, backgroundShare: 0.5 });
    const centres = cropCentres(spec, [source]);
    expect(centres.classes.map((draw) => draw(randomFor(1, "class")).pick)).toEqual([inData]);
    for (let k = 0; k < 200; k++) {
      const { pick, map } = drawCrop(spec, [source], centres, randomFor(1, "blank crops", k));
      if (pick) continue;
      const y =
        map.offset[1] +
        map.matrix[1].reduce((sum, each, axis) => sum + (each * (spec.patchShape[axis]! - 1)) / 2, 0);
      expect(Math.round(y)).toBeGreaterThanOrEqual(Math.floor(shape[1] / 2));
    }
  });

  it.each([0, 25])("the loss leaves them out, turned by up to %d°", (rotation) => {
    const spec = specOf({ augment: { ...noAugment, rotation }, ignore: [] });
    let [left, kept] = [0, 0];
    for (let step = 0; step < 10; step++) {
      const { input, weight } = makeBatch(spec, [source], step);
      for (let voxel = 0; voxel < input.length; voxel++) {
        if (input[voxel] === 0) expect(weight[voxel]).toBe(0);
        if (weight[voxel] === 0) left++;
        else if (input[voxel] === 1) kept++;
      }
    }
    expect(left).toBeGreaterThan(0);
    expect(kept).toBeGreaterThan(0);
  });

  it("refuses runs whose picks all lie in them", () => {
    const lost = { ...source, picks: [inBlank] };
    expect(() => cropCentres(specOf(), [lost])).toThrow(/all picks lie in blank voxels/);
    expect(blank!.length).toBe(shape[0] * shape[1] * shape[2]);
  });
});
