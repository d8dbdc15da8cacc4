/** Lowering rule of max pooling, axis after axis, with a gradient that breaks ties by position. */
import type { Shape3 } from "../../../domain/volume.js";
import { alongAxis, axisMatrix, type VoxelAxis, voxelAxes } from "../convolution/alongAxis.js";
import { type Emitter, int, type Tensor } from "../graph/emitter.js";
import { first, type Rule } from "./rule.js";

/** The lowest float, which a window reads outside the map. */
const lowest = -3.4028234663852886e38;

/** The windows of a map along one axis: `window` voxels each, `stride` apart, over `size` voxels. */
interface Windows {
  readonly axis: VoxelAxis;
  readonly size: number;
  readonly window: number;
  readonly stride: number;
}

const before = ({ window }: Windows): number => Math.floor((window - 1) / 2);

/**
 * Lists the windows axis after axis, the last axis first: of equal numbers in a window the first along z, then y, then x
 * is then the one chosen.
 */
function windowsOf(x: Tensor, window: Shape3, stride: Shape3): Windows[] {
  return ([2, 1, 0] as const)
    .map((at) => {
      const axis = voxelAxes[at];
      return { axis, size: x.dims[axis]!, window: window[at], stride: stride[at] };
    })
    .filter((windows) => windows.window > 1 || windows.stride > 1);
}

/** Returns, for each tap of the windows along an axis, every window's value there and its largest value up to there. */
function largestUpTo(e: Emitter, x: Tensor, windows: Windows): { taps: Tensor[]; largest: Tensor[] } {
  const { axis, size, window, stride } = windows;
  const padded = padLowest(e, x, axis, before(windows), Math.max(0, window - stride - before(windows)));
  const taps = Array.from({ length: window }, (_, tap) =>
    e.slice(padded, axis, tap, tap + size - stride + 1, stride),
  );
  const largest = [taps[0]!];
  for (const tap of taps.slice(1)) largest.push(e.op("Max", [largest.at(-1)!, tap], tap.dims));
  return { taps, largest };
}

function padLowest(e: Emitter, x: Tensor, axis: VoxelAxis, start: number, end: number): Tensor {
  if (start === 0 && end === 0) return x;
  const along = (amount: number) => x.dims.map((_, at) => (at === axis ? amount : 0));
  const dims = x.dims.map((size, at) => (at === axis ? size + start + end : size));
  return e.op("Pad", [x, e.integers([...along(start), ...along(end)]), e.scalar(lowest)], dims);
}

/** Writes the gradient of the windows' maxima: each goes to the first voxel of its window that has the maximum. */
function toLargest(e: Emitter, gradient: Tensor, x: Tensor, windows: Windows): Tensor {
  const { axis, size, window, stride } = windows;
  const { taps, largest } = largestUpTo(e, x, windows);
  let left = gradient;
  let total: Tensor | null = null;
  for (let tap = window - 1; tap >= 0; tap--) {
    const share: Tensor = tap === 0 ? left : e.multiply(left, exceeds(e, taps[tap]!, largest[tap - 1]!));
    if (tap > 0) left = e.subtract(left, share);
    const scatter = axisMatrix(size, size / stride, (row, add) => {
      const start = row + before(windows) - tap;
      if (start >= 0 && start < size && start % stride === 0) add(start / stride, 1);
    });
    const there = alongAxis(e, share, axis, scatter);
    total = total ? e.add(total, there) : there;
  }
  return total!;
}

/** Writes 1 where a > b, else 0. */
const exceeds = (e: Emitter, a: Tensor, b: Tensor): Tensor =>
  e.op("Cast", [e.op("Greater", [a, b], a.dims)], a.dims, [int("to", 1)]);

/** Max pooling along one axis after another, by a slice a tap: ONNX Runtime's own MaxPool is slower at stride 1. */
export const maxPool: Rule<"maxPool"> = {
  forward: ({ window, stride }, [x], { e }) =>
    windowsOf(x!, window, stride).reduce((map, windows) => largestUpTo(e, map, windows).largest.at(-1)!, x!),
  backward({ window, stride }, { e, inputs, gradient }) {
    const steps = windowsOf(first(inputs), window, stride);
    const maps = [first(inputs)];
    for (const windows of steps) maps.push(largestUpTo(e, maps.at(-1)!, windows).largest.at(-1)!);
    return [steps.reduceRight((rest, windows, at) => toLargest(e, rest, maps[at]!, windows), gradient)];
  },
};
