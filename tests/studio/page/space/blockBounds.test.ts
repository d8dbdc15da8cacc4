import { describe, expect, test } from "vitest";
import {
  type Block,
  blockBounds,
  blockSide,
  projectionWindow,
} from "../../../../src/web/studio/space/blockBounds.js";
import fc from "../../../support/properties.js";

const blockOf = (shape: Block["shape"], data: Uint8Array): Block => ({ shape, data, spacing: [1, 1, 1] });

/** The same by its definition: every voxel of the block and beside it. */
function slowBounds({ data, shape }: Block, block: readonly number[]): [number, number] {
  const [from, to] = [-1, blockSide + 1];
  let [least, most] = [255, 0];
  const range = (axis: number) => {
    const start = Math.max(0, block[axis]! * blockSide + from);
    const end = Math.min(shape[axis]!, block[axis]! * blockSide + to);
    return Array.from({ length: end - start }, (_, i) => start + i);
  };
  for (const z of range(0))
    for (const y of range(1))
      for (const x of range(2)) {
        const value = data[(z * shape[1] + y) * shape[2] + x]!;
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
  return [least, most];
}

describe("bounds of blocks", () => {
  test("are the least and greatest of a block's voxels and those beside it", () => {
    const side = fc.integer({ min: 1, max: 19 });
    fc.assert(
      fc.property(fc.tuple(side, side, side), fc.integer(), (shape, seed) => {
        const data = Uint8Array.from(
          { length: shape[0] * shape[1] * shape[2] },
          (_, i) => Math.imul(i + seed, 2_654_435_761) >>> 24,
        );
        const block = blockOf(shape, data);
        const bounds = blockBounds(block);
        expect(bounds.shape).toEqual(shape.map((size) => Math.ceil(size / blockSide)));
        for (let at = 0, z = 0; z < bounds.shape[0]; z++)
          for (let y = 0; y < bounds.shape[1]; y++)
            for (let x = 0; x < bounds.shape[2]; x++, at += 2)
              expect([...bounds.data.subarray(at, at + 2)]).toEqual(slowBounds(block, [z, y, x]));
      }),
      { numRuns: 40 },
    );
  });
});

describe("a projection's window", () => {
  test("is black and white at the ends of the projected values, not of the volume's", () => {
    const data = new Uint8Array(10 * 50 * 50).fill(100);
    for (let i = 0; i < 2500; i++) data[3 * 2500 + i] = 150 + Math.floor(i / 25);
    const [black, white] = projectionWindow(blockOf([10, 50, 50], data), false);
    expect(black * 255).toBeCloseTo(151, 6);
    expect(white * 255).toBeCloseTo(249, 6);
    const inverted = blockOf(
      [10, 50, 50],
      data.map((value) => 255 - value),
    );
    const [darkBlack, darkWhite] = projectionWindow(inverted, true);
    expect(darkBlack * 255).toBeCloseTo(6, 6);
    expect(darkWhite * 255).toBeCloseTo(105, 6);
  });

  test("is whole where all values are one", () => {
    expect(projectionWindow(blockOf([2, 2, 2], new Uint8Array(8).fill(7)), false)).toEqual([0, 1]);
  });
});
