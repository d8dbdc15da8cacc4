/** Architecture `se-unet`: a U-Net with squeeze and excitation. */
import type { Architecture } from "../architecture.js";
import { head } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const channels = [16, 32, 64, 128] as const;
const groups = 8;

/** Builds a level: two convolutions with group norm and SiLU, then squeeze and excitation. */
function level(g: GraphBuilder, x: Value, name: string, out: number): Value {
  const half = (input: Value, at: 0 | 1) => {
    const linear = g.convolution(input, `${name}.conv${at}`, out, { bias: false });
    return g.silu(g.groupNorm(linear, `${name}.norm${at}`, groups));
  };
  return g.squeezeExcite(half(half(x, 0), 1), `${name}.se`);
}

/** Builds encoder and decoder up to the encoder's level `finest`; 0 is full resolution. */
function features(g: GraphBuilder, x: Value, finest: 0 | 1): Value {
  const skips: Value[] = [];
  for (const [at, out] of channels.entries()) {
    const finer = skips.at(-1);
    skips.push(level(g, finer ? g.maxPool(finer) : x, `e.${at}`, out));
  }
  let value = skips.pop()!;
  for (let at = skips.length - 1; at >= finest; at--)
    value = level(g, g.concat(g.upsampleLinear(value), skips[at]!), `d.${at}`, channels[at]!);
  return value;
}

/** A four-level U-Net with attention over its channels. */
export const seUnet: Architecture = {
  name: "se-unet",
  description:
    "a four-level U-Net with group norm, SiLU, squeeze-and-excitation, max pooling, trilinear upsampling",
  source:
    "U-Net with squeeze-and-excitation (Hu et al. 2018) after every level, 16/32/64/128 channels; the plan is ours",
  build: (g, x, outputs) => head(g, features(g, x, 0), outputs),
  buildHalf: (g, x, outputs) => head(g, features(g, x, 1), outputs),
};
