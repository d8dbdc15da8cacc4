import { describe, expect, test } from "vitest";
import { drawGraph } from "../../../src/present/graphs/drawGraph.js";
import { type Graph, ordered } from "../../../src/present/graphs/graph.js";
import { graphText } from "../../../src/present/graphs/graphText.js";

const node = (id: string, ...lines: string[]) => ({ id, title: id, lines });

/** Two ways from a to d. */
const diamond: Graph = {
  nodes: [
    node("d"),
    { ...node("b", "made again"), state: "stale" },
    node("c"),
    { ...node("a", "up to date"), state: "current" },
  ],
  edges: [
    ["a", "b"],
    ["a", "c"],
    ["b", "d"],
    ["c", "d"],
  ],
};

describe("a graph's order", () => {
  test("puts nothing before what it is made of, and what follows near it", () => {
    const { nodes, depths } = ordered(diamond);
    expect(nodes.map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
    expect([...depths.values()]).toEqual([0, 1, 1, 2]);
  });

  test.each([
    ["a circle", [["a", "b"] as const, ["b", "a"] as const], /circle/],
    ["an arrow to nothing", [["a", "z"] as const], /"z"/],
  ])("refuses %s", (_, edges, why) => {
    expect(() => ordered({ nodes: [node("a"), node("b")], edges })).toThrow(why);
  });
});

test("text has a line a node, with marks and what several come together in", () => {
  expect(graphText(diamond)).toBe(
    ["✓ a      up to date", "  ○ b    made again", "  • c", "    • d  ← b, c"].join("\n"),
  );
});

describe("a drawing", () => {
  const boxesIn = (svg: string) =>
    [
      ...svg.matchAll(
        /<rect x="(-?[\d.]+)" y="(-?[\d.]+)" width="([\d.]+)" height="([\d.]+)" rx="6"\/>\n<text class="name"[^>]*>([^<]*)/g,
      ),
    ].map(([, x, y, width, height, name]) => ({
      name,
      ...{ x: Number(x), y: Number(y), width: Number(width), height: Number(height) },
    }));

  test("has every box once, none over another, each below what it is made of", () => {
    const svg = drawGraph(diamond);
    const boxes = boxesIn(svg);
    expect(boxes.map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
    for (const a of boxes)
      for (const b of boxes)
        if (a !== b)
          expect(
            a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y,
          ).toBe(true);
    const top = (name: string) => boxes.find((box) => box.name === name)!.y;
    for (const [from, to] of diamond.edges) expect(top(from)).toBeLessThan(top(to));
    expect([...svg.matchAll(/class="arrow"/g)]).toHaveLength(4);
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(drawGraph(diamond)).toBe(svg);
  });

  test("escapes what strangers wrote, and cuts what is long", () => {
    const long = "x".repeat(300);
    const svg = drawGraph({
      nodes: [{ id: "</text>", title: `<script>"&'`, lines: ["\u202ereversed", long] }],
      edges: [],
    });
    expect(svg).not.toContain("<script>");
    expect(svg).toContain("&lt;script&gt;&quot;&amp;&#39;");
    expect(svg).not.toContain("\u202e");
    expect(svg).toContain(`${"x".repeat(55)}…</text>`);
  });

  test("shows every arrow whole, also those that pass a box", () => {
    const names = ["segment", "pick", "mesh", "survey"];
    const nodes = names.map((id) => node(id, `${id} writes what is called ${id}`, "up to date"));
    const pairs = ["segment pick", "segment mesh", "segment survey", "pick survey"];
    const edges = pairs.map((pair) => pair.split(" ") as [string, string]);
    const svg = drawGraph({ nodes, edges });
    const [left, top, width, height] = /viewBox="([^"]+)"/.exec(svg)![1]!.split(" ").map(Number);
    const points = [...svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)(?=[ML"])/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    expect(points.length).toBeGreaterThan(8);
    for (const [x, y] of points) {
      expect(x).toBeGreaterThanOrEqual(left!);
      expect(x).toBeLessThanOrEqual(left! + width!);
      expect(y).toBeGreaterThanOrEqual(top!);
      expect(y).toBeLessThanOrEqual(top! + height!);
    }
  });

  test("of nothing is an empty page", () => {
    expect(drawGraph({ nodes: [], edges: [] })).toMatch(/viewBox="-16 -16 32 32"/);
  });
});
