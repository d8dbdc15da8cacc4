import { expect, test } from "vitest";
import { colourOf, dashOf } from "../../../../src/web/studio/progress/lineLooks.js";

const lines = Array.from({ length: 64 }, (_, at) => at);

test("lines are told apart without colours, as long as there are dashes", () => {
  expect(new Set(lines.slice(0, 8).map(dashOf)).size).toBe(8);
  expect(dashOf(0)).toBeUndefined();
});

test("no two lines have the same colour and dashes", () => {
  expect(new Set(lines.map((at) => `${colourOf(at)} ${dashOf(at)}`)).size).toBe(lines.length);
});
