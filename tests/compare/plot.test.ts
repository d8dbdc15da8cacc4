import { expect, test } from "vitest";
import { apart } from "../../src/compare/plot.js";

test("labels of points that lie on each other are moved until none lies on another", () => {
  const names = ["unet", "unet-2.5d", "densevnet", "baseline", "vnet"];
  const values = names.map((architecture, i) => ({
    architecture,
    patchMs: 20 + i / 10,
    score: 0.8 + i / 1000,
    low: 0.5,
    high: 0.9,
  }));
  const far = { architecture: "eman2", patchMs: 900, score: 0.8, low: 0.5, high: 0.9 };
  const placed = apart([...values, far]);
  // 400 pixels span the intervals' 0.4: a line of 13 pixels is 0.013.
  const near = placed.filter(({ architecture }) => architecture !== "eman2").map(({ at }) => at);
  for (const [i, at] of near.entries()) if (i > 0) expect(near[i - 1]! - at).toBeGreaterThan(0.0129);
  expect(placed.find(({ architecture }) => architecture === "eman2")!.at).toBe(0.8);
});
