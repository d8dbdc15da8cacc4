/** Architecture `pix2pix`: Ais's slice-wise U-Net, trained against a critic. */
import type { Architecture } from "../architecture.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";
import { convolution2D, doubled2D } from "./planar.js";

const downwards = [64, 128, 256, 512, 512, 512] as const;
const criticChannels = [64, 128, 256, 512] as const;

/** Builds Keras's BatchNormalization(momentum=0.8), whose momentum is the old statistics' share, not the new ones'. */
const norm = (g: GraphBuilder, x: Value, name: string): Value =>
  g.batchNorm(x, name, { epsilon: 1e-3, momentum: 0.2 });

const leaky = (g: GraphBuilder, x: Value, name: string, channels: number): Value =>
  g.leakyRelu(convolution2D(g, x, name, channels, 4, 2), 0.2);

/**
 * A U-Net of 4×4 convolutions trained against a PatchGAN critic: 29,249,409 parameters with 1 output, as Keras counts
 * them: 29,242,497 trained ones and 6,912 running statistics.
 */
export const pix2pix: Architecture = {
  name: "pix2pix",
  description: "a six-level U-Net of 4×4 convolutions with batch norm, trained adversarially, slice by slice",
  source: "Ais 1.0.40 (Last et al., eLife 2024), after pix2pix (Isola et al., CVPR 2017)",
  build(g, x, outputs) {
    const levels = [x];
    for (const [at, channels] of downwards.entries())
      levels.push(norm(g, leaky(g, levels[at]!, `down${at + 1}.conv`, channels), `down${at + 1}.norm`));
    let value = levels.pop()!;
    for (const skip of levels.slice(1).reverse()) {
      const name = `up${levels.indexOf(skip)}`;
      const mixed = g.relu(convolution2D(g, doubled2D(g, value), `${name}.conv`, skip.channels, 4));
      value = g.concat(norm(g, mixed, `${name}.norm`), skip);
    }
    const beforeTanh = convolution2D(g, doubled2D(g, value), "head", outputs, 4);
    return g.affine(beforeTanh, 2); // the sigmoid of 2x is tanh(x) rescaled from −1…1 to 0…1
  },
  critic(g, image, map) {
    const deep = criticChannels.reduce(
      (value, channels, at) => {
        const next = leaky(g, value, `critic.down${at + 1}.conv`, channels);
        return at === 0 ? next : norm(g, next, `critic.down${at + 1}.norm`);
      },
      g.concat(map, image),
    );
    return convolution2D(g, deep, "critic.head", 1, 4);
  },
};
