import type { Architecture } from "./architecture.js";
import type { GraphBuilder } from "./graph.js";
import type { Value } from "./value.js";

const base = 16;

/** Two 3×3×3 convolutions, each with affine instance norm and ReLU. */
function pair(g: GraphBuilder, x: Value, name: string, out: number): Value {
  const half = (input: Value, at: number) =>
    g.relu(
      g.instanceNorm(g.convolution(input, `${name}.${at}`, out, { bias: false }), `${name}.${at + 1}`, {
        affine: true,
      }),
    );
  return half(half(x, 0), 3);
}

/** A three-level U-Net with average pooling and nearest upsampling: 353,703 parameters with 7 outputs. */
export const plain: Architecture = {
  name: "plain",
  description:
    "a three-level U-Net of 3×3×3 convolutions, instance norm, ReLU, average pooling, nearest upsampling",
  source: "U-Net (Ronneberger et al. 2015, Çiçek et al. 2016), 16 base channels",
  build(g, x, outputs) {
    const a = pair(g, x, "e.0", base);
    const b = pair(g, g.averagePool(a), "e.1", 2 * base);
    const c = pair(g, g.averagePool(b), "e.2", 4 * base);
    const middle = pair(g, g.concat(g.upsampleNearest(c), b), "d.0", 2 * base);
    const top = pair(g, g.concat(g.upsampleNearest(middle), a), "d.1", base);
    return g.convolution(top, "head", outputs, { kernel: [1, 1, 1] });
  },
};
