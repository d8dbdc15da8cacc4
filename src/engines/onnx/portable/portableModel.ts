import type { Network } from "../../../nets/architecture.js";
import { inOrder, type Parameter, spatial } from "../../../nets/value.js";
import { type Activation, activated } from "../../activation.js";
import { encodeModel, type GraphParts, type ModelDescription, standardOperators } from "../model.js";
import { type Name, OpenGraph } from "./openGraph.js";
import { type Portable, writeValue } from "./rules.js";

/** What a model's output is called, by what was done to the logits; null leaves them as they are. */
export const outputNameOf = (activation: Activation | null): string =>
  activation === null ? "logits" : activation === "none" ? "value" : "probabilities";

/**
 * A network with its weights as constants, in standard ONNX alone, for any runtime: `image` (batch, 1, z, y, x) in, one
 * map a output channel out, batch and volume of any size that is a multiple of the network's. ONNX Runtime runs the
 * engine's own lowering faster (../inferenceGraph.ts), which is for one size.
 *
 * @throws TypeError where a weight is missing or has the wrong number of values
 */
export function portableGraph(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  activation: Activation | null,
): GraphParts {
  const graph = new OpenGraph();
  const portable = portableOf(graph, weights);
  const output = activated(network, activation ?? "none");
  const written = new Map<number, Name>();
  for (const value of inOrder(output)) {
    const inputs = value.inputs.map(({ id }) => written.get(id)!);
    const { operation } = value;
    written.set(value.id, operation.kind === "input" ? operation.name : writeValue(value, inputs, portable));
  }
  const name = outputNameOf(activation);
  graph.publish(written.get(output.id)!, name);
  const stride = spatial(output);
  const sizes = ["z", "y", "x"].map((axis, at) => (stride[at] === 1 ? axis : `${axis}_over_${stride[at]}`));
  return graph.parts(
    [
      {
        name: "image",
        dims: ["batch", network.input.channels, "z", "y", "x"],
        docString: "normalised grey values, (batch, channel, z, y, x)",
      },
    ],
    [{ name, dims: ["batch", output.channels, ...sizes], docString: "(batch, output, z, y, x)" }],
  );
}

function portableOf(graph: OpenGraph, weights: ReadonlyMap<string, Float32Array>): Portable {
  const valuesOf = ({ name, shape }: Parameter): Float32Array => {
    const values = weights.get(name);
    const wanted = shape.reduce((a, b) => a * b, 1);
    if (values?.length !== wanted)
      throw new TypeError(`${name} has ${values?.length ?? "no"} values; wanted ${wanted}`);
    return values;
  };
  return {
    graph,
    parameter: (parameter) => graph.floats(parameter.name, parameter.shape, () => valuesOf(parameter)),
    perChannel: (parameter) =>
      graph.floats(parameter.name, [parameter.shape[0]!, 1, 1, 1], () => valuesOf(parameter)),
  };
}

/** The bytes of a portable model: operator set 17, what it says of itself with it. */
export function portableModel(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  activation: Activation | null,
  description: Omit<ModelDescription, "operatorSets"> = {},
): Uint8Array {
  const parts = portableGraph(network, weights, activation);
  return encodeModel(parts, { ...description, operatorSets: [standardOperators] });
}
