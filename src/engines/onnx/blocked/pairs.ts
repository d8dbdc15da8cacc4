/** Blocked convolutions of three taps along z in pairs of images, as slicePairs.ts says, with constant kernels. */
import {
  areInPairs,
  combineSlices,
  type Four,
  isInPairs,
  joinPairs,
  splitPairs,
} from "../convolution/slicePairs.js";
import type { Taps3 } from "../convolution/taps.js";
import type { Emitter, Tensor } from "../graph/emitter.js";
import { type ConvolveOptions, convolveTerms, type Source, type Term } from "./convolve.js";
import { imageKernel, type SliceKernel } from "./kernels.js";
import type { BlockedMap } from "./map.js";

/**
 * Tells whether a convolution of `images` images is computed in pairs. An image of several slices reads the images before
 * and after it, as a slice reads the slices beside it.
 */
export const canPair = (sources: readonly Source[], taps: Taps3, images: number): boolean =>
  isInPairs(taps, images) && sources.every((source) => !("few" in source));

/** Writes activation(all terms + bias + sum), blocked, (images, lanes, y, x): in pairs of images where that is possible. */
export const convolve = (
  e: Emitter,
  block: number,
  terms: readonly Term[],
  options: ConvolveOptions,
): Tensor =>
  (terms.every((term) => readsBesides(term, options)) ? convolvePairs : convolveTerms)(
    e,
    block,
    terms,
    options,
  );

/** Tells whether every output image reads the input image before it, its own and the one after it. */
function readsBesides({ source, reads }: Term, { images, step }: ConvolveOptions): boolean {
  if ("few" in source || step !== source.slices || !areInPairs(images)) return false;
  const read = new Set(reads.map(({ from }) => Math.floor(from / source.slices)));
  return read.size === 3 && [-1, 0, 1].every((image) => read.has(image));
}

function convolvePairs(e: Emitter, block: number, terms: readonly Term[], options: ConvolveOptions): Tensor {
  const combined = terms.map((term) => ({
    images: combineSlices(e, (term.source as BlockedMap).tensor, 1),
    planes: combineKernel(term, options.lanes),
  }));
  const termsOf = (at: 0 | 1 | 2 | 3): Term[] =>
    combined.map(({ images, planes }) => ({
      source: { tensor: images[at], channels: planes[at].inner, slices: 1 },
      kernel: planes[at],
      reads: [{ lane: 0, from: 0, plane: 0 }],
    }));
  const pairs = { ...options, images: options.images / 2, step: 1 };
  const product = (at: 1 | 2): Tensor =>
    convolveTerms(e, block, termsOf(at), { ...pairs, bias: null, sum: null, activation: null });
  const [m1, m2] = [product(1), product(2)];
  const given = options.sum && splitPairs(e, options.sum);
  const added = (sum: Tensor, half: 0 | 1): Tensor => (given ? e.add(sum, given[half]) : sum);
  const even = convolveTerms(e, block, termsOf(0), { ...pairs, sum: added(e.add(m1, m2), 0) });
  const odd = convolveTerms(e, block, termsOf(3), { ...pairs, sum: added(e.subtract(m1, m2), 1) });
  return joinPairs(e, even, odd);
}

/** Combines what a kernel reads of the image before, of its own and of the one after, as `combinePlanes` does planes. */
function combineKernel({ source, kernel, reads }: Term, lanes: number): Four<SliceKernel> {
  const { tensor, slices } = source as BlockedMap;
  const inner = tensor.dims[1]!;
  const { values, y, x } = imageKernel(kernel, reads, { slices, lanes: inner }, lanes);
  const size = inner * y * x;
  const combined = (combine: (g0: number, g1: number, g2: number) => number): SliceKernel => {
    const plane = new Float32Array(lanes * size);
    for (let at = 0; at < plane.length; at++) {
      const from = 3 * size * Math.floor(at / size) + (at % size);
      plane[at] = combine(values[from]!, values[from + size]!, values[from + 2 * size]!);
    }
    return { values: plane, out: lanes, inner, planes: 1, y, x };
  };
  return [
    combined((g0) => g0),
    combined((g0, g1, g2) => (g0 + g1 + g2) / 2),
    combined((g0, g1, g2) => (g0 - g1 + g2) / 2),
    combined((_, __, g2) => -g2),
  ];
}
