import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  applyRuns,
  ballDiscs,
  between,
  fill,
  paintWay,
  runsBetween,
  type SlicePoint,
  type SliceSize,
  signedDistances,
} from "../../../../src/web/studio/annotate/strokes.js";

/** What SciPy makes of slices (tests/fixtures/studio/interpolate.py). */
const fixtures = JSON.parse(readFileSync("tests/fixtures/studio/interpolate.json", "utf8")) as {
  readonly between: readonly { size: SliceSize; first: string; second: string; between: string[] }[];
  readonly fills: readonly {
    size: SliceSize;
    painted: string;
    grey: number[];
    range: [number, number];
    at: SlicePoint;
    filled: string;
  }[];
};
const slice = (text: string): Uint8Array => Uint8Array.from(text, Number);
const sum = (values: Uint8Array): number => values.reduce((total, value) => total + value, 0);

describe("the brush", () => {
  test("sets the voxels whose centres lie within its radius, and has a disc's area", () => {
    const size: SliceSize = [80, 90];
    for (const radius of [0.5, 1, 2.5, 7, 30]) {
      const painted = new Uint8Array(80 * 90);
      const centre: SlicePoint = [40.5, 44.5];
      paintWay(painted, size, [centre, centre], radius, 1);
      for (const [voxel, value] of painted.entries()) {
        const distance = Math.hypot(Math.floor(voxel / 90) - 40, (voxel % 90) - 44);
        expect(value).toBe(distance <= radius ? 1 : 0);
      }
      if (radius > 5) expect(sum(painted) / (Math.PI * radius * radius)).toBeCloseTo(1, 1);
    }
  });

  test("has along its way the area of a disc and of a rectangle, erases it again, and stops at the slice's edge", () => {
    const size: SliceSize = [120, 140];
    const painted = new Uint8Array(120 * 140);
    const way: [SlicePoint, SlicePoint] = [
      [30, 30],
      [90, 110],
    ];
    paintWay(painted, size, way, 12, 1);
    expect(sum(painted) / (Math.PI * 144 + 2 * 12 * 100)).toBeCloseTo(1, 2);
    paintWay(painted, size, way, 12, 0);
    expect(sum(painted)).toBe(0);
    paintWay(
      painted,
      size,
      [
        [0, 0],
        [0, 0],
      ],
      10,
      1,
    );
    expect(sum(painted) / ((Math.PI * 100) / 4)).toBeCloseTo(1, 1);
    paintWay(
      painted,
      size,
      [
        [-50, -50],
        [-50, 300],
      ],
      10,
      1,
    );
    expect(painted.length).toBe(120 * 140);
  });

  test("is a ball over slices: its discs have a ball's volume", () => {
    const discs = ballDiscs(9.5);
    expect(discs.map(({ offset }) => offset)).toEqual(Array.from({ length: 19 }, (_, at) => at - 9));
    const volume = discs.reduce((total, { radius }) => total + Math.PI * radius * radius, 0);
    expect(volume / ((4 / 3) * Math.PI * 9.5 ** 3)).toBeCloseTo(1, 1);
    expect(ballDiscs(0.5)).toEqual([{ offset: 0, radius: 0.5 }]);
  });
});

describe("the fill", () => {
  test.each(fixtures.fills)(
    "is SciPy's component of $at within $range",
    ({ size, painted, grey, range, at, filled }) => {
      const own = slice(painted);
      const before = sum(own);
      const count = fill(own, size, at, 1, { grey: { values: grey, low: range[0], high: range[1] } });
      expect(own).toEqual(slice(filled));
      expect(count).toBe(sum(own) - before);
    },
  );

  test("fills what a ring encloses, and no more; empties what is painted; does nothing where there is nothing to do", () => {
    const size: SliceSize = [40, 40];
    const ring = new Uint8Array(1600);
    paintWay(
      ring,
      size,
      [
        [20, 20],
        [20, 20],
      ],
      15,
      1,
    );
    paintWay(
      ring,
      size,
      [
        [20, 20],
        [20, 20],
      ],
      10,
      0,
    );
    const hole = new Uint8Array(1600);
    paintWay(
      hole,
      size,
      [
        [20, 20],
        [20, 20],
      ],
      10,
      1,
    );
    const painted = ring.slice();
    expect(fill(painted, size, [20.7, 20.2], 1)).toBe(sum(hole));
    expect(fill(painted, size, [20, 20], 1)).toBe(0);
    expect(fill(painted, size, [-1, 20], 1)).toBe(0);
    expect(fill(painted, size, [20, 40], 1)).toBe(0);
    expect(fill(painted, size, [20, 20], 0)).toBe(sum(ring) + sum(hole));
    expect(sum(painted)).toBe(0);
  });
});

describe("interpolation", () => {
  test.each(fixtures.between)(
    "between slices of $size is that of SciPy's distances",
    ({ size, first, second, between: expected }) => {
      const own = between(slice(first), slice(second), size, expected.length);
      expect(own).toEqual(expected.map(slice));
    },
  );

  test("between two discs of one centre are discs of the radii between", () => {
    const size: SliceSize = [101, 101];
    const disc = (radius: number): Uint8Array => {
      const painted = new Uint8Array(101 * 101);
      paintWay(
        painted,
        size,
        [
          [50.5, 50.5],
          [50.5, 50.5],
        ],
        radius,
        1,
      );
      return painted;
    };
    const areas = between(disc(40), disc(10), size, 2).map(sum);
    expect(areas.map((area) => Math.round(Math.sqrt(area / Math.PI)))).toEqual([30, 20]);
  });

  test("of a slice and nothing is nothing, and of a whole slice the other", () => {
    const [none, all] = [new Uint8Array(9), new Uint8Array(9).fill(1)];
    const dot = Uint8Array.from([0, 0, 0, 0, 1, 0, 0, 0, 0]);
    expect(between(none, dot, [3, 3], 1).map(sum)).toEqual([0]);
    expect(between(all, dot, [3, 3], 1).map(sum)).toEqual([9]);
    expect(signedDistances(dot, [3, 3])[4]).toBe(1);
    expect(signedDistances(dot, [3, 3])[0]).toBeCloseTo(-Math.SQRT2);
  });
});

describe("runs", () => {
  test("make one slice another, and back", () => {
    let seed = 3;
    for (let trial = 0; trial < 200; trial++) {
      const draw = () => {
        seed = (seed * 48271) % 2147483647;
        return seed % 3 === 0 ? 1 : 0;
      };
      const [before, after] = [Uint8Array.from({ length: 50 }, draw), Uint8Array.from({ length: 50 }, draw)];
      const [there, back] = [runsBetween(before, after), runsBetween(after, before)];
      const painted = before.slice();
      applyRuns(painted, there);
      expect(painted).toEqual(after);
      applyRuns(painted, back);
      expect(painted).toEqual(before);
      expect(there.filter((_, at) => at % 3 === 1).reduce((total, length) => total + length, 0)).toBe(
        before.reduce((count, value, at) => count + (value === after[at] ? 0 : 1), 0),
      );
    }
    expect(runsBetween(new Uint8Array(5), Uint8Array.from([0, 1, 1, 0, 1]))).toEqual([1, 2, 1, 4, 1, 1]);
  });
});
