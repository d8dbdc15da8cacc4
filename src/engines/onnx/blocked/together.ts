/** Blocked convolutions that compute neighbouring images together, by fewer products (algebras.ts), with constant kernels. */
import type { Taps } from "../convolution/taps.js";
import type { Emitter, Tensor } from "../graph/emitter.js";
import { algebras, type SliceAlgebra, splitImages } from "./algebras.js";
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

/** Fewest images for which the products saved outweigh the sums. */
const fewest = 4;

/** Counts the products of images that an algebra takes for so many output images. */
const productsOf = ({ together, planes }: SliceAlgebra, images: number): number =>
  planes.length * Math.ceil(images / together);

/**
 * Returns the algebra by which a convolution is computed with the fewest products: one for the images, at their own step,
 * that it reads of all sources. Null where none saves any. An image of several slices reads those beside it as a slice reads
 * the slices beside it.
 */
function algebraFor(
  terms: readonly Pick<Term, "source" | "reads">[],
  { images, step }: Pick<ConvolveOptions, "images" | "step">,
): SliceAlgebra | null {
  const [first, ...others] = terms.map(({ source, reads }) =>
    "few" in source || step !== source.slices
      ? null
      : [...new Set(reads.map(({ from }) => Math.floor(from / source.slices)))].sort((a, b) => a - b).join(),
  );
  if (!first || images < fewest || others.some((other) => other !== first)) return null;
  return algebras
    .filter(({ reads }) => reads.join() === first)
    .reduce<SliceAlgebra | null>((best, each) => {
      const least = best ? productsOf(best, images) : each.reads.length * images;
      return productsOf(each, images) < least ? each : best;
    }, null);
}

/**
 * Chooses the output images of a convolution and what they read: as many slices as the input's images hold where images are
 * computed together, else as `groupingOf` chooses.
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
  const terms = sources.map((source) => ({ source, reads: alone.reads }));
  return algebraFor(terms, alone) ? alone : groupedBy(groupingOf);
}

/** Writes activation(all terms + bias + sum), blocked, (images, lanes, y, x): images together where that saves products. */
export function convolve(
  e: Emitter,
  block: number,
  terms: readonly Term[],
  options: ConvolveOptions,
): Tensor {
  const algebra = algebraFor(terms, options);
  return algebra
    ? convolveTogether(e, block, terms, options, algebra)
    : convolveTerms(e, block, terms, options);
}

function convolveTogether(
  e: Emitter,
  block: number,
  terms: readonly Term[],
  options: ConvolveOptions,
  algebra: SliceAlgebra,
): Tensor {
  const { together } = algebra;
  const combined = terms.map((term) => ({
    images: algebra.combine(e, splitImages(e, (term.source as BlockedMap).tensor, together)),
    planes: combinedKernels(term, options.lanes, algebra),
  }));
  const termsOf = (at: number): Term[] =>
    combined.map(({ images, planes }) => ({
      source: { tensor: images[at]!, channels: planes[at]!.inner, slices: 1 },
      kernel: planes[at]!,
      reads: [{ lane: 0, from: 0, plane: 0 }],
    }));
  const last = { ...options, images: Math.ceil(options.images / together), step: 1 };
  const alone = { ...last, bias: null, activation: null };
  const product = (at: number, sum: Tensor | null): Tensor =>
    convolveTerms(e, block, termsOf(at), { ...(sum ? last : alone), sum });
  const sums = options.sum && splitImages(e, options.sum, together);
  const added = (images: Tensor, place: number): Tensor => (sums ? e.add(images, sums[place]!) : images);
  return joinImages(e, algebra.sum(e, product, added, options), options.images);
}

/** Joins each together-th of images to so many images (images, lanes, y, x), those past the last left out. */
function joinImages(e: Emitter, split: readonly Tensor[], images: number): Tensor {
  const [count, ...rest] = split[0]!.dims as [number, ...number[]];
  const joined = e.reshape(e.concat(split, 1), [split.length * count, ...rest]);
  return e.part(joined, 0, images);
}

/** Combines what a kernel reads of each image as an algebra combines planes: a kernel for each product. */
function combinedKernels(
  { source, kernel, reads }: Term,
  lanes: number,
  { planes }: SliceAlgebra,
): SliceKernel[] {
  const { tensor, slices } = source as BlockedMap;
  const inner = tensor.dims[1]!;
  const { values, offsets, y, x } = imageKernel(kernel, reads, { slices, lanes: inner }, lanes);
  const size = inner * y * x;
  return planes.map((combine) => {
    const plane = new Float32Array(lanes * size);
    for (let at = 0; at < plane.length; at++) {
      const from = offsets.length * size * Math.floor(at / size) + (at % size);
      plane[at] = combine(values[from]!, values[from + size]!, values[from + 2 * size]!);
    }
    return { values: plane, out: lanes, inner, planes: 1, y, x };
  });
}
