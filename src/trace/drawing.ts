/** The chain as boxes and arrows: things and commands in turn, the raw files above and the output below. */
import type { Graph, GraphNode } from "../present/graphs/graph.js";
import { type Chain, type ChainNode, type ChainStep, isWord } from "./chain.js";
import { commandText, factsOf, shortHash, stateText, titleOf } from "./words.js";

/** Returns the graph of a chain; a thing that a step read and wrote stands twice. */
export function chainGraph({ nodes, steps }: Chain): Graph {
  const things = nodes.map(
    (node): GraphNode => ({
      id: node.id,
      title: titleOf(node),
      lines: [stateText(node), ...(node.sha256 ? [`SHA-256 ${shortHash(node.sha256)}`] : [])],
      state: colourOf(node),
    }),
  );
  const commands = steps.map(
    (step): GraphNode => ({
      id: step.id,
      title: `pickbench ${step.command[0]}`,
      lines: [...wrapped(commandText(step)), factsOf(step)[0]!],
    }),
  );
  const read = steps.flatMap(({ id, inputs }) => inputs.map(({ node }): [string, string] => [node, id]));
  const made = nodes.flatMap(({ id, makers }) => makers.map((maker): [string, string] => [maker, id]));
  return { nodes: [...things, ...commands], edges: withoutCircles([...read, ...made], steps) };
}

function colourOf(node: ChainNode): GraphNode["state"] {
  if (isWord(node) || node.state === "not noted") return undefined;
  return ({ "as noted": "current", changed: "stale", gone: "missing" } as const)[node.state];
}

/** Letters of a line in a box. */
const width = 54;

/** A command line in lines that fit a box. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Leaves out arrows from a later step back to what an earlier one read, which only a changed clock brings about. */
function withoutCircles(edges: [string, string][], steps: readonly ChainStep[]): [string, string][] {
  const order = new Map(steps.map(({ id }, at) => [id, at]));
  const last = new Map<string, number>();
  for (const [from, to] of edges)
    if (order.has(from)) last.set(to, Math.max(last.get(to) ?? 0, order.get(from)!));
  return edges.filter(([from, to]) => !order.has(to) || (last.get(from) ?? -1) < order.get(to)!);
}
