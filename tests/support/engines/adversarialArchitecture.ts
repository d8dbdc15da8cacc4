/** A network with every rare feature. */
import type { Architecture } from "../../../src/nets/architecture.js";

/**
 * A small network with running statistics, dropout, coarser logits and a critic, which only some architectures have. No
 * bias precedes a normalisation, since its gradient would be pure rounding.
 */
const adversarial: Architecture = {
  name: "adversarial",
  description: "for tests",
  source: "for tests",
  build(g, x, outputs) {
    const fine = g.relu(g.batchNorm(g.convolution(x, "a", 4, { bias: false }), "a.norm"));
    const coarse = g.dropout(g.relu(g.convolution(g.maxPool(fine), "b", 6)), "b.drop", 0.3);
    const deep = g.convolution(coarse, "b.head", outputs, { kernel: [1, 1, 1] });
    const joined = g.dropout(g.concat(g.upsampleNearest(coarse), fine), "c.drop", 0.2);
    const logits = g.convolution(joined, "c.head", outputs, { kernel: [1, 1, 1] });
    return { logits, auxiliary: [{ logits: deep, weight: 0.5 }] };
  },
  critic(g, image, map) {
    const seen = g.convolution(g.concat(map, image), "critic.a", 3, { stride: [2, 2, 2], bias: false });
    const normal = g.leakyRelu(g.batchNorm(seen, "critic.a.norm"), 0.2);
    return g.convolution(normal, "critic.head", 1, { kernel: [1, 1, 1] });
  },
};

export default adversarial;
