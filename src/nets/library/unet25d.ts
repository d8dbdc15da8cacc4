/** Architecture `unet-2.5d`: a slice-wise encoder with a 3-D decoder. */
import type { Shape3 } from "../../domain/volume.js";
import type { Architecture } from "../architecture.js";
import { convolutionPair, decode, head } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const channels = [16, 32, 64, 128] as const;
const inPlane: Shape3 = [1, 3, 3];
const step: Shape3 = [1, 2, 2];

/** Builds each slice's features at strides 1, 2, 4 and 8 in the plane. */
function encode(g: GraphBuilder, x: Value): Value[] {
  const features: Value[] = [];
  for (const [level, out] of channels.entries()) {
    const finer = features.at(-1);
    features.push(convolutionPair(g, finer ? g.maxPool(finer, step) : x, `e.${level}`, out, inPlane));
  }
  return features;
}

/** A 2-D encoder that never pools along z, so that thin tomograms keep their depth, with a 3-D decoder. */
export const unet25d: Architecture = {
  name: "unet-2.5d",
  description: "a 2-D U-Net encoder on every slice, joined across slices by a 3-D decoder and head",
  source:
    "after the 2.5-D U-Nets with a 3-D head in the challenge; channels 16/32/64/128 and the layer plan are ours",
  build: (g, x, outputs) => head(g, decode(g, encode(g, x), 0, step), outputs),
  buildHalf: (g, x, outputs) => head(g, g.averagePool(decode(g, encode(g, x), 1, step), [2, 1, 1]), outputs),
};
