/** Architecture `resnet34-unet`: a U-Net with a 3-D ResNet-34 as encoder. */
import type { Architecture } from "../architecture.js";
import { cube, decode, head } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const stages = [
  { width: 16, blocks: 3 },
  { width: 32, blocks: 4 },
  { width: 64, blocks: 6 },
  { width: 128, blocks: 3 },
] as const;
const stem = 16;

const normalised = (
  g: GraphBuilder,
  x: Value,
  name: string,
  out: number,
  options: { readonly stride: 1 | 2; readonly size: 1 | 3 },
): Value => {
  const { stride, size } = options;
  const shape = { kernel: cube(size), stride: cube(stride), bias: false };
  return g.instanceNorm(g.convolution(x, `${name}.0`, out, shape), `${name}.1`, { affine: true });
};

/** Builds ResNet's basic block: two convolutions beside a shortcut, which is a 1×1×1 one where shapes differ. */
function block(g: GraphBuilder, x: Value, name: string, out: number, stride: 1 | 2): Value {
  const first = g.relu(normalised(g, x, `${name}.first`, out, { stride, size: 3 }));
  const second = normalised(g, first, `${name}.second`, out, { stride: 1, size: 3 });
  const same = stride === 1 && x.channels === out;
  return g.relu(g.add(second, same ? x : normalised(g, x, `${name}.side`, out, { stride, size: 1 })));
}

/** Builds the encoder's features, finest first, at strides 1, 2, 4, 8 and 16. */
function encode(g: GraphBuilder, x: Value): Value[] {
  const features = [g.relu(normalised(g, x, "stem", stem, { stride: 1, size: 3 }))];
  for (const [at, { width, blocks }] of stages.entries()) {
    let value = features.at(-1)!;
    for (let i = 0; i < blocks; i++) value = block(g, value, `stage.${at}.${i}`, width, i === 0 ? 2 : 1);
    features.push(value);
  }
  return features;
}

/** A U-Net whose encoder is a 3-D ResNet-34. */
export const resnet34Unet: Architecture = {
  name: "resnet34-unet",
  description: "a U-Net whose encoder is ResNet-34 in 3-D, a quarter as wide, with instance norm",
  source:
    "ResNet-34 (He et al. 2016), blocks 3/4/6/3, widths 16/32/64/128 for 64/128/256/512, a 3×3×3 stem at full resolution for its 7×7 one and its pooling",
  build: (g, x, outputs) => head(g, decode(g, encode(g, x), 0), outputs),
  buildHalf: (g, x, outputs) => head(g, decode(g, encode(g, x), 1), outputs),
};
