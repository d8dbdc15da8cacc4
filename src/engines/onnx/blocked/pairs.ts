/** Blocked convolutions of three taps along z in pairs of images, as slicePairs.ts says, with constant kernels. */
import { areInPairs, combineSlices, type Four, sumInPairs } from "../convolution/slicePairs.js";
import type { Taps } from "../convolution/taps.js";
import type { Emitter, Tensor } from "../graph/emitter.js";
import {
  type ConvolveOptions,
  convolveTerms,
  groupingOf,
  oneImage,
  readsOf,
  type Source,
  type Term,
} from "./convolve.js";
import { imageKernel, type SliceKernel } from "./kernels.js";
import type { BlockedMap } from "./map.js";

/**
 * Tells whether a convolution is computed in pairs of images: where each reads of a source the images before and after it
 * and its own. An image of several slices reads those beside it as a slice reads the slices beside it.
 */
function canPair(
  { source, reads }: Pick<Term, "source" | "reads">,
  { images, step }: Pick<ConvolveOptions, "images" | "step">,
): boolean {
  if ("few" in source || step !== source.slices || !areInPairs(images)) return false;
  const read = new Set(reads.map(({ from }) => Math.floor(from / source.slices)));
  return read.size === 3 && [-1, 0, 1].every((image) => read.has(image));
}

/**
 * Chooses the output images of a convolution and what they read: as many slices as the input's images hold where these are
 * computed in pairs, else as `groupingOf` chooses.
 */
export function imagesOf(
  block: number,
  sources: readonly Source[],
  imageSlices: number,
  channels: number,
  depth: number,
  alongZ: Taps,
) {
  const groupedBy = (grouping: typeof groupingOf) => {
    const { slices, lanes, firstLanes } = grouping(block, imageSlices, channels, depth);
    const [images, step] = [depth / slices, slices * alongZ.stride];
    return { slices, lanes, firstLanes, images, step, reads: readsOf(firstLanes, alongZ) };
  };
  const alone = groupedBy(oneImage);
  const isPaired = sources.every((source) => canPair({ source, reads: alone.reads }, alone));
  return isPaired ? alone : groupedBy(groupingOf);
}

/** Writes activation(all terms + bias + sum), blocked, (images, lanes, y, x): in pairs of images where that is possible. */
export const convolve = (
  e: Emitter,
  block: number,
  terms: readonly Term[],
  options: ConvolveOptions,
): Tensor =>
  (terms.every((term) => canPair(term, options)) ? convolvePairs : convolveTerms)(e, block, terms, options);

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
  const alone = { ...pairs, bias: null, activation: null };
  return sumInPairs(
    e,
    (at, sum) => convolveTerms(e, block, termsOf(at), { ...(sum ? pairs : alone), sum }),
    options.sum,
  );
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
