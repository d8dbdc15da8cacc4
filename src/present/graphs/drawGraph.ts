/** A graph as SVG, for light and dark pages. */
import { createRequire } from "node:module";
import { type Html, html } from "../html.js";
import { type Graph, type GraphNode, ordered } from "./graph.js";

/** Sizes in pixels: of text that is set with 13 pixels in a face whose letters are all as wide. */
const size = { letter: 7.9, line: 18, pad: 10, title: 24, margin: 16 };
/** Longer texts are cut, and whole in the box's tooltip. */
const longest = 56;

/** Colours of a box's border and its mark on light and on dark ground. */
const colours = {
  plain: ["#57606a", "#8b949e"],
  current: ["#1a7f37", "#3fb950"],
  stale: ["#9a6700", "#d29922"],
  waiting: ["#57606a", "#8b949e"],
  running: ["#0969da", "#58a6ff"],
  failed: ["#cf222e", "#f85149"],
  missing: ["#8250df", "#bc8cff"],
} as const;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box in its place; `x` and `y` are of its centre. */
interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/**
 * Draws a graph, from above to below, as one SVG document whose colours follow the reader's (`prefers-color-scheme`). Texts are
 * escaped, and cut where they are long.
 *
 * @throws PickbenchError BadUsage for edges that lead in a circle, or from or to no node
 */
export function drawGraph(graph: Graph): string {
  const { nodes } = ordered(graph);
  const { boxes, arrows, page } = placed(nodes, graph.edges);
  const drawn = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="${page.left} ${page.top} ${page.width} ${page.height}" width="${page.width}" height="${page.height}" role="img">
<style>${styleSheet()}</style>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L10 5L0 10z"/></marker></defs>
<rect class="ground" x="${page.left}" y="${page.top}" width="100%" height="100%"/>
${arrows.map(
  (points) => html`<path class="arrow" marker-end="url(#tip)" d="${wayThrough(points)}"/>
`,
)}${nodes.map((node) => boxOf(node, boxes.get(node.id)!))}</svg>
`;
  return drawn.text;
}

interface Dagre {
  readonly Graph: new () => Layout;
  readonly layout: (graph: Layout) => void;
}

interface Layout {
  setGraph(label: Readonly<Record<string, unknown>>): void;
  setDefaultEdgeLabel(make: () => object): void;
  setNode(id: string, label: object): void;
  node(id: string): Box;
  setEdge(from: string, to: string): void;
  edges(): { readonly v: string; readonly w: string }[];
  edge(edge: { readonly v: string; readonly w: string }): { readonly points: readonly Point[] };
}

/** Dagre is loaded with the first graph that is drawn. */
function placed(nodes: readonly GraphNode[], edges: Graph["edges"]) {
  const dagre = createRequire(import.meta.url)("@dagrejs/dagre") as Dagre;
  const layout = new dagre.Graph();
  layout.setGraph({ rankdir: "TB", nodesep: 28, ranksep: 44 });
  layout.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) layout.setNode(node.id, sizeOf(node));
  for (const [from, to] of edges) layout.setEdge(from, to);
  dagre.layout(layout);
  const boxes = new Map(nodes.map(({ id }) => [id, layout.node(id)]));
  const arrows = layout.edges().map((edge) => layout.edge(edge).points);
  return { boxes, arrows, page: pageOf([...boxes.values()], arrows.flat()) };
}

/** The part of the plane that is shown: Dagre lets arrows lead out of what it calls the graph's size. */
function pageOf(boxes: readonly Box[], points: readonly Point[]) {
  const xs = [
    ...boxes.flatMap(({ x, width }) => [x - width / 2, x + width / 2]),
    ...points.map(({ x }) => x),
  ];
  const ys = [
    ...boxes.flatMap(({ y, height }) => [y - height / 2, y + height / 2]),
    ...points.map(({ y }) => y),
  ];
  const [left, right] = rangeOf(xs);
  const [top, bottom] = rangeOf(ys);
  const margin = size.margin;
  return {
    left: round(left - margin),
    top: round(top - margin),
    width: round(right - left + 2 * margin),
    height: round(bottom - top + 2 * margin),
  };
}

const rangeOf = (values: readonly number[]): [least: number, greatest: number] =>
  values.reduce<[number, number]>(
    ([least, greatest], value) => [Math.min(least, value), Math.max(greatest, value)],
    values.length === 0 ? [0, 0] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );

function sizeOf({ title, lines }: GraphNode): Pick<Box, "width" | "height"> {
  const letters = Math.max(8, ...[title, ...lines].map((text) => [...cut(text)].length));
  const below = lines.length === 0 ? 0 : lines.length * size.line + size.pad / 2;
  return { width: letters * size.letter + 2 * size.pad, height: size.title + size.pad + below };
}

const cut = (text: string): string => {
  const letters = [...text];
  return letters.length <= longest ? text : `${letters.slice(0, longest - 1).join("")}…`;
};

function boxOf({ title, lines, state = undefined }: GraphNode, { x, y, width, height }: Box): Html {
  const [left, top] = [x - width / 2, y - height / 2];
  const at = (line: number): number => top + size.title + size.pad / 2 + (line + 0.75) * size.line;
  return html`<g class="box ${state ?? "plain"}"><title>${[title, ...lines].join("\n")}</title>
<rect x="${round(left)}" y="${round(top)}" width="${round(width)}" height="${round(height)}" rx="6"/>
<text class="name" x="${round(left + size.pad)}" y="${round(top + size.title - 3)}">${cut(title)}</text>
${lines.map(
  (line, number) => html`<text x="${round(left + size.pad)}" y="${round(at(number))}">${cut(line)}</text>
`,
)}</g>
`;
}

const wayThrough = ([first, ...others]: readonly Point[]): string =>
  first ? `M${pointText(first)}${others.map((point) => `L${pointText(point)}`).join("")}` : "";

const pointText = ({ x, y }: Point): string => `${round(x)} ${round(y)}`;

/** To a tenth of a pixel: so is the text of equal graphs equal. */
const round = (value: number): number => Math.round(value * 10) / 10;

function styleSheet(): Html {
  const states = (ground: 0 | 1): string =>
    Object.entries(colours)
      .map(([state, of]) => `.${state} rect{stroke:${of[ground]}}.${state} .name{fill:${of[ground]}}`)
      .join("");
  return html`text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328}.name{font-weight:600}
.ground{fill:#ffffff}.box rect{fill:#f6f8fa;stroke-width:1.5}.waiting rect{stroke-dasharray:4 3}
.arrow{fill:none;stroke:#8c959f;stroke-width:1.3}.tip{fill:#8c959f}${states(0)}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ground{fill:#0d1117}.box rect{fill:#161b22}${states(1)}}`;
}
