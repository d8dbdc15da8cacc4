import type { Shape3 } from "../volume.js";
import { elementCount, GraphBuilder, inOrder, type Parameter, type Value } from "./graph.js";

/** An architecture: how to build its graph, and where it comes from. One file each in this folder. */
export interface Architecture {
  readonly name: string;
  readonly description: string;
  readonly source: string;
  /** Gives the logits, `outputs` channels at the input's own resolution. */
  readonly build: (graph: GraphBuilder, input: Value, outputs: number) => Value;
}

/** An architecture with its number of outputs fixed: graph, parameters and what patch sizes it takes. */
export interface Network {
  readonly architecture: string;
  readonly outputs: number;
  readonly graph: GraphBuilder;
  readonly input: Value;
  readonly logits: Value;
  readonly parameters: readonly Parameter[];
  readonly parameterCount: number;
  /** Patch sizes must be multiples of this along z, y, x. */
  readonly multiple: Shape3;
}

export function buildNetwork(architecture: Architecture, outputs: number): Network {
  const graph = new GraphBuilder();
  const input = graph.input("image", 1);
  const logits = architecture.build(graph, input, outputs);
  const strides = inOrder(logits).map((value) => value.stride ?? [1, 1, 1]);
  const largest = (axis: 0 | 1 | 2) => Math.max(...strides.map((stride) => stride[axis]));
  return {
    architecture: architecture.name,
    outputs,
    graph,
    input,
    logits,
    parameters: [...graph.parameters],
    parameterCount: graph.parameters.reduce((sum, parameter) => sum + elementCount(parameter), 0),
    multiple: [largest(0), largest(1), largest(2)],
  };
}
