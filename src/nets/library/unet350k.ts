/** Architecture `unet-350k`: a small U-Net of nearly constant width. */
import type { Architecture } from "../architecture.js";
import { convolutionPair, doubled, head } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const channels = [28, 32, 36] as const;

/** Halves the size by a strided convolution that is normalised like the others. */
function halved(g: GraphBuilder, x: Value, name: string): Value {
  const linear = g.convolution(x, `${name}.0`, x.channels, { stride: [2, 2, 2], bias: false });
  return g.relu(g.instanceNorm(linear, `${name}.1`, { affine: true }));
}

function levels(g: GraphBuilder, x: Value) {
  const fine = convolutionPair(g, x, "e.0", channels[0]);
  const b = convolutionPair(g, halved(g, fine, "down.0"), "e.1", channels[1]);
  const c = convolutionPair(g, halved(g, b, "down.1"), "e.2", channels[2]);
  const grown = doubled(g, c, "up.0", channels[1]);
  return { fine, middle: convolutionPair(g, g.concat(grown, b), "d.0", channels[1]) };
}

/** A U-Net of nearly the same width at every level, so that most of its work is at the finest level. */
export const unet350k: Architecture = {
  name: "unet-350k",
  description: "a small three-level U-Net, nearly as wide at the top as at the bottom",
  source:
    "channels 28/32/36 and about 350,000 parameters, after the U-Nets of the challenge's place 5; the layer plan is ours",
  build(g, x, outputs) {
    const { fine, middle } = levels(g, x);
    const grown = doubled(g, middle, "up.1", channels[0]);
    return head(g, convolutionPair(g, g.concat(grown, fine), "d.1", channels[0]), outputs);
  },
  buildHalf: (g, x, outputs) => head(g, levels(g, x).middle, outputs),
};
