/** Kernels in the order that ONNX Runtime's blocked convolutions take them, made once, of constant weights. */

/** Weights of a 3-D kernel, (out, in, z, y, x). */
export interface Kernel3 {
  readonly values: Float32Array;
  readonly dims: readonly [out: number, inner: number, z: number, y: number, x: number];
}

/** Cuts `count` input channels from `start` on out of a convolution's weights (out, in, z, y, x). */
export function kernelPart(
  weights: Float32Array,
  shape: readonly number[],
  start: number,
  count: number,
): Kernel3 {
  const [out, inner, z, y, x] = shape as [number, number, number, number, number];
  const volume = z * y * x;
  const values = new Float32Array(out * count * volume);
  for (let o = 0; o < out; o++) {
    const from = (o * inner + start) * volume;
    values.set(weights.subarray(from, from + count * volume), o * count * volume);
  }
  return { values, dims: [out, count, z, y, x] };
}

/** Cuts input channels out of a transposed convolution's weights (in, out, z, y, x); returns (out, in, z, y, x). */
export function transposedKernelPart(
  weights: Float32Array,
  shape: readonly number[],
  start: number,
  count: number,
): Kernel3 {
  const [, out, z, y, x] = shape as [number, number, number, number, number];
  const volume = z * y * x;
  const values = new Float32Array(out * count * volume);
  for (let o = 0; o < out; o++)
    for (let i = 0; i < count; i++) {
      const from = ((start + i) * out + o) * volume;
      values.set(weights.subarray(from, from + volume), (o * count + i) * volume);
    }
  return { values, dims: [out, count, z, y, x] };
}

/** Weights (out, in, planes, y, x); a plane holds the weights from one input slice to one output slice. */
export interface SliceKernel {
  readonly values: Float32Array;
  readonly out: number;
  readonly inner: number;
  readonly planes: number;
  readonly y: number;
  readonly x: number;
}

/**
 * One read of a convolution: the output channels that begin at `lane` read, through a plane of the kernel, the slice
 * `from` slices after the image's first.
 */
export interface SliceRead {
  readonly lane: number;
  readonly from: number;
  readonly plane: number;
}

/** Layout of the input: images of `slices` slices in `lanes` lanes of (slice, channel). */
interface InputLanes {
  readonly slices: number;
  readonly lanes: number;
}

/** A kernel over whole images, (output lanes, offsets·input lanes, y, x), and the offsets of the images it reads. */
interface ImageKernel {
  readonly values: Float32Array;
  readonly outLanes: number;
  readonly inLanes: number;
  readonly offsets: readonly number[];
  readonly y: number;
  readonly x: number;
}

/** Expands a kernel of slices to one of images: planes go to the lanes of their slices, zeros elsewhere. */
export function imageKernel(
  kernel: SliceKernel,
  reads: readonly SliceRead[],
  input: InputLanes,
  outLanes: number,
): ImageKernel {
  const { values, out, inner, planes, y, x } = kernel;
  const imageOf = ({ from }: SliceRead): number => Math.floor(from / input.slices);
  const offsets = [...new Set(reads.map(imageOf))].sort((a, b) => a - b);
  const inLanes = offsets.length * input.lanes;
  const area = y * x;
  const expanded = new Float32Array(outLanes * inLanes * area);
  for (const read of reads) {
    const image = imageOf(read);
    const slice = read.from - image * input.slices;
    const firstIn = offsets.indexOf(image) * input.lanes + slice * inner;
    for (let o = 0; o < out; o++)
      for (let i = 0; i < inner; i++) {
        const from = ((o * inner + i) * planes + read.plane) * area;
        const to = ((read.lane + o) * inLanes + firstIn + i) * area;
        for (let at = 0; at < area; at++) expanded[to + at]! += values[from + at]!;
      }
  }
  return { values: expanded, outLanes, inLanes, offsets, y, x };
}

/**
 * Reorders a kernel (out, in, y, x) to (out/B, in/B, y, x, B in, B out); for a plain input, which has fewer channels than
 * a block, to (out/B, in, y, x, B out).
 */
export function blockedOrder(
  { values, outLanes, inLanes, y, x }: ImageKernel,
  block: number,
  isInputBlocked: boolean,
): Float32Array {
  const inBlock = isInputBlocked ? block : 1;
  const area = y * x;
  const ordered = new Float32Array(values.length);
  let to = 0;
  for (let outer = 0; outer < outLanes; outer += block)
    for (let group = 0; group < inLanes; group += inBlock)
      for (let at = 0; at < area; at++)
        for (let i = group; i < group + inBlock; i++)
          for (let o = outer; o < outer + block; o++) ordered[to++] = values[(o * inLanes + i) * area + at]!;
  return ordered;
}
