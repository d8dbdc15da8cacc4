/** Keras's activations by name, in standard ONNX. */
import { int, real, text } from "../onnx/graph/emitter.js";
import type { Name, OpenGraph } from "../onnx/portable/openGraph.js";

/** Names that a layer's `activation` may have. */
export const activationNames = [
  "linear",
  "relu",
  "sigmoid",
  "tanh",
  "softmax",
  "elu",
  "selu",
  "softplus",
  "softsign",
  "exponential",
  "hard_sigmoid",
  "swish",
  "silu",
  "gelu",
  "relu6",
] as const;

/** Writes an activation; hard_sigmoid is Keras 2's, clip(x/5 + 1/2, 0, 1), and gelu the exact one. */
export function activation(graph: OpenGraph, kind: (typeof activationNames)[number], x: Name): Name {
  switch (kind) {
    case "linear":
      return x;
    case "relu":
      return graph.node("Relu", [x]);
    case "relu6":
      return graph.node("Min", [graph.node("Relu", [x]), graph.scalar(6)]);
    case "sigmoid":
      return graph.node("Sigmoid", [x]);
    case "tanh":
      return graph.node("Tanh", [x]);
    case "softmax":
      return graph.node("Softmax", [x], [int("axis", 1)]);
    case "elu":
      return graph.node("Elu", [x]);
    case "selu":
      return graph.node("Selu", [x]);
    case "softplus":
      return graph.node("Softplus", [x]);
    case "softsign":
      return graph.node("Softsign", [x]);
    case "exponential":
      return graph.node("Exp", [x]);
    case "hard_sigmoid":
      return graph.node("HardSigmoid", [x], [real("alpha", 0.2), real("beta", 0.5)]);
    case "swish":
    case "silu":
      return graph.node("Mul", [x, graph.node("Sigmoid", [x])]);
    case "gelu":
      return gelu(graph, x);
  }
}

function gelu(graph: OpenGraph, x: Name): Name {
  const erf = graph.node("Erf", [graph.node("Mul", [x, graph.scalar(Math.SQRT1_2)])]);
  const twice = graph.node("Mul", [x, graph.node("Add", [erf, graph.scalar(1)])]);
  return graph.node("Mul", [twice, graph.scalar(0.5)]);
}

/** Enlarges a map's axes by whole factors, by repetition or linearly with voxels taken at their centres. */
export function resize(
  graph: OpenGraph,
  x: Name,
  factors: readonly number[],
  interpolation: "nearest" | "bilinear",
): Name {
  const scales = graph.floats(`scales(${factors})`, [2 + factors.length], () =>
    Float32Array.of(1, 1, ...factors),
  );
  const attributes =
    interpolation === "nearest"
      ? [
          text("mode", "nearest"),
          text("coordinate_transformation_mode", "asymmetric"),
          text("nearest_mode", "floor"),
        ]
      : [text("mode", "linear"), text("coordinate_transformation_mode", "half_pixel")];
  return graph.node("Resize", [x, "", scales], attributes);
}
