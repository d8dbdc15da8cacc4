/** Architecture `segresnet`: Myronenko's residual encoder and decoder. */
import type { Architecture } from "../architecture.js";
import { head } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const base = 16;
const blocksDown = [1, 2, 2, 4] as const;
const groups = 8;

/** Builds a pre-activation residual block: norm, ReLU, convolution, twice, and the input added. */
function block(g: GraphBuilder, x: Value, name: string): Value {
  const half = (input: Value, at: 1 | 2) => {
    const active = g.relu(g.groupNorm(input, `${name}.norm${at}`, groups));
    return g.convolution(active, `${name}.conv${at}`, x.channels, { bias: false });
  };
  return g.add(half(half(x, 1), 2), x);
}

/** Builds encoder and decoder up to the encoder's level `finest`; 0 is full resolution. */
function features(g: GraphBuilder, x: Value, finest: 0 | 1): Value {
  const skips: Value[] = [];
  let value = g.convolution(x, "stem", base, { bias: false });
  for (const [level, blocks] of blocksDown.entries()) {
    const stride = [2, 2, 2] as const;
    if (level > 0)
      value = g.convolution(value, `down.${level}.0`, 2 * value.channels, { stride, bias: false });
    for (let i = 1; i <= blocks; i++) value = block(g, value, `down.${level}.${i}`);
    skips.push(value);
  }
  for (let level = skips.length - 2; level >= finest; level--) {
    const skip = skips[level]!;
    const kernel = [1, 1, 1] as const;
    const narrow = g.convolution(value, `up.${level}.0`, skip.channels, { kernel, bias: false });
    value = block(g, g.add(g.upsampleLinear(narrow), skip), `up.${level}.1`);
  }
  return g.relu(g.groupNorm(value, "final.0", groups));
}

/** The encoder–decoder of Myronenko's tumour segmentation, without its autoencoder branch. */
export const segresnet: Architecture = {
  name: "segresnet",
  description:
    "pre-activation residual blocks with group norm, strided convolutions, trilinear upsampling, skips added",
  source:
    "Myronenko 2018, as MONAI's SegResNet: blocks 1/2/2/4 down and 1/1/1 up, 16 first channels for the paper's 32, no autoencoder branch, no dropout",
  build: (g, x, outputs) => head(g, features(g, x, 0), outputs, "final.2"),
  buildHalf: (g, x, outputs) => head(g, features(g, x, 1), outputs, "final.2"),
};
