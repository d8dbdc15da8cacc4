/** Architecture `inceptionnet`: Ais's slice-wise network of inception modules. */
import type { Architecture } from "../architecture.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";
import { convolution2D } from "./planar.js";

const channels = 64;

/** Builds a module: 1×1, 1×1→3×3, 1×1→5×5 and 3×3 maximum→1×1 side by side, each convolution with ReLU. */
function inception(g: GraphBuilder, x: Value, name: string): Value {
  const layer = (input: Value, part: string, size: number) =>
    g.relu(convolution2D(g, input, `${name}.${part}`, channels, size));
  return g.concat(
    layer(x, "one", 1),
    layer(layer(x, "three.0", 1), "three.1", 3),
    layer(layer(x, "five.0", 1), "five.1", 5),
    layer(g.maxPool(x, [1, 3, 3], [1, 1, 1]), "pool", 1),
  );
}

/** Three inception modules at full resolution: 550,529 parameters with 1 output. */
export const inceptionnet: Architecture = {
  name: "inceptionnet",
  description: "three inception modules of 4×64 channels at full resolution, slice by slice",
  source: "Ais 1.0.40 (Last et al., eLife 2024), after GoogLeNet (Szegedy et al., CVPR 2015)",
  build(g, x, outputs) {
    const mixed = inception(g, inception(g, inception(g, x, "inception1"), "inception2"), "inception3");
    return convolution2D(g, mixed, "head", outputs, 1);
  },
};
