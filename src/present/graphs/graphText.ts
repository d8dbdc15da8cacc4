/** A graph as indented text, a line a node. */
import { printableLine } from "../printable.js";
import { type Graph, type NodeState, ordered } from "./graph.js";

const marks: Readonly<Record<NodeState, string>> = {
  current: "✓",
  stale: "○",
  waiting: "·",
  running: "▸",
  failed: "✗",
  missing: "?",
};

/**
 * Writes a graph as text: each node once, below and to the right of what it is made of, with its title, its lines, and, where
 * that is several, what it is made of.
 *
 * @throws PickbenchError BadUsage for edges that lead in a circle, or from or to no node
 */
export function graphText(graph: Graph): string {
  const { nodes, parents, depths } = ordered(graph);
  const titles = new Map(nodes.map(({ id, title }) => [id, printableLine(title)]));
  const heads = nodes.map(
    ({ id, state }) => `${"  ".repeat(depths.get(id)!)}${state ? marks[state] : "•"} ${titles.get(id)}`,
  );
  const width = Math.max(0, ...heads.map((head) => head.length));
  return nodes
    .map(({ id, lines }, at) => {
      const above = parents.get(id)!.map((parent) => titles.get(parent));
      const said = [...lines.map(printableLine), ...(above.length > 1 ? [`← ${above.join(", ")}`] : [])];
      return said.length === 0 ? heads[at]! : `${heads[at]!.padEnd(width)}  ${said.join("; ")}`;
    })
    .join("\n");
}
