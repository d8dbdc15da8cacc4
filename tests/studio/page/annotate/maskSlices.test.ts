import { describe, expect, test } from "vitest";
import type { PaintChange } from "../../../../src/studio/annotations/edits.js";
import {
  MaskSlices,
  type SliceAxis,
  sizeOf,
  strokeOnSlice,
} from "../../../../src/web/studio/annotate/maskSlices.js";

const shape = [7, 8, 9] as const;
const axes: readonly SliceAxis[] = [0, 1, 2];

let seed = 11;
const draw = (below: number): number => {
  seed = (seed * 48271) % 2147483647;
  return seed % below;
};

function randomStroke(): PaintChange {
  const axis = draw(3) as SliceAxis;
  const [rows, columns] = sizeOf(shape, axis);
  const start = draw(rows * columns - 1);
  const length = 1 + draw(Math.min(25, rows * columns - start));
  return {
    do: "paint",
    mask: "m",
    axis,
    index: draw(shape[axis]),
    runs: [start, length, draw(3) === 0 ? 0 : 1],
  };
}

/** Paints on a whole volume, voxel by voxel. */
function onVolume(volume: Uint8Array, { axis, index, runs }: PaintChange): void {
  const columns = sizeOf(shape, axis)[1];
  for (let run = 0; run < runs.length; run += 3)
    for (let at = runs[run]!; at < runs[run]! + runs[run + 1]!; at++) {
      const [row, column] = [Math.floor(at / columns), at % columns];
      const [z, y, x] =
        axis === 0 ? [index, row, column] : axis === 1 ? [row, index, column] : [row, column, index];
      volume[(z * 8 + y) * 9 + x] = runs[run + 2]!;
    }
}

function cut(volume: Uint8Array, axis: SliceAxis, index: number): Uint8Array {
  const [rows, columns] = sizeOf(shape, axis);
  return Uint8Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const [z, y, x] =
      axis === 0 ? [index, row, column] : axis === 1 ? [row, index, column] : [row, column, index];
    return volume[(z * 8 + y) * 9 + x]!;
  });
}

describe("slices of a mask", () => {
  test("have of every stroke what lies in them, whichever way either lies", () => {
    for (let trial = 0; trial < 60; trial++) {
      const stroke = randomStroke();
      const volume = Uint8Array.from({ length: 7 * 8 * 9 }, () => draw(2));
      const slices = axes.flatMap((axis) =>
        Array.from({ length: shape[axis] }, (_, index) => ({ axis, index, slice: cut(volume, axis, index) })),
      );
      onVolume(volume, stroke);
      for (const { axis, index, slice } of slices) {
        strokeOnSlice(slice, shape, [axis, index], stroke);
        expect(slice).toEqual(cut(volume, axis, index));
      }
    }
  });

  test("are what was painted, whether they were there before, were on their way, or come later", async () => {
    const volume = new Uint8Array(7 * 8 * 9);
    const strokes = Array.from({ length: 40 }, randomStroke);
    let server = new Uint8Array(volume);
    let changes = 0;
    const answers: (() => void)[] = [];
    let isSlow = false;
    const mask = new MaskSlices(
      shape,
      async (axis, index) => {
        if (isSlow) await new Promise<void>((resolve) => answers.push(resolve));
        return cut(server, axis, index);
      },
      () => changes++,
    );
    expect(mask.get(0, 3)).toBeUndefined();
    await mask.slice(0, 3);
    await mask.slice(1, 2);
    expect(changes).toBe(2);
    isSlow = true;
    const late = mask.slice(2, 4);
    for (const [at, stroke] of strokes.entries()) {
      onVolume(volume, stroke);
      mask.paint(stroke);
      if (at === 20) server = new Uint8Array(volume);
      expect(mask.get(0, 3)).toEqual(cut(volume, 0, 3));
    }
    for (const answer of answers) answer();
    expect(await late).toEqual(cut(volume, 2, 4));
    isSlow = false;
    server = new Uint8Array(volume);
    for (const axis of axes)
      for (let index = 0; index < shape[axis]; index++)
        expect(await mask.slice(axis, index)).toEqual(cut(volume, axis, index));
  });

  test("that could not be loaded are asked for again", async () => {
    let isDown = true;
    const load = async (): Promise<Uint8Array> => {
      if (isDown) throw new Error("no answer");
      return new Uint8Array(72);
    };
    const mask = new MaskSlices(shape, load, () => undefined);
    await expect(mask.slice(0, 1)).rejects.toThrow("no answer");
    isDown = false;
    expect(await mask.slice(0, 1)).toEqual(new Uint8Array(72));
  });
});
