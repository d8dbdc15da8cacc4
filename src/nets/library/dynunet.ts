/** Architecture `dynunet`: nnU-Net's network with deep supervision. */
import type { Architecture } from "../architecture.js";
import { cube, doubled, head } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const channels = [16, 32, 64, 128] as const;

/** Builds two convolutions, the first strided, each with affine instance norm and leaky ReLU. */
function block(g: GraphBuilder, x: Value, name: string, out: number, stride: 1 | 2): Value {
  const half = (input: Value, at: 1 | 2, step: 1 | 2) => {
    const linear = g.convolution(input, `${name}.conv${at}`, out, {
      stride: cube(step),
      bias: false,
    });
    return g.leakyRelu(g.instanceNorm(linear, `${name}.norm${at}`, { affine: true }));
  };
  return half(half(x, 1, stride), 2, 1);
}

/** nnU-Net's network, supervised at every level of its decoder with half the weight of the next finer level. */
export const dynunet: Architecture = {
  name: "dynunet",
  description:
    "nnU-Net's network: strided convolutions, instance norm, leaky ReLU, deep supervision at strides 2 and 4",
  source:
    "Isensee et al. 2021, as MONAI's DynUNet; four levels of 16/32/64/128 channels for its 32/64/128/256/320, weights 1, 1/2 and 1/4 not scaled to sum to 1",
  build(g, x, outputs) {
    const skips: Value[] = [];
    for (const [level, out] of channels.entries())
      skips.push(block(g, skips.at(-1) ?? x, `down.${level}`, out, level === 0 ? 1 : 2));
    let value = skips.pop()!;
    const scores: Value[] = [];
    for (let level = skips.length - 1; level >= 0; level--) {
      const skip = skips[level]!;
      const grown = doubled(g, value, `up.${level}.grow`, skip.channels, false);
      value = block(g, g.concat(grown, skip), `up.${level}.block`, skip.channels, 1);
      scores.unshift(head(g, value, outputs, `head.${level}`));
    }
    const [logits, ...coarser] = scores;
    return {
      logits: logits!,
      auxiliary: coarser.map((each, at) => ({ logits: each, weight: 0.5 ** (at + 1) })),
    };
  },
};
