/** Architecture `resnet`: Ais's slice-wise residual network. */
import type { Architecture } from "../architecture.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";
import { convolution2D } from "./planar.js";

const channels = [32, 64, 128, 256, 512] as const;

/** Builds a block: two 3×3 convolutions, with nothing between them, beside a 1×1 one; ReLU of their sum. */
function residual(g: GraphBuilder, x: Value, name: string, out: number): Value {
  const main = convolution2D(g, convolution2D(g, x, `${name}.0`, out, 3), `${name}.1`, out, 3);
  return g.relu(g.add(main, convolution2D(g, x, `${name}.shortcut`, out, 1)));
}

/** Five residual blocks at full resolution: 4,887,265 parameters with 1 output. */
export const resnet: Architecture = {
  name: "resnet",
  description: "five residual blocks of 32 to 512 channels at full resolution, slice by slice",
  source: "Ais 1.0.40 (Last et al., eLife 2024), after ResNet (He et al., CVPR 2016)",
  build(g, x, outputs) {
    const deep = channels.reduce((value, out, at) => residual(g, value, `block${at + 1}`, out), x);
    return convolution2D(g, deep, "head", outputs, 1);
  },
};
