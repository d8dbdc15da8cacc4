/**
 * Convolutions whose output is finer than their input, as one convolution of the coarse map for each place (phase) within
 * a coarse voxel: transposed convolutions, and convolutions of a map upsampled by repetition, for which the kernel's taps
 * on one coarse voxel are summed beforehand.
 */
import type { Shape3 } from "../../../domain/volume.js";
import { phasesOf, type Taps, type Taps3 } from "../convolution/taps.js";
import { type Emitter, ints, type Tensor } from "../graph/emitter.js";
import { onLanes } from "./convolve.js";
import type { Kernel3, SliceKernel, SliceRead } from "./kernels.js";
import { type BlockedMap, imageDims, lanesFor } from "./map.js";
import { convolve } from "./together.js";

/** A coarse map of one slice an image, and its part of the kernel. */
interface PhaseSource {
  readonly map: BlockedMap;
  readonly kernel: Kernel3;
}

/** What one phase of an axis reads: for each offset in coarse voxels the taps that fall there. */
type PhaseReads = ReadonlyMap<number, readonly number[]>;

/** The reads of all phases along z, y, x. */
export type PhasePlan = readonly [readonly PhaseReads[], readonly PhaseReads[], readonly PhaseReads[]];

/** Returns the phases of the transpose of a convolution. */
export const transposedPhases = (taps: Taps3): PhasePlan =>
  [transposedAxis(taps[0]), transposedAxis(taps[1]), transposedAxis(taps[2])] as const;

function transposedAxis(axis: Taps): PhaseReads[] {
  const { taps, places } = phasesOf(axis);
  return places.map(
    (each) =>
      new Map(each.flatMap((tap, at) => (tap === axis.count ? [] : [[at - taps.before, [tap]] as const]))),
  );
}

/** Returns the phases of a convolution of stride 1 of a map upsampled by `factor`. */
export const upsampledPhases = (taps: Taps3, factor: Shape3): PhasePlan => [
  upsampledAxis(taps[0], factor[0]),
  upsampledAxis(taps[1], factor[1]),
  upsampledAxis(taps[2], factor[2]),
];

const upsampledAxis = ({ count, before, dilation }: Taps, factor: number): PhaseReads[] =>
  Array.from({ length: factor }, (_, phase) => {
    const reads = new Map<number, number[]>();
    for (let tap = 0; tap < count; tap++) {
      const offset = Math.floor((phase + tap * dilation - before) / factor);
      reads.set(offset, [...(reads.get(offset) ?? []), tap]);
    }
    return reads;
  });

/**
 * Tells whether the fine map can be written: its channels fill blocks, or the fine slices of one coarse slice fit together
 * into one block.
 */
export const canInterleave = (block: number, channels: number, plan: PhasePlan): boolean =>
  channels % block === 0 || plan[0].length * channels <= block;

/** Writes the fine map, of z·sz, y·sy, x·sx voxels, as the sum over all sources. */
export function convolvePhases(
  e: Emitter,
  block: number,
  sources: readonly PhaseSource[],
  [alongZ, alongY, alongX]: PhasePlan,
  bias: Float32Array | null,
): BlockedMap {
  const channels = sources[0]!.kernel.dims[0];
  const isWide = block < aloneBlock;
  const plan = [alongZ, alongY, alongX] as const;
  const { slices, lanes, columns, phases, parts } = phaseParts(block, channels, plan, isWide);
  const written = parts.map((part) => convolvePart(e, block, sources, part, bias));
  return { tensor: interleave(e, block, written, [...phases, columns], lanes), channels, slices };
}

/** Channels of the blocks of which kernels write one as fast as two at once: AVX-512's. */
const aloneBlock = 16;

/** How a fine map is computed part by part. */
interface PhaseParts {
  readonly slices: number;
  /** Lanes of the fine map. */
  readonly lanes: number;
  /** Phases along x that one part computes. */
  readonly columns: number;
  /** Count of parts along z, y, x, in the order of `parts`. */
  readonly phases: readonly [z: number, y: number, x: number];
  readonly parts: readonly PhasePart[];
}

/**
 * Plans the parts in which a fine map of so many channels is computed.
 *
 * @param isWide whether phases along x are computed at once where one fills a single block; each then reads what any reads
 */
export function phaseParts(
  block: number,
  channels: number,
  [alongZ, alongY, alongX]: PhasePlan,
  isWide = true,
): PhaseParts {
  const slices = channels % block === 0 ? 1 : alongZ.length;
  const lanes = lanesFor(block, slices * channels);
  const columns = isWide && lanes === block ? alongX.length : 1;
  const parts = groupsOf(alongZ, slices).flatMap((z) =>
    alongY.flatMap((y) => groupsOf(alongX, columns).map((x) => partOf({ z, y, x }, lanes, channels))),
  );
  const phases = [alongZ.length / slices, alongY.length, alongX.length / columns] as const;
  return { slices, lanes, columns, phases, parts };
}

const groupsOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: items.length / size }, (_, at) => items.slice(at * size, (at + 1) * size));

/**
 * Phases that one convolution computes: phases along z share lanes, phases along x have blocks of their own, since
 * kernels that write two blocks at once may be twice as fast.
 */
interface PhaseGroup {
  readonly z: readonly PhaseReads[];
  readonly y: PhaseReads;
  readonly x: readonly PhaseReads[];
}

/** What one plane of a merged kernel sums: the kernel's taps along z, and its taps along x for each column. */
interface Plane extends SliceRead {
  readonly taps: readonly number[];
  readonly columns: readonly (readonly number[])[];
}

/** A convolution of the coarse map that computes a group of phases. */
interface PhasePart {
  readonly reads: readonly SliceRead[];
  /** Lanes of the output; `firstLanes` tells where each phase's channels begin. */
  readonly lanes: number;
  readonly firstLanes: readonly number[];
  readonly pads: readonly [top: number, left: number, bottom: number, right: number];
  /** Merges a source's kernel to the part's. */
  readonly kernelOf: (kernel: Kernel3) => SliceKernel;
}

function partOf(group: PhaseGroup, lanes: number, channels: number): PhasePart {
  const rangeY = rangeOf([group.y]);
  const rangeX = rangeOf(group.x);
  const firstLanes = group.x.flatMap((_, column) =>
    group.z.map((_, slice) => column * lanes + slice * channels),
  );
  const planes = group.x
    .flatMap((phaseX, column) =>
      group.z.flatMap((phaseZ, slice) =>
        [...phaseZ].map(([from, taps], at): Plane => {
          const lane = firstLanes[column * group.z.length + slice]!;
          return { lane, from, taps, columns: atOffsets(phaseX, rangeX), plane: at };
        }),
      ),
    )
    .map((each, plane) => ({ ...each, plane }));
  const rows = atOffsets(group.y, rangeY);
  return {
    reads: planes.length > 0 ? planes : [noRead],
    lanes: group.x.length * lanes,
    firstLanes,
    pads: [-rangeY.low, -rangeX.low, rangeY.high, rangeX.high],
    kernelOf: (kernel) => mergedKernel(kernel, planes, rows, rangeX),
  };
}

/** Writes a part of the fine map, (z, columns·lanes, y, x). */
function convolvePart(
  e: Emitter,
  block: number,
  sources: readonly PhaseSource[],
  part: PhasePart,
  bias: Float32Array | null,
): Tensor {
  const { images, y, x } = imageDims(sources[0]!.map);
  const { reads, lanes, firstLanes, pads } = part;
  const terms = sources.map(({ map, kernel }) => ({ source: map, kernel: part.kernelOf(kernel), reads }));
  return convolve(e, block, terms, {
    images,
    lanes,
    step: 1,
    shape: { pads, strides: [1, 1] },
    y,
    x,
    bias: onLanes(bias, firstLanes, lanes),
    sum: null,
    activation: null,
  });
}

const noRead: SliceRead = { lane: 0, from: 0, plane: 0 };

interface Range {
  readonly low: number;
  readonly high: number;
}

/** Returns the range from the lowest offset to the highest, the voxel itself (0) included. */
function rangeOf(phases: readonly PhaseReads[]): Range {
  const offsets = phases.flatMap((phase) => [...phase.keys()]);
  return { low: Math.min(0, ...offsets), high: Math.max(0, ...offsets) };
}

const atOffsets = (phase: PhaseReads, { low, high }: Range): (readonly number[])[] =>
  Array.from({ length: high - low + 1 }, (_, at) => phase.get(low + at) ?? []);

/** Sums the kernel's taps plane by plane; where there is no plane, returns one of zeros. */
function mergedKernel(
  { values, dims: [out, inner, kz, ky, kx] }: Kernel3,
  planes: readonly Plane[],
  rows: readonly (readonly number[])[],
  { low, high }: Range,
): SliceKernel {
  const count = Math.max(1, planes.length);
  const width = high - low + 1;
  const merged = new Float32Array(out * inner * count * rows.length * width);
  for (let pair = 0; pair < out * inner; pair++)
    for (const { plane, taps, columns } of planes)
      for (const [row, tapsY] of rows.entries())
        for (const [column, tapsX] of columns.entries()) {
          let sum = 0;
          for (const z of taps)
            for (const y of tapsY) for (const x of tapsX) sum += values[((pair * kz + z) * ky + y) * kx + x]!;
          merged[((pair * count + plane) * rows.length + row) * width + column] = sum;
        }
  return { values: merged, out, inner, planes: count, y: rows.length, x: width };
}

/** Interleaves parts, pz·py·px of (z, columns·lanes, y, x), to (z·pz, lanes, y·py, x·px·columns). */
function interleave(
  e: Emitter,
  block: number,
  parts: readonly Tensor[],
  [pz, py, px, columns]: readonly [number, number, number, number],
  lanes: number,
): Tensor {
  const [images, , y, x] = parts[0]!.dims as [number, number, number, number];
  const together = e.concat(parts, 0);
  const split = e.reshape(together, [pz, py, px, images, columns, lanes / block, y, x, block]);
  const fine = e.transpose(split, [3, 0, 5, 6, 1, 7, 2, 4, 8]);
  return e.reshape(fine, [images * pz, lanes, y * py, x * px * columns]);
}

/** Upsamples a blocked map by repetition. */
export function upsampleBlocked(e: Emitter, map: BlockedMap, [fz, fy, fx]: Shape3): BlockedMap {
  const { images, lanes, y, x } = imageDims(map);
  const rows = Array.from({ length: images * fz }, (_, row) => Math.floor(row / fz));
  const deep = fz === 1 ? map.tensor : e.gather(map.tensor, 0, rows);
  const dims = [images * fz, lanes, y * fy, x * fx];
  if (fy * fx === 1) return { ...map, tensor: deep };
  const attributes = [ints("scales", [1, 1, fy, fx])];
  return { ...map, tensor: e.op("Upsample", [deep], dims, attributes, "com.microsoft.nchwc") };
}
