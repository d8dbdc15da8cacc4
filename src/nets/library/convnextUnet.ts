/** Architecture `convnext-unet`: a 3-D U-Net of ConvNeXt blocks. */
import type { Architecture } from "../architecture.js";
import { doubled, head } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const stages = [
  { width: 32, blocks: 2 },
  { width: 64, blocks: 2 },
  { width: 128, blocks: 6 },
] as const;
const fineWidth = 16;

/** Builds a block: depthwise 5×5×5, layer norm, 1×1×1 to four times the channels, GELU, 1×1×1 back, input added. */
function block(g: GraphBuilder, x: Value, name: string): Value {
  const kernel = [1, 1, 1] as const;
  const { channels } = x;
  const spread = g.convolution(x, `${name}.depthwise`, channels, { kernel: [5, 5, 5], groups: channels });
  const wide = g.convolution(g.layerNorm(spread, `${name}.norm`), `${name}.expand`, 4 * channels, { kernel });
  return g.add(x, g.convolution(g.gelu(wide), `${name}.project`, channels, { kernel }));
}

const patchify = (g: GraphBuilder, x: Value, name: string, out: number): Value =>
  g.convolution(x, name, out, { kernel: [2, 2, 2], stride: [2, 2, 2] });

/** Builds the encoder's features at strides 2, 4 and 8. */
function encode(g: GraphBuilder, x: Value): Value[] {
  const features: Value[] = [];
  for (const [at, { width, blocks }] of stages.entries()) {
    const finer = features.at(-1);
    let value = finer
      ? patchify(g, g.layerNorm(finer, `down.${at}.norm`), `down.${at}.conv`, width)
      : g.layerNorm(patchify(g, x, "stem.conv", width), "stem.norm");
    for (let i = 0; i < blocks; i++) value = block(g, value, `stage.${at}.${i}`);
    features.push(value);
  }
  return features;
}

function halfFeatures(g: GraphBuilder, x: Value): Value {
  const features = encode(g, x);
  let value = features.pop()!;
  for (const [level, skip] of [...features.entries()].reverse()) {
    const joined = g.concat(doubled(g, value, `up.${level}.grow`, skip.channels), skip);
    const merged = g.convolution(joined, `up.${level}.merge`, skip.channels, { kernel: [1, 1, 1] });
    value = block(g, merged, `up.${level}.block`);
  }
  return value;
}

/** ConvNeXt blocks at strides 2, 4 and 8, and one plain convolution at full resolution. */
export const convnextUnet: Architecture = {
  name: "convnext-unet",
  description:
    "a U-Net of ConvNeXt blocks in 3-D: depthwise convolutions, layer norm, GELU, patchify downsampling",
  source:
    "ConvNeXt (Liu et al. 2022) in three stages of 2/2/6 blocks and 32/64/128 channels, 5×5×5 for 7×7 kernels, a 2×2×2 stem for 4×4, no layer scale, no stochastic depth",
  build(g, x, outputs) {
    const grown = doubled(g, halfFeatures(g, x), "top.grow", fineWidth);
    const joined = g.concat(grown, g.convolution(x, "top.image", fineWidth));
    const merged = g.gelu(g.layerNorm(g.convolution(joined, "top.merge", fineWidth), "top.norm"));
    return head(g, merged, outputs);
  },
  buildHalf: (g, x, outputs) => head(g, halfFeatures(g, x), outputs),
};
