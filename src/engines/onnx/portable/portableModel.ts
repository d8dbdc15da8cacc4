import type { Network } from "../../../nets/architecture.js";
import { elementCount, inOrder, type Parameter, spatial, type Value } from "../../../nets/value.js";
import { type Activation, activated } from "../../activation.js";
import { encodeModel, type GraphParts, type ModelDescription, standardOperators } from "../graph/model.js";
import { type Name, OpenGraph } from "./openGraph.js";
import { type Portable, writeValue } from "./rules.js";

export interface PortableOptions {
  readonly network: Network;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Null leaves the logits as the network gives them, at its own stride. */
  readonly activation: Activation | null;
  /** How many of the last outputs are offsets. */
  readonly offsets?: number;
}

/** What the model's output is called. */
export function outputNameOf({
  activation,
  offsets = 0,
}: Omit<PortableOptions, "network" | "weights">): string {
  if (activation === null) return "logits";
  if (activation === "none") return "value";
  return offsets > 0 ? "probabilities_and_offsets" : "probabilities";
}

/**
 * A network with its weights as constants, in standard ONNX alone, for any runtime: `image` (batch, 1, z, y, x) in, one
 * map an output channel out, batch and volume of any size that is a multiple of the network's. ONNX Runtime runs the
 * engine's own lowering faster (../inferenceGraph.ts), which is for one size.
 *
 * @throws TypeError where a weight is missing or has the wrong number of values
 */
function portableGraph({ network, weights, activation, offsets = 0 }: PortableOptions): GraphParts {
  const graph = new OpenGraph();
  const portable = portableOf(graph, weights);
  const output = activation === null ? network.logits : activated(network, activation, offsets);
  const written = new Map<Value, Name>();
  for (const value of inOrder(output)) {
    const inputs = value.inputs.map((input) => written.get(input)!);
    const { operation } = value;
    written.set(value, operation.kind === "input" ? operation.name : writeValue(value, inputs, portable));
  }
  const name = outputNameOf({ activation, offsets });
  graph.publish(written.get(output)!, name);
  return graph.parts(
    [
      {
        name: "image",
        dims: ["batch", network.input.channels, "z", "y", "x"],
        docString: "normalised grey values, (batch, channel, z, y, x)",
      },
    ],
    [{ name, dims: ["batch", output.channels, ...sizesOf(output)], docString: "(batch, output, z, y, x)" }],
  );
}

/** The names of a map's open sizes. */
const sizesOf = (value: Value): string[] =>
  spatial(value).map((stride, at) => `${"zyx"[at]}${stride === 1 ? "" : `_over_${stride}`}`);

function portableOf(graph: OpenGraph, weights: ReadonlyMap<string, Float32Array>): Portable {
  const valuesOf = (parameter: Parameter): Float32Array => {
    const values = weights.get(parameter.name);
    const wanted = elementCount(parameter);
    if (values?.length !== wanted)
      throw new TypeError(`${parameter.name} has ${values?.length ?? "no"} values; wanted ${wanted}`);
    return values;
  };
  return {
    graph,
    parameter: (parameter) => graph.floats(parameter.name, parameter.shape, () => valuesOf(parameter)),
    perChannel: (parameter) =>
      graph.floats(parameter.name, [parameter.shape[0]!, 1, 1, 1], () => valuesOf(parameter)),
  };
}

/** A portable model's bytes, of operator set 17, what it says of itself with it; and the graph in it. */
export function portableModel(
  options: PortableOptions,
  description: Omit<ModelDescription, "operatorSets"> = {},
): { readonly bytes: Uint8Array; readonly parts: GraphParts } {
  const parts = portableGraph(options);
  return { bytes: encodeModel(parts, { ...description, operatorSets: [standardOperators] }), parts };
}
