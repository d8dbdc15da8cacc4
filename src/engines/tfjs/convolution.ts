/** Convolutions and transposed convolutions in TensorFlow.js, with strides, dilations and groups. */
import type { Rank, Tensor2D, Tensor4D, Tensor5D } from "@tensorflow/tfjs-core";
import type { Shape3 } from "../../domain/volume.js";
import { type OperationOf, paddingBefore } from "../../nets/value.js";
import type { TensorFlow } from "./backend.js";
import {
  everyNth,
  foldIntoSamples,
  interleave,
  type Map5,
  part,
  spatialAxes,
  unfoldFromSamples,
  voxelsOf,
} from "./maps.js";

type Convolution = Pick<OperationOf<"convolution">, "kernel" | "stride" | "dilation" | "groups">;
type Transposed = Pick<OperationOf<"transposedConvolution">, "kernel" | "stride">;

const isOne = (steps: Shape3): boolean => steps.every((step) => step === 1);

/** Reorders PyTorch's (out, in, z, y, x), or (in, out, z, y, x) if `transposed`, to TensorFlow's (z, y, x, in, out). */
function kernelOf(tf: TensorFlow, weight: Tensor5D, transposed: boolean): Tensor5D {
  return tf.transpose(weight, transposed ? [2, 3, 4, 0, 1] : [2, 3, 4, 1, 0]);
}

/**
 * Convolves x with a kernel (out, in / groups, z, y, x) by TensorFlow's own 3-D convolution, or its 2-D depthwise one.
 * TensorFlow.js has no gradient of a dilated convolution: the voxels of each remainder modulo the dilation become samples
 * of their own, which are convolved without dilation.
 */
export function convolve(tf: TensorFlow, x: Map5, weight: Tensor5D, operation: Convolution): Map5 {
  const { groups, stride, dilation } = operation;
  const depthwise = groups > 1 && groups === x.shape[4] && groups === weight.shape[0];
  if (groups > 1 && !depthwise) return grouped(tf, x, weight, operation);
  const kernel = kernelOf(tf, weight, false);
  const direct = isOne(dilation) && !depthwise;
  if (direct) return tf.conv3d(padded(tf, x, operation), kernel, tuple(stride), "valid");

  const taps = { ...operation, stride: [1, 1, 1] as const };
  let folded = padded(tf, x, taps);
  spatialAxes.forEach((axis, at) => {
    folded = foldIntoSamples(tf, folded, axis, dilation[at]!);
  });
  let output = depthwise ? depthwiseValid(tf, folded, kernel) : tf.conv3d(folded, kernel, 1, "valid");
  const size = voxelsOf(x);
  for (const at of [2, 1, 0] as const) {
    const axis = spatialAxes[at];
    const unfolded = unfoldFromSamples(tf, output, axis, dilation[at]);
    output = everyNth(tf, part(tf, unfolded, axis, 0, size[at]), axis, stride[at]);
  }
  return output;
}

function grouped(tf: TensorFlow, x: Map5, weight: Tensor5D, operation: Convolution): Map5 {
  const { groups } = operation;
  const inputs = tf.split<Tensor5D>(x, groups, 4);
  const kernels = tf.split<Tensor5D>(weight, groups, 0);
  const alone = { ...operation, groups: 1 };
  return tf.concat(
    inputs.map((input, group) => convolve(tf, input, kernels[group]!, alone)),
    4,
  );
}

/** Convolves each channel with its own kernel, (z, y, x, 1, channel): for each tap along z the slices in 2-D, summed. */
function depthwiseValid(tf: TensorFlow, x: Map5, kernel: Tensor5D): Map5 {
  const [kz, ky, kx, , channels] = kernel.shape;
  const [samples, depth, height, width] = x.shape;
  const outputDepth = depth - kz + 1;
  const terms = Array.from({ length: kz }, (_, tap) => {
    const slices = tf.reshape<Rank.R4>(part(tf, x, 1, tap, outputDepth), [
      samples * outputDepth,
      height,
      width,
      channels,
    ]);
    const plane = tf.reshape<Rank.R4>(part(tf, kernel, 0, tap, 1), [ky, kx, channels, 1]);
    return tf.depthwiseConv2d<Tensor4D>(slices, plane, 1, "valid");
  });
  const sum = terms.reduce((a, b) => tf.add(a, b));
  return tf.reshape(sum, [samples, outputDepth, height - ky + 1, width - kx + 1, channels]);
}

/** Pads x with the zeros that its convolution reads, and up to a multiple of the dilation. */
function padded(tf: TensorFlow, x: Map5, { kernel, stride, dilation }: Omit<Convolution, "groups">): Map5 {
  const margins = voxelsOf(x).map((size, at): [number, number] => {
    const before = paddingBefore(kernel[at]!, dilation[at]!);
    const reach = (size / stride[at]! - 1) * stride[at]! + dilation[at]! * (kernel[at]! - 1) + 1;
    const whole = Math.ceil(Math.max(reach, size + before) / dilation[at]!) * dilation[at]!;
    return [before, whole - before - size];
  });
  return pad(tf, x, margins);
}

function pad(tf: TensorFlow, x: Map5, margins: readonly [number, number][]): Map5 {
  if (margins.every(([before, after]) => before === 0 && after === 0)) return x;
  return tf.pad(x, [[0, 0], ...margins, [0, 0]]);
}

const tuple = ([z, y, x]: Shape3): [number, number, number] => [z, y, x];

/** The taps of one axis that reach the outputs of one remainder modulo the stride, and the inputs they read. */
interface Phase {
  /** Taps in the order of the inputs that they are multiplied with. */
  readonly taps: readonly number[];
  /** Offset of the first tap: output q·stride + remainder reads from input q + start on. */
  readonly start: number;
}

type Phases = readonly [Phase, Phase, Phase];

/** Returns the phases of y(o) = Σ x(i)·w(k) over o = i·stride + k − before, sorted by the remainder of o. */
function phasesOf(kernel: number, stride: number): Phase[] {
  const before = paddingBefore(kernel);
  return Array.from({ length: stride }, (_, remainder) => {
    const taps = Array.from({ length: kernel }, (_, tap) => tap)
      .filter((tap) => (remainder + before - tap) % stride === 0)
      .reverse();
    return { taps, start: taps.length === 0 ? 0 : (remainder + before - taps[0]!) / stride };
  });
}

/**
 * Writes the transposed convolution of x with a kernel (in, out, z, y, x): the outputs of each remainder modulo the stride
 * are a convolution of their own, with the taps that reach them.
 */
export function convolveTransposed(
  tf: TensorFlow,
  x: Map5,
  weight: Tensor5D,
  { kernel, stride }: Transposed,
): Map5 {
  const [channels, outputs] = weight.shape;
  const rows = tf.reshape(kernelOf(tf, weight, true), [kernel[0] * kernel[1] * kernel[2], channels, outputs]);
  const taps = tf.unstack(rows) as Tensor2D[];
  const [alongZ, alongY, alongX] = spatialAxes.map((_, at) => phasesOf(kernel[at]!, stride[at]!)) as [
    Phase[],
    Phase[],
    Phase[],
  ];
  const of = (phases: Phases) => phase(tf, x, taps, kernel, phases);
  const planes = alongZ.map((z) => {
    const lines = alongY.map((y) =>
      interleave(
        tf,
        alongX.map((each) => of([z, y, each])),
        3,
      ),
    );
    return interleave(tf, lines, 2);
  });
  return interleave(tf, planes, 1);
}

/** Computes the outputs of one remainder along each axis, a map of the input's size; `taps` are (in, out), z-major. */
function phase(tf: TensorFlow, x: Map5, taps: readonly Tensor2D[], [, ky, kx]: Shape3, phases: Phases): Map5 {
  const [z, y, width] = phases;
  const chosen = z.taps.flatMap((tz) =>
    y.taps.flatMap((ty) => width.taps.map((tx) => taps[(tz * ky + ty) * kx + tx]!)),
  );
  const [channels, outputs] = taps[0]!.shape;
  if (chosen.length === 0) {
    const [samples, ...size] = x.shape;
    return tf.zeros<Rank.R5>([samples, size[0], size[1], size[2], outputs]);
  }
  const size = [z.taps.length, y.taps.length, width.taps.length] as const;
  const kernel = tf.reshape<Rank.R5>(tf.stack(chosen), [...size, channels, outputs]);
  return tf.conv3d(reached(tf, x, phases), kernel, 1, "valid");
}

/** Cuts and pads x to the inputs that the outputs of one remainder along each axis read. */
function reached(tf: TensorFlow, x: Map5, phases: Phases): Map5 {
  const margins = phases.map(({ taps, start }): [number, number] => [
    Math.max(0, -start),
    Math.max(0, start + taps.length - 1),
  ]);
  return phases.reduce(
    (input, { taps, start }, at) => {
      const axis = spatialAxes[at]!;
      return part(tf, input, axis, Math.max(0, start), x.shape[axis] + taps.length - 1);
    },
    pad(tf, x, margins),
  );
}
