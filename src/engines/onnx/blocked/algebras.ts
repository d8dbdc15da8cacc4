/**
 * Algebras by which a few neighbouring images of a convolution's output take fewer products of images than one for each
 * output and each plane of the kernel: Winograd's minimal filtering along z (Winograd 1980; Lavin and Gray 2016).
 */
import { imageAttributes, nchwc } from "../convolution/imageConvolution.js";
import { combinePairs, sumPairs } from "../convolution/slicePairs.js";
import type { Emitter, Tensor } from "../graph/emitter.js";
import { activationAttributes, type FusedActivation } from "./convolve.js";

/** What is done to an output at the end: its bias, one number a lane, and its activation. */
interface Last {
  readonly bias: Float32Array | null;
  readonly activation: FusedActivation;
}

/** Writes a product; added to a sum, with bias and activation, where that is not null. */
type Product = (at: number, sum: Tensor | null) => Tensor;

/** Adds to what is computed for the outputs of one place in their group what is to be added to them besides. */
type Added = (images: Tensor, place: number) => Tensor;

/** An algebra for convolutions that read images at given offsets. */
export interface SliceAlgebra {
  /** Offsets of the images that an output image reads, each through a plane of the kernel. */
  readonly reads: readonly number[];
  /** Count of neighbouring output images that are computed together. */
  readonly together: number;
  /** How the kernel's planes are combined, for each product. */
  readonly planes: readonly ((g0: number, g1: number, g2: number) => number)[];
  /** Combines images, given as each together-th of them, for each product. */
  combine(e: Emitter, split: readonly Tensor[]): readonly Tensor[];
  /**
   * Sums the products to outputs, each together-th of them; `last` is done to those that no product with a sum does it to.
   */
  sum(e: Emitter, product: Product, added: Added, last: Last): readonly Tensor[];
}

/** Splits images (images, lanes, y, x) into each n-th: n of (images / n rounded up, lanes, y, x), zeros past the last. */
export function splitImages(e: Emitter, images: Tensor, n: number): Tensor[] {
  const [count, lanes, ...rest] = images.dims as [number, number, ...number[]];
  const groups = Math.ceil(count / n);
  const missing = n * groups - count;
  const whole = missing === 0 ? images : e.concat([images, e.zeros([missing, lanes, ...rest])], 0);
  const split = e.reshape(whole, [groups, n * lanes, ...rest]);
  return Array.from({ length: n }, (_, at) => e.slice(split, 1, at * lanes, (at + 1) * lanes));
}

/** Moves images by one along z, with zeros at the end that becomes free. */
function moved(e: Emitter, images: Tensor, by: 1 | -1): Tensor {
  const none = images.dims.slice(1).map(() => 0);
  return e.pad(images, [by, ...none], [-by, ...none]);
}

/** Writes activation(x·factor + sum + bias), blocked, as a depthwise convolution of one tap. */
function scaledSum(
  e: Emitter,
  x: Tensor,
  factor: number,
  sum: Tensor,
  { bias, activation }: Last = { bias: null, activation: null },
): Tensor {
  const lanes = x.dims[1]!;
  const factors = e.floats(new Float32Array(lanes).fill(factor), [lanes, 1, 1, 1], `${lanes} × ${factor}`);
  const offset = bias ? e.floats(bias, [lanes]) : "";
  const shape = { pads: [0, 0, 0, 0], strides: [1, 1], groups: lanes } as const;
  const attributes = [...imageAttributes([1, 1], shape), ...activationAttributes(activation)];
  return e.op("Conv", [x, factors, offset, sum], x.dims, attributes, nchwc);
}

/** F(2, 3), as slicePairs.ts says. */
const threeInPairs: SliceAlgebra = {
  reads: [-1, 0, 1],
  together: 2,
  planes: [
    (g0) => g0,
    (g0, g1, g2) => (g0 + g1 + g2) / 2,
    (g0, g1, g2) => (g0 - g1 + g2) / 2,
    (_, __, g2) => -g2,
  ],
  combine: (e, [even, odd]) => combinePairs(e, [even!, odd!], 1),
  sum: (e, product, added) => sumPairs(e, product, added),
};

/**
 * F(4, 3) (Lavin and Gray 2016, eq. 12 and 13). For the outputs 4i … 4i + 3, which read the images d = 4i − 1 … 4i + 4:
 *
 *   m0 = (4·(d0 − d2) + (d4 − d2)) ∗ g0/4
 *   m1 = ((d4 − 4·d2) + (d3 − 4·d1)) ∗ −(g0 + g1 + g2)/6    m3 = ((d4 − d2) + 2·(d3 − d1)) ∗ (g0/4 + g1/2 + g2)/6
 *   m2 = ((d4 − 4·d2) − (d3 − 4·d1)) ∗ −(g0 − g1 + g2)/6    m4 = ((d4 − d2) − 2·(d3 − d1)) ∗ (g0/4 − g1/2 + g2)/6
 *   m5 = ((d5 − d3) − 4·(d3 − d1)) ∗ g2
 *   y(4i) = m0 + (m1 + m2) + (m3 + m4)       y(4i + 1) = (m1 − m2) + 2·(m3 − m4)
 *   y(4i + 2) = (m1 + m2) + 4·(m3 + m4)      y(4i + 3) = m5 + (m1 − m2) + 8·(m3 − m4)
 */
const threeInFours: SliceAlgebra = {
  reads: [-1, 0, 1],
  together: 4,
  planes: [
    (g0) => g0 / 4,
    (g0, g1, g2) => -(g0 + g1 + g2) / 6,
    (g0, g1, g2) => -(g0 - g1 + g2) / 6,
    (g0, g1, g2) => (g0 / 4 + g1 / 2 + g2) / 6,
    (g0, g1, g2) => (g0 / 4 - g1 / 2 + g2) / 6,
    (_, __, g2) => g2,
  ],
  combine(e, split) {
    const [d1, d2, d3, d4] = split as [Tensor, Tensor, Tensor, Tensor];
    const [d0, d5] = [moved(e, d4, 1), moved(e, d1, -1)];
    const [v, w] = [e.subtract(d4, d2), e.subtract(d3, d1)];
    const [t, u] = [scaledSum(e, d2, -4, d4), scaledSum(e, d1, -4, d3)];
    return [
      scaledSum(e, e.subtract(d0, d2), 4, v),
      e.add(t, u),
      e.subtract(t, u),
      scaledSum(e, w, 2, v),
      scaledSum(e, w, -2, v),
      scaledSum(e, w, -4, e.subtract(d5, d3)),
    ];
  },
  sum(e, product, added, last) {
    const [m1, m2, m3, m4] = [1, 2, 3, 4].map((at) => product(at, null)) as [Tensor, Tensor, Tensor, Tensor];
    const [s12, e12] = [e.add(m1, m2), e.subtract(m1, m2)];
    const [s34, e34] = [e.add(m3, m4), e.subtract(m3, m4)];
    return [
      product(0, added(e.add(s12, s34), 0)),
      scaledSum(e, e34, 2, added(e12, 1), last),
      scaledSum(e, s34, 4, added(s12, 2), last),
      product(5, scaledSum(e, e34, 8, added(e12, 3))),
    ];
  },
};

/**
 * F(2, 2). For the outputs 2i and 2i + 1, which read three images d, each output two:
 *
 *   m0 = (d0 − d1) ∗ g0    m1 = d1 ∗ (g0 + g1)    m2 = (d2 − d1) ∗ g1
 *   y(2i) = m0 + m1        y(2i + 1) = m2 + m1
 */
const twoInPairs = {
  together: 2,
  planes: [(g0: number) => g0, (g0: number, g1: number) => g0 + g1, (_: number, g1: number) => g1],
  sum(_: Emitter, product: Product, added: Added) {
    const m1 = product(1, null);
    return [product(0, added(m1, 0)), product(2, added(m1, 1))];
  },
} satisfies Partial<SliceAlgebra>;

/** F(2, 2) of images and those after them. */
const ownAndNext: SliceAlgebra = {
  ...twoInPairs,
  reads: [0, 1],
  combine(e, split) {
    const [d0, d1] = split as [Tensor, Tensor];
    return [e.subtract(d0, d1), d1, e.subtract(moved(e, d0, -1), d1)];
  },
};

/** F(2, 2) of images and those before them. */
const lastAndOwn: SliceAlgebra = {
  ...twoInPairs,
  reads: [-1, 0],
  combine(e, split) {
    const [d1, d2] = split as [Tensor, Tensor];
    return [e.subtract(moved(e, d2, 1), d1), d1, e.subtract(d2, d1)];
  },
};

/** All algebras; of two that take as many products the first is chosen, which rounds less. */
export const algebras: readonly SliceAlgebra[] = [ownAndNext, lastAndOwn, threeInPairs, threeInFours];
