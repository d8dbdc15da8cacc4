/** Layers of slice-wise networks. */
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

/**
 * Initialisation of slice-wise networks, Keras's. They see one slice at a time: no kernel, pool or stride reaches along z,
 * so that a volume is a batch of slices.
 */
const initialisation = "glorot";

/** Builds a square convolution, Keras's `Conv2D(channels, size, strides=stride, padding="same")`. */
export const convolution2D = (
  g: GraphBuilder,
  x: Value,
  name: string,
  channels: number,
  size: number,
  stride = 1,
): Value =>
  g.convolution(x, name, channels, { kernel: [1, size, size], stride: [1, stride, stride], initialisation });

/** Doubles the size along y and x, each voxel becoming its own 2×2 square: Keras's `Conv2DTranspose(channels, 2, 2)`. */
export const doubling2D = (g: GraphBuilder, x: Value, name: string, channels: number): Value =>
  g.transposedConvolution(x, name, channels, { kernel: [1, 2, 2], stride: [1, 2, 2], initialisation });

/** Halves the size along y and x by max pooling. */
export const halved2D = (g: GraphBuilder, x: Value): Value => g.maxPool(x, [1, 2, 2]);

/** Doubles the size along y and x by repetition. */
export const doubled2D = (g: GraphBuilder, x: Value): Value => g.upsampleNearest(x, [1, 2, 2]);
