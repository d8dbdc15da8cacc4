import { describe, expect, test } from "vitest";
import { parseExpression } from "../../../../src/domain/expression/parse.js";
import { barOf, barText, digits } from "../../../../src/web/studio/browse/composition.js";
import { columnText, rangeIn, withRange } from "../../../../src/web/studio/browse/ranges.js";
import { partsOf, rowsIn, scrolledTo, windowOf } from "../../../../src/web/studio/browse/rowWindow.js";
import {
  allChosen,
  inOrder,
  movedTo,
  nothingChosen,
  pointedAt,
  stepOf,
  toggled,
} from "../../../../src/web/studio/browse/selection.js";

describe("the rows that are drawn", () => {
  const size = { items: 10_000, across: 1, rowHeight: 40 };

  test("are those that are seen, and some beyond, with the room of all", () => {
    for (const scrolled of [0, 35, 4000, 200_000, 399_000, 1e9, -20]) {
      const { first, end, above, below } = windowOf(size, scrolled, 600);
      expect(above + (end - first) * 40 + below).toBe(400_000);
      expect(end - first).toBeLessThanOrEqual(29);
      const seen = Math.min(9_999, Math.max(0, Math.floor(scrolled / 40)));
      expect(first).toBeLessThanOrEqual(seen);
      expect(end).toBeGreaterThan(seen);
    }
    expect(windowOf({ ...size, items: 0 }, 0, 600)).toEqual({ first: 0, end: 0, above: 0, below: 0 });
  });

  test("hold several items each in a gallery", () => {
    expect(rowsIn({ items: 10, across: 4, rowHeight: 10 })).toBe(3);
    expect(windowOf({ items: 10, across: 4, rowHeight: 10 }, 0, 15)).toMatchObject({ first: 0, end: 3 });
  });

  test("are scrolled to where they are not seen", () => {
    expect(scrolledTo(3, 40, 0, 600)).toBe(0);
    expect(scrolledTo(20, 40, 0, 600)).toBe(240);
    expect(scrolledTo(2, 40, 400, 600)).toBe(80);
  });

  test("are asked for in parts", () => {
    expect(partsOf(95, 205, 100)).toEqual([0, 1, 2]);
    expect(partsOf(100, 200, 100)).toEqual([1]);
    expect(partsOf(0, 0, 100)).toEqual([]);
  });
});

describe("choosing", () => {
  const order = ["a", "b", "c", "d", "e"];
  const plain = { shift: false, more: false };

  test("one by a click, a stretch by shift, one more or less by control", () => {
    const one = pointedAt(nothingChosen, order, 1, plain);
    expect([...one.chosen]).toEqual(["b"]);
    const stretch = pointedAt(one, order, 3, { shift: true, more: false });
    expect([...stretch.chosen]).toEqual(["b", "c", "d"]);
    const back = pointedAt(stretch, order, 0, { shift: true, more: false });
    expect([...back.chosen]).toEqual(["a", "b"]);
    const less = pointedAt(stretch, order, 2, { shift: false, more: true });
    expect([...less.chosen]).toEqual(["b", "d"]);
    const both = pointedAt(less, order, 4, { shift: true, more: true });
    expect(inOrder(both, order)).toEqual(["b", "c", "d", "e"]);
    expect(pointedAt(one, order, 9, plain).chosen).toEqual(one.chosen);
  });

  test("by keys", () => {
    const moved = movedTo(nothingChosen, order, 2, false);
    expect([moved.active, moved.chosen.size]).toEqual([2, 0]);
    expect([...movedTo(moved, order, 3, true).chosen]).toEqual(["c", "d"]);
    expect(movedTo(moved, order, 99, false).active).toBe(4);
    expect([...toggled(moved, order, 2).chosen]).toEqual(["c"]);
    expect(toggled(toggled(moved, order, 2), order, 2).chosen.size).toBe(0);
    expect(allChosen(moved, order).chosen.size).toBe(5);
    expect(stepOf("ArrowDown", 4, 3, 100)).toBe(4);
    expect(stepOf("ArrowRight", 1, 3, 100)).toBeUndefined();
    expect(stepOf("PageDown", 1, 10, 100)).toBe(9);
    expect(stepOf("x", 1, 10, 100)).toBeUndefined();
  });

  test("keeps what the order no longer shows", () => {
    expect(inOrder(allChosen(nothingChosen, ["z", "c", "a"]), order)).toEqual(["a", "c", "z"]);
  });
});

describe("a range", () => {
  test("is written as a part of the expression, in place of the one before", () => {
    const first = withRange("", "noise", { from: 0.5, to: 0.8 });
    expect(first).toBe("noise >= 0.5 and noise <= 0.8");
    expect(withRange(first, "noise", { to: 0.7 })).toBe("noise <= 0.7");
    expect(withRange(first, "noise", {})).toBe("");
    expect(withRange(first, "sample", { from: -1e-7 })).toBe(`${first} and sample >= -1e-7`);
    expect(rangeIn(first, "noise")).toEqual({ from: 0.5, to: 0.8 });
    expect(rangeIn(first, "sample")).toEqual({});
  });

  test("leaves what else was written, with its meaning", () => {
    expect(withRange("run contains 'a and b' and noise > 1", "noise", { from: 2 })).toBe(
      "run contains 'a and b' and noise > 1 and noise >= 2",
    );
    expect(withRange("a > 1 or b > 2", "noise", { from: 2 })).toBe("(a > 1 or b > 2) and noise >= 2");
    expect(withRange("(a > 1 or noise >= 3) and b > 2", "noise", { from: 2 })).toBe(
      "(a > 1 or noise >= 3) and b > 2 and noise >= 2",
    );
    expect(withRange("noise >", "b", { from: 2 })).toBe("noise > and b >= 2");
    expect(withRange("'torn", "b", { from: 2 })).toBe("'torn and b >= 2");
  });

  test("names columns as expressions take them", () => {
    expect(columnText("membrane.percent")).toBe("membrane.percent");
    for (const name of ["beta-amylase.count", "is", "1a", "a b"]) {
      expect(columnText(name)).toBe(`[${name}]`);
      const text = withRange("", name, { from: 1, to: 2 });
      expect(() => parseExpression(text)).not.toThrow();
      expect(rangeIn(text, name)).toEqual({ from: 1, to: 2 });
    }
  });
});

describe("composition", () => {
  test("is a bar whose parts fill it", () => {
    const bar = barOf(["a", "b", "c", "d"], [1, 3, null, 0]);
    expect(bar.map(({ feature, share }) => [feature, share])).toEqual([
      ["a", 0.25],
      ["b", 0.75],
    ]);
    expect(barText(bar)).toBe("b 3 %, a 1 %");
    expect(barText(bar, 1)).toBe("b 3 % and 1 more");
    expect(barText(barOf(["a"], [null]))).toBe("composition unknown");
  });

  test("has the survey's digits", () => {
    expect([0.123456, 12, null, "x", 1234.56].map(digits)).toEqual(["0.1235", "12", "–", "x", "1235"]);
  });
});
