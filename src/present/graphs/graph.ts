/**
 * Graphs of what depends on what, for people: as indented text, and as SVG. The room `graphs` draws boxes with a title and
 * lines, and arrows between them.
 */
import { PickbenchError } from "../../system/errors.js";

/** How what a box stands for is: each has a colour and a mark. */
export type NodeState = "current" | "stale" | "waiting" | "running" | "failed" | "missing";

/** A box. Its texts may be of strangers: they are escaped. */
export interface GraphNode {
  readonly id: string;
  readonly title: string;
  /** What is said below the title. */
  readonly lines: readonly string[];
  readonly state?: NodeState | undefined;
}

/** Boxes, and arrows from what comes first to what is made of it. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly (readonly [from: string, to: string])[];
}

/** A graph whose nodes are in an order in which nothing comes before what it is made of. */
export interface OrderedGraph {
  readonly nodes: readonly GraphNode[];
  readonly parents: ReadonlyMap<string, readonly string[]>;
  /** Arrows from the first node on the longest way to each. */
  readonly depths: ReadonlyMap<string, number>;
}

/**
 * Orders a graph: what is made of a node follows it as soon as all else that it is made of is there.
 *
 * @throws PickbenchError BadUsage for edges that lead in a circle, or from or to no node
 */
export function ordered({ nodes, edges }: Graph): OrderedGraph {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const lost = edges.flat().find((id) => !known.has(id));
  if (lost !== undefined) throw unfit(`an arrow names ${JSON.stringify(lost)}, which it does not have`);
  const parents = new Map(nodes.map(({ id }) => [id, [] as string[]]));
  const children = new Map(nodes.map(({ id }) => [id, [] as string[]]));
  for (const [from, to] of new Map(edges.map((edge) => [edge.join("\0"), edge])).values()) {
    parents.get(to)!.push(from);
    children.get(from)!.push(to);
  }
  const depths = new Map<string, number>();
  const found: GraphNode[] = [];
  const open = nodes.filter(({ id }) => parents.get(id)!.length === 0).map(({ id }) => id);
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    depths.set(id, Math.max(0, ...parents.get(id)!.map((parent) => depths.get(parent)! + 1)));
    found.push(known.get(id)!);
    open.unshift(
      ...children.get(id)!.filter((child) => parents.get(child)!.every((each) => depths.has(each))),
    );
  }
  if (found.length < nodes.length) throw unfit("its arrows lead in a circle");
  return { nodes: found, parents, depths };
}

const unfit = (why: string): PickbenchError =>
  new PickbenchError("BadUsage", `the graph cannot be drawn: ${why}; mend what it is made of`);
