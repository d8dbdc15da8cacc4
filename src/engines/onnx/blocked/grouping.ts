import type { Taps } from "../taps.js";
import type { SliceRead } from "./kernels.js";
import { lanesFor } from "./map.js";

/** The output slices that one image of a convolution holds, and the lane at which each one's channels begin. */
export interface Grouping {
  readonly slices: number;
  readonly lanes: number;
  readonly firstLanes: readonly number[];
}

/**
 * The images of the input's kind; two of them where they would fill a single block, since the kernels are more than
 * twice as fast where they write two blocks at once.
 */
export function groupingOf(block: number, imageSlices: number, channels: number, depth: number): Grouping {
  const imageLanes = lanesFor(block, imageSlices * channels);
  const images = imageLanes === block && depth % (2 * imageSlices) === 0 ? 2 : 1;
  const firstLanes = Array.from(
    { length: images * imageSlices },
    (_, slice) => Math.floor(slice / imageSlices) * imageLanes + (slice % imageSlices) * channels,
  );
  return { slices: firstLanes.length, lanes: images * imageLanes, firstLanes };
}

/** What each output slice reads through each plane of the kernel. */
export const readsOf = (
  firstLanes: readonly number[],
  { count, stride, dilation, before }: Taps,
): SliceRead[] =>
  firstLanes.flatMap((lane, slice) =>
    Array.from({ length: count }, (_, plane) => ({
      lane,
      from: slice * stride + plane * dilation - before,
      plane,
    })),
  );
