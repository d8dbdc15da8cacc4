/** Maps in ONNX Runtime's blocked layout: conversion from and to plain maps, and stacking of images. */
import { nchwc } from "../convolution/imageConvolution.js";
import { mapDims } from "../convolution/zMajor.js";
import { type Emitter, int, type Tensor } from "../graph/emitter.js";

/**
 * A map of one sample in ONNX Runtime's blocked layout: images of `slices` neighbouring slices each, whose lanes are
 * (slice, channel), filled up to whole blocks of B. The tensor's sizes are (z / slices, lanes, y, x), its memory is
 * (z / slices, lanes / B, y, x, B). What the lanes past `slices`·`channels` hold means nothing, and is finite.
 */
export interface BlockedMap {
  readonly tensor: Tensor;
  readonly channels: number;
  readonly slices: number;
}

/** Returns the count of lanes, in whole blocks, that hold so many numbers a voxel. */
export const lanesFor = (block: number, numbers: number): number => Math.ceil(numbers / block) * block;

interface ImageDims {
  readonly images: number;
  readonly lanes: number;
  readonly y: number;
  readonly x: number;
}

/** Returns the tensor's sizes by name. */
export function imageDims({ tensor }: BlockedMap): ImageDims {
  const [images, lanes, y, x] = tensor.dims as [number, number, number, number];
  return { images, lanes, y, x };
}

/** Blocks a plain map (1, z, c, y, x) whose channels fill whole blocks. */
export function fromPlain(e: Emitter, x: Tensor): BlockedMap {
  const { z, channels, y, x: width } = mapDims(x);
  const dims = [z, channels, y, width];
  return { tensor: e.op("ReorderInput", [e.reshape(x, dims)], dims, [], nchwc), channels, slices: 1 };
}

/** Writes a blocked map as a plain one, (1, z, c, y, x). */
export function toPlain(e: Emitter, map: BlockedMap): Tensor {
  const { images, y, x } = imageDims(map);
  const numbers = map.slices * map.channels;
  const attributes = [int("channels", numbers)];
  const plain = e.op("ReorderOutput", [map.tensor], [images, numbers, y, x], attributes, nchwc);
  return e.reshape(plain, [1, images * map.slices, map.channels, y, x]);
}

/** Lists, for every output image n, the images n·step + offset among `count`; `count` itself stands for one of zeros. */
export function stackedPlaces(
  count: number,
  offsets: readonly number[],
  step: number,
  outputs: number,
): readonly number[] {
  const places = Array.from({ length: outputs }, (_, n) => offsets.map((offset) => n * step + offset)).flat();
  return places.map((place) => (place < 0 || place >= count ? count : place));
}

/** Tells whether the places are those of all images in their order. */
export const areAllInOrder = (places: readonly number[], count: number): boolean =>
  places.length === count && places.every((place, at) => place === at);

/**
 * Stacks, for every output image n, the images n·step + offset beside each other, zeros outside:
 * (outputs, offsets·lanes, y, x).
 *
 * @param images (images, lanes, y, x), blocked or not
 */
export function stackImages(
  e: Emitter,
  images: Tensor,
  offsets: readonly number[],
  step: number,
  outputs: number,
): Tensor {
  const [count, lanes, y, x] = images.dims as [number, number, number, number];
  const places = stackedPlaces(count, offsets, step, outputs);
  const dims = [outputs, offsets.length * lanes, y, x];
  if (areAllInOrder(places, count)) return e.reshape(images, dims);
  const padded = places.includes(count) ? e.concat([images, e.zeros([1, lanes, y, x])], 0) : images;
  return e.reshape(e.gather(padded, 0, places), dims);
}
