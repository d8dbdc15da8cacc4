/** Architecture `plain`: a small three-level U-Net. */
import type { Architecture } from "../architecture.js";
import { convolutionPair, head } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const base = 16;

/** Builds the finest level of the encoder and the decoder's level below it. */
function levels(g: GraphBuilder, x: Value) {
  const fine = convolutionPair(g, x, "e.0", base);
  const b = convolutionPair(g, g.averagePool(fine), "e.1", 2 * base);
  const c = convolutionPair(g, g.averagePool(b), "e.2", 4 * base);
  return { fine, middle: convolutionPair(g, g.concat(g.upsampleNearest(c), b), "d.0", 2 * base) };
}

/** A three-level U-Net with average pooling and nearest upsampling: 353,703 parameters with 7 outputs. */
export const plain: Architecture = {
  name: "plain",
  description:
    "a three-level U-Net of 3×3×3 convolutions, instance norm, ReLU, average pooling, nearest upsampling",
  source: "U-Net (Ronneberger et al. 2015, Çiçek et al. 2016), 16 base channels",
  build(g, x, outputs) {
    const { fine, middle } = levels(g, x);
    return head(g, convolutionPair(g, g.concat(g.upsampleNearest(middle), fine), "d.1", base), outputs);
  },
  buildHalf: (g, x, outputs) => head(g, levels(g, x).middle, outputs),
};
