/** Architecture `vggnet`: Ais's slice-wise VGG encoder and decoder. */
import type { Architecture } from "../architecture.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";
import { convolution2D, doubling2D, halved2D } from "./planar.js";

const layer = (g: GraphBuilder, x: Value, name: string, channels: number): Value =>
  g.relu(convolution2D(g, x, name, channels, 3));

/** Builds two 3×3 convolutions with ReLU and halves the size. */
const block = (g: GraphBuilder, x: Value, name: string, channels: number): Value =>
  halved2D(g, layer(g, layer(g, x, `${name}.0`, channels), `${name}.1`, channels));

/** VGG's encoder and a decoder of transposed convolutions without skips: 1,493,059 parameters with 1 output. */
export const vggnet: Architecture = {
  name: "vggnet",
  description: "VGG's first three blocks and a decoder of transposed convolutions, slice by slice",
  source: "Ais 1.0.40 (Last et al., eLife 2024), after VGG (Simonyan and Zisserman, ICLR 2015)",
  build(g, x, outputs) {
    const deep = block(g, block(g, block(g, x, "block1", 64), "block2", 128), "block3", 256);
    const quarter = layer(g, doubling2D(g, deep, "up3", 128), "up3.conv", 128);
    const half = layer(g, doubling2D(g, quarter, "up2", 64), "up2.conv", 64);
    return convolution2D(g, doubling2D(g, half, "up1", outputs), "head", outputs, 1);
  },
};
