import { describe, expect, test } from "vitest";
import { roundLength } from "../../../../src/web/studio/look/frame.js";
import { boxEdges, lengthText, scaleAxes } from "../../../../src/web/studio/space/scaleAxes.js";

describe("axes with a scale", () => {
  test("have 1, 2 or 5 times a power of ten as step", () => {
    expect([1, 1.9, 2, 4.99, 5, 9.9, 10, 1575].map(roundLength)).toEqual([1, 1, 2, 2, 5, 5, 10, 1000]);
  });

  test("name lengths in nm from 100 Å on", () => {
    expect(lengthText(50)).toBe("50 Å");
    expect(lengthText(1000)).toBe("100 nm");
    expect(lengthText(150)).toBe("15 nm");
  });

  test("draw a box's twelve edges, each along one axis", () => {
    const edges = boxEdges([3, 2, 1]);
    expect(edges).toHaveLength(24);
    const lengths = Array.from({ length: 12 }, (_, i) => {
      const differences = [0, 1, 2].map((axis) => edges[2 * i + 1]![axis]! - edges[2 * i]![axis]!);
      expect(differences.filter((value) => value !== 0)).toHaveLength(1);
      return Math.max(...differences);
    });
    expect(lengths.toSorted()).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
  });

  test("have four to ten ticks along the longest side", () => {
    for (const longest of [6300, 999, 1001, 17, 4]) {
      const { ticks, lines } = scaleAxes([longest, longest / 2, longest / 3]);
      const along = ticks.filter(({ at }) => at[0] > 0);
      expect(along.length).toBeGreaterThanOrEqual(4);
      expect(along.length).toBeLessThanOrEqual(10);
      expect(lines).toHaveLength(24 + 2 * ticks.length);
    }
    expect(
      scaleAxes([6300, 6300, 1840])
        .ticks.map(({ label }) => label)
        .slice(0, 2),
    ).toEqual(["100 nm", "200 nm"]);
    expect(scaleAxes([0, 0, 0]).ticks).toEqual([]);
  });
});
