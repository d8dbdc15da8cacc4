/** Architecture `deepfinder`: DeepFinder's U-Net. */
import type { Shape3 } from "../../domain/volume.js";
import type { Architecture } from "../architecture.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const glorot = { initialisation: "glorot" } as const;

/** Builds 3×3×3 convolutions with ReLU, one after another. */
function chain(g: GraphBuilder, x: Value, name: string, widths: readonly number[]): Value {
  return widths.reduce((value, out, at) => g.relu(g.convolution(value, `${name}.${at}`, out, glorot)), x);
}

/** Doubles the size by nearest upsampling, smoothed by a 2×2×2 convolution. */
function grown(g: GraphBuilder, x: Value, name: string): Value {
  const kernel: Shape3 = [2, 2, 2];
  return g.relu(g.convolution(g.upsampleNearest(x), name, x.channels, { kernel, ...glorot }));
}

function levels(g: GraphBuilder, x: Value) {
  const fine = chain(g, x, "e.0", [32, 32]);
  const b = chain(g, g.maxPool(fine), "e.1", [48, 48]);
  const c = chain(g, g.maxPool(b), "e.2", [64, 64, 64, 64]);
  return { fine, middle: chain(g, g.concat(grown(g, c, "up.0"), b), "d.0", [48, 48]) };
}

const logitsOf = (g: GraphBuilder, x: Value, outputs: number): Value =>
  g.convolution(x, "head", outputs, { kernel: [1, 1, 1], ...glorot });

/** DeepFinder's U-Net, layer by layer. */
export const deepfinder: Architecture = {
  name: "deepfinder",
  description:
    "DeepFinder's three-level U-Net: no norm, ReLU, max pooling, upsampling with 2×2×2 convolutions",
  source: "DeepFinder (Moebel et al. 2021), 32/48/64 channels, nothing narrowed",
  build(g, x, outputs) {
    const { fine, middle } = levels(g, x);
    return logitsOf(g, chain(g, g.concat(grown(g, middle, "up.1"), fine), "d.1", [32, 32]), outputs);
  },
  buildHalf: (g, x, outputs) => logitsOf(g, levels(g, x).middle, outputs),
};
