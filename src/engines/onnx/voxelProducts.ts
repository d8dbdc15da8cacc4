import type { Emitter, Tensor } from "./emitter.js";

/**
 * How the voxels of a batch of slices lie for products over all of them: (batch, channels, voxels), one product a slice
 * and then their sum; or `together`, (channels, batch, voxels), one long product, which is faster where slices are so
 * small that the sum would have more terms than the products.
 */
export interface Arrangement {
  readonly together: boolean;
  readonly channelAxis: 0 | 1;
}

export const arrangementFor = (channels: number, voxels: number): Arrangement =>
  channels > voxels ? { together: true, channelAxis: 0 } : { together: false, channelAxis: 1 };

/** (batch, channels, …) in an arrangement. */
export function arranged(e: Emitter, slices: Tensor, { together }: Arrangement): Tensor {
  const [batch, channels, ...rest] = slices.dims as [number, number, ...number[]];
  if (!together) return slices;
  const voxels = rest.reduce((product, size) => product * size, 1);
  const turned = e.transpose(e.reshape(slices, [batch, channels, voxels]), [1, 0, 2]);
  return e.reshape(turned, [channels, batch, ...rest]);
}

/** (a's channels, b's channels): the sum over slices and voxels of a·b. */
export function sumOfProducts(e: Emitter, a: Tensor, b: Tensor, { together }: Arrangement): Tensor {
  if (!together) return sumBatch(e, e.productTransposed(a, b));
  const rows = (x: Tensor): Tensor => e.reshape(x, [x.dims[0]!, x.dims[1]! * x.dims[2]!]);
  return e.productTransposed(rows(a), rows(b));
}

/** The sum over the first axis, without it. */
export const sumBatch = (e: Emitter, products: Tensor): Tensor => {
  const [count, ...dims] = products.dims;
  return e.reshape(count === 1 ? products : e.sum(products, [0]), dims);
};
