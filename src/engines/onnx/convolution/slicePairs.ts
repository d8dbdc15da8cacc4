/**
 * Convolutions of three taps along z in pairs of slices, with a third fewer products: Winograd's F(2, 3) along z
 * (Winograd 1980; Lavin and Gray 2016, eq. 8).
 *
 * For the output slices 2i and 2i + 1, which read the slices d = 2i − 1 … 2i + 2 through the kernel's planes g0, g1, g2:
 *
 *   m0 = (d0 − d2) ∗ g0    m1 = (d1 + d2) ∗ (g0 + g1 + g2)/2    m2 = (d2 − d1) ∗ (g0 − g1 + g2)/2    m3 = (d1 − d3) ∗ −g2
 *   y(2i) = m0 + m1 + m2   y(2i + 1) = m3 + m1 − m2
 */
import type { Emitter, Tensor } from "../graph/emitter.js";
import { type Block, blockable } from "./imageConvolution.js";
import type { Taps3 } from "./taps.js";

/** One of each: the four combinations of slices, or of a kernel's planes, whose products are summed. */
export type Four<T> = readonly [T, T, T, T];

/** Fewest slices: of two alone, planes of the kernel that read nothing would have gradients of rounding in place of 0. */
const fewest = 4;

/** Tells whether so many slices are computed in pairs. */
const areInPairs = (slices: number): boolean => slices % 2 === 0 && slices >= fewest;

/** Tells whether taps are what pairs of slices need: three neighbours along z, stride 1, and enough slices. */
function isInPairs(taps: Taps3, z: number): boolean {
  const [{ count, before, dilation }] = taps;
  const isNeighbours = count === 3 && before === 1 && dilation === 1;
  return isNeighbours && taps.every(({ stride }) => stride === 1) && areInPairs(z);
}

/**
 * Tells whether a convolution with a kernel (out, in / groups, z, y, x) is computed in pairs of slices: where the blocked
 * kernels take it, the products saved outweigh the sums.
 */
export const suitsPairs = (
  block: Block,
  taps: Taps3,
  z: number,
  kernel: Tensor["dims"],
  groups: number,
): boolean => groups === 1 && isInPairs(taps, z) && blockable(block, kernel, 1);

/**
 * Combines the slices of each pair: d0 − d2, d1 + d2, d2 − d1 and d1 − d3, with zeros outside the map.
 *
 * @param images slices in their order, (samples·z, …), blocked or not
 * @returns (samples·z/2, …) each
 */
export const combineSlices = (e: Emitter, images: Tensor, samples: number): Four<Tensor> =>
  combinePairs(e, splitPairs(e, images), samples);

/** Combines slices as `combineSlices` does, given as the first and the second of each pair. */
export function combinePairs(
  e: Emitter,
  [even, odd]: readonly [first: Tensor, second: Tensor],
  samples: number,
): Four<Tensor> {
  const later = (half: Tensor, by: 1 | -1): Tensor => {
    const [pairs, ...rest] = half.dims as [number, ...number[]];
    const perSample = e.reshape(half, [samples, pairs / samples, ...rest]);
    const none = rest.map(() => 0);
    return e.reshape(e.pad(perSample, [0, by, ...none], [0, -by, ...none]), half.dims);
  };
  return [
    e.subtract(later(odd, 1), odd),
    e.add(even, odd),
    e.subtract(odd, even),
    e.subtract(even, later(even, -1)),
  ];
}

/** Splits slices (slices, channels, …) into the first and the second of each pair, (slices/2, channels, …). */
export function splitPairs(e: Emitter, images: Tensor): readonly [first: Tensor, second: Tensor] {
  const [slices, channels, ...rest] = images.dims as [number, number, ...number[]];
  const pairs = e.reshape(images, [slices / 2, 2 * channels, ...rest]);
  return [e.slice(pairs, 1, 0, channels), e.slice(pairs, 1, channels, 2 * channels)];
}

/**
 * Writes y(2i) = m0 + m1 + m2 and y(2i + 1) = m3 + m1 − m2 of the products of the four combinations.
 *
 * @param product writes that of combination `at`; added to `sum`, with bias, where that is not null
 * @param added adds to the first or the second of each pair what is to be added besides
 */
export function sumPairs(
  e: Emitter,
  product: (at: 0 | 1 | 2 | 3, sum: Tensor | null) => Tensor,
  added: (slices: Tensor, half: 0 | 1) => Tensor = (slices) => slices,
): readonly [first: Tensor, second: Tensor] {
  const [m1, m2] = [product(1, null), product(2, null)];
  const even = product(0, added(e.add(m1, m2), 0));
  const odd = product(3, added(e.subtract(m1, m2), 1));
  return [even, odd];
}

/** Joins the first and the second slice of each pair, (slices/2, channels, …), to slices (slices, channels, …). */
export function joinPairs(e: Emitter, [first, second]: readonly [Tensor, Tensor]): Tensor {
  const [pairs, ...rest] = first.dims as [number, ...number[]];
  return e.reshape(e.concat([first, second], 1), [2 * pairs, ...rest]);
}

/** Combines the planes of a kernel (out, in, 3, ky, kx): (out, in, 1, ky, kx) each. */
export function combinePlanes(e: Emitter, w: Tensor): Four<Tensor> {
  const [g0, g1, g2] = [0, 1, 2].map((at) => e.slice(w, 2, at, at + 1)) as [Tensor, Tensor, Tensor];
  const outer = e.scale(e.add(g0, g2), 0.5);
  const inner = e.scale(g1, 0.5);
  return [g0, e.add(outer, inner), e.subtract(outer, inner), e.unary("Neg", g2)];
}

/**
 * Returns the gradient of a kernel (out, in, 3, ky, kx), of those of its four combinations of planes, (out, in, 1, ky, kx).
 */
export function spreadPlanes(e: Emitter, [p0, p1, p2, p3]: Four<Tensor>): Tensor {
  const sum = e.scale(e.add(p1, p2), 0.5);
  const difference = e.scale(e.subtract(p1, p2), 0.5);
  return e.concat([e.add(p0, difference), sum, e.subtract(difference, p3)], 2);
}
