/** Attributes of ONNX convolutions and pools: kernel, strides, dilations and padding. */
import type { Shape3 } from "../../../domain/volume.js";
import { paddingBefore } from "../../../nets/value.js";
import { ints } from "../graph/emitter.js";
import type { Attribute } from "../graph/model.js";

interface Window {
  readonly kernel: Shape3;
  readonly stride: Shape3;
  readonly dilation?: Shape3;
}

interface AxisPadding {
  readonly before: number;
  readonly after: number;
  /** Voxels that a transposed convolution adds at its output's end. */
  readonly extra: number;
}

/**
 * Returns the padding that makes an output's size the input's divided by the stride. Convolutions and pools round their
 * output's size down, so up to stride − 1 more zeros after an axis change nothing: both sides are padded equally where
 * that is enough, as PyTorch exports it, since not every runtime takes unequal padding.
 */
function axisPadding(kernel: number, stride: number, dilation: number): AxisPadding {
  const before = paddingBefore(kernel, dilation);
  const extent = dilation * (kernel - 1) + 1;
  const slack = stride - extent + 2 * before;
  return { before, after: before - Math.min(slack, 0), extra: Math.max(slack, 0) };
}

/** Returns the attributes of a Conv, MaxPool or ConvTranspose. */
export function windowAttributes(
  { kernel, stride, dilation = [1, 1, 1] }: Window,
  transposed = false,
): Attribute[] {
  const axes = kernel.map((size, axis) => axisPadding(size, stride[axis]!, dilation[axis]!));
  const pads = [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)];
  const attributes = [ints("kernel_shape", kernel), ints("strides", stride), ints("pads", pads)];
  if (dilation.some((step) => step > 1)) attributes.push(ints("dilations", dilation));
  if (transposed)
    attributes.push(
      ints(
        "output_padding",
        axes.map(({ extra }) => extra),
      ),
    );
  return attributes;
}
