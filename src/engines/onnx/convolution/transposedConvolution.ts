/** Transposed convolution, also the gradient of a convolution's input: a convolution a phase, interleaved. */
import { type Emitter, int, type Tensor } from "../graph/emitter.js";
import { convolve } from "./convolution.js";
import type { Block } from "./imageConvolution.js";
import { mirroredTaps, type Phases, phasesOf, type Taps3 } from "./taps.js";
import { mapDims } from "./zMajor.js";

/** Writes x' (n, z·s, in, y·s, x·s) of y (n, z, out, y, x): the transpose of `convolve` with equal kernel and taps. */
export function convolveTransposed(
  e: Emitter,
  block: Block,
  y: Tensor,
  w: Tensor,
  bias: Tensor | null,
  taps: Taps3,
  groups = 1,
): Tensor {
  if (taps.every(({ stride }) => stride === 1))
    return convolve(e, block, y, mirrored(e, w, groups), bias, mirroredTaps(taps), groups);
  const phases = [phasesOf(taps[0]), phasesOf(taps[1]), phasesOf(taps[2])] as const;
  const kernel = phaseKernel(e, w, phases, groups);
  const count = kernel.dims[0]! / (groups * w.dims[1]!);
  const offsets = bias && repeated(e, bias, count, groups);
  const all = convolve(
    e,
    block,
    y,
    kernel,
    offsets,
    [phases[0].taps, phases[1].taps, phases[2].taps],
    groups,
  );
  const strides = [taps[0].stride, taps[1].stride, taps[2].stride] as const;
  return groups === 1 ? interleaved(e, all, strides) : interleavedGroups(e, all, strides, groups);
}

/** Returns the kernel of the transpose of a stride-1 convolution: channels swapped, taps mirrored. */
export function mirrored(e: Emitter, w: Tensor, groups = 1): Tensor {
  let flipped = w;
  for (const axis of [2, 3, 4]) if (w.dims[axis]! > 1) flipped = e.slice(flipped, axis, 0, 0, -1);
  const [out, inner, ...kernel] = w.dims as [number, number, number, number, number];
  const split = e.reshape(flipped, [groups, out / groups, inner, ...kernel]);
  return e.reshape(e.transpose(split, [0, 2, 1, 3, 4, 5]), [groups * inner, out / groups, ...kernel]);
}

/**
 * Reorders a kernel (out, in / g, z, y, x) to the taps of each phase, with zeros where the phase reads nothing:
 * (g·phases·in/g, out / g, z', y', x').
 */
function phaseKernel(
  e: Emitter,
  w: Tensor,
  phases: readonly [Phases, Phases, Phases],
  groups: number,
): Tensor {
  const [out, inner] = w.dims as [number, number];
  const missing = phases.map(({ places }, at) => (places.flat().includes(w.dims[2 + at]!) ? 1 : 0));
  let taps = missing.includes(1) ? e.pad(w, [0, 0, 0, 0, 0], [0, 0, ...missing]) : w;
  phases.forEach(({ places }, at) => {
    taps = e.gather(taps, 2 + at, places.flat());
  });
  const sizes = phases.map(({ places, taps: { count } }) => [places.length, count] as const);
  const split = e.reshape(taps, [groups, out / groups, inner, ...sizes.flat()]);
  const phaseCount = sizes.reduce((product, [count]) => product * count, 1);
  return e.reshape(e.transpose(split, [0, 3, 5, 7, 2, 1, 4, 6, 8]), [
    groups * phaseCount * inner,
    out / groups,
    ...sizes.map(([, count]) => count),
  ]);
}

/** Repeats a bias for every phase's channels. */
function repeated(e: Emitter, bias: Tensor, count: number, groups: number): Tensor {
  const size = bias.dims[0]!;
  const split = e.reshape(bias, [groups, size / groups]);
  const tiled = e.op("Tile", [split, e.integers([1, count])], [groups, (count * size) / groups]);
  return e.reshape(tiled, [count * size]);
}

/** Interleaves the phases of a map (n, z, phases·c, y, x): (n, z·sz, c, y·sy, x·sx). */
function interleaved(e: Emitter, all: Tensor, [sz, sy, sx]: readonly [number, number, number]): Tensor {
  const { samples, z, channels, y, x } = mapDims(all);
  const inner = channels / (sz * sy * sx);
  const slices = samples * z * sz;
  const fine = [samples, z * sz, inner, y * sy, x * sx];
  if (sy === sx && sy > 1) {
    const images = e.reshape(all, [slices, sy * sx * inner, y, x]);
    const attributes = [int("blocksize", sy)];
    return e.reshape(e.op("DepthToSpace", [images], [slices, inner, y * sy, x * sx], attributes), fine);
  }
  const split = e.reshape(all, [slices, sy, sx, inner, y, x]);
  return e.reshape(sy * sx === 1 ? split : e.transpose(split, [0, 3, 4, 1, 5, 2]), fine);
}

/** Interleaves the phases of a map where they lie within each group's channels. */
function interleavedGroups(
  e: Emitter,
  all: Tensor,
  [sz, sy, sx]: readonly [number, number, number],
  groups: number,
): Tensor {
  const { samples, z, channels, y, x } = mapDims(all);
  const inner = channels / (groups * sz * sy * sx);
  const split = e.reshape(all, [samples * z, groups, sz, sy, sx, inner, y, x]);
  const fine = [samples, z * sz, groups * inner, y * sy, x * sx];
  return e.reshape(e.transpose(split, [0, 2, 1, 5, 6, 3, 7, 4]), fine);
}
