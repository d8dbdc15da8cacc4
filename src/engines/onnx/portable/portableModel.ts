/** Export of a network as one ONNX model in standard operators, for any runtime, batch and volume size. */
import type { Network } from "../../../nets/architecture.js";
import { elementCount, inOrder, type Parameter, spatial, type Value } from "../../../nets/value.js";
import { type Activation, activated } from "../../activation.js";
import { encodeModel, type GraphParts, type ModelDescription, standardOperators } from "../graph/model.js";
import { type Name, OpenGraph } from "./openGraph.js";
import { type Portable, writeValue } from "./rules.js";

/** What a network is exported with. */
export interface PortableOptions {
  readonly network: Network;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Output activation; null exports the logits at the network's own stride. */
  readonly activation: Activation | null;
  /** Number of offset channels, which are the last outputs. */
  readonly offsets?: number;
}

/** Returns the name of the model's output. */
export function outputNameOf({
  activation,
  offsets = 0,
}: Omit<PortableOptions, "network" | "weights">): string {
  if (activation === null) return "logits";
  if (activation === "none") return "value";
  return offsets > 0 ? "probabilities_and_offsets" : "probabilities";
}

/**
 * Writes a network with its weights as constants, in standard ONNX alone, for any runtime: `image` (batch, 1, z, y, x)
 * in, (batch, output, z, y, x) out, for any batch and any volume whose sizes are multiples of the network's. ONNX Runtime
 * runs the engine's own lowering faster (../inferenceGraph.ts), which is for one size.
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

/** Returns the names of a map's open sizes. */
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

/**
 * Exports a network: the bytes of a model of operator set 17 with its description, and the graph inside it.
 *
 * @throws TypeError where a weight is missing or has the wrong number of values
 */
export function portableModel(
  options: PortableOptions,
  description: Omit<ModelDescription, "operatorSets"> = {},
): { readonly bytes: Uint8Array; readonly parts: GraphParts } {
  const parts = portableGraph(options);
  return { bytes: encodeModel(parts, { ...description, operatorSets: [standardOperators] }), parts };
}
