import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderSvg } from "../../../src/present/charts/render.js";

const bars = {
  data: { values: [{ name: "<script>", count: 2 }] },
  mark: "bar",
  encoding: { x: { field: "name", type: "nominal" }, y: { field: "count", type: "quantitative" } },
} as const;

test("draws the same chart the same way twice, its text escaped", async () => {
  const svg = await renderSvg(bars);
  expect(svg).toMatch(/^<svg .*<\/svg>$/s);
  expect(svg).toContain("&lt;script&gt;");
  expect(await renderSvg(bars)).toBe(svg);
});

test("no other file draws with Vega", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  const drawing = files.filter((path) =>
    /^import (?!type )[^;]*"vega|import\("vega/m.test(readFileSync(join("src", path), "utf8")),
  );
  expect(drawing).toEqual([join("present", "charts", "render.ts")]);
});
