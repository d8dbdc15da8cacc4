/** Lowering rules of pooling by means, upsampling, and neighbouring slices as channels, with their gradients. */
import { product } from "../../../domain/numbers.js";
import type { Shape3 } from "../../../domain/volume.js";
import { type AxisMatrix, alongAxis, axisMatrix, transposed, voxelAxes } from "../convolution/alongAxis.js";
import { asImages, channelAxis, mapDims, stackSlices } from "../convolution/zMajor.js";
import { type Emitter, ints, type Tensor, text } from "../graph/emitter.js";
import { unary } from "./rule.js";

function average(e: Emitter, x: Tensor, [fz, fy, fx]: Shape3): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const dims = [samples, z / fz, channels, y / fy, width / fx];
  const window = [ints("kernel_shape", [fy, fx]), ints("strides", [fy, fx])];
  const images =
    fy * fx === 1
      ? asImages(e, x)
      : e.op("AveragePool", [asImages(e, x)], [samples * z, channels, y / fy, width / fx], window);
  if (fz === 1) return e.reshape(images, dims);
  const groups = e.reshape(images, [(samples * z) / fz, fz, (channels * y * width) / (fy * fx)]);
  return e.reshape(e.scale(e.sum(groups, [1]), 1 / fz), dims);
}

function repeat(e: Emitter, x: Tensor, [fz, fy, fx]: Shape3): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const images = asImages(e, x);
  const scales = e.floats(Float32Array.of(1, 1, fy, fx), [4], `scales:${fy}:${fx}`);
  const attributes = [
    text("mode", "nearest"),
    text("coordinate_transformation_mode", "asymmetric"),
    text("nearest_mode", "floor"),
  ];
  const wide =
    fy * fx === 1
      ? images
      : e.op("Resize", [images, "", scales], [samples * z, channels, y * fy, width * fx], attributes);
  const dims = [samples, z * fz, channels, y * fy, width * fx];
  if (fz === 1) return e.reshape(wide, dims);
  const rows = Array.from({ length: samples * z * fz }, (_, row) => Math.floor(row / fz));
  return e.reshape(e.gather(wide, 0, rows), dims);
}

export const averagePool = unary<"averagePool">(
  (e, x, { factor }) => average(e, x, factor),
  (e, { gradient }, { factor }) => e.scale(repeat(e, gradient, factor), 1 / product(factor)),
);

export const upsampleNearest = unary<"upsampleNearest">(
  (e, x, { factor }) => repeat(e, x, factor),
  (e, { gradient }, { factor }) => e.scale(average(e, gradient, factor), product(factor)),
);

/**
 * Builds the matrix of linear upsampling: weights of the two nearest voxels' centres, the border voxel repeated outside
 * (PyTorch's align_corners=False).
 */
const linear = (size: number, factor: number): AxisMatrix =>
  axisMatrix(size * factor, size, (row, add) => {
    const at = Math.max(0, (row + 0.5) / factor - 0.5);
    const low = Math.floor(at);
    add(low, 1 - (at - low));
    add(Math.min(low + 1, size - 1), at - low);
  });

export const upsampleLinear = unary<"upsampleLinear">(
  (e, x, { factor }) => {
    const step = (map: Tensor, at: number): Tensor => {
      const axis = voxelAxes[at]!;
      return factor[at] === 1 ? map : alongAxis(e, map, axis, linear(map.dims[axis]!, factor[at]!));
    };
    return [0, 1, 2].reduce(step, x);
  },
  (e, { gradient }, { factor }) => {
    const step = (map: Tensor, at: number): Tensor => {
      const axis = voxelAxes[at]!;
      const coarse = map.dims[axis]! / factor[at]!;
      return factor[at] === 1 ? map : alongAxis(e, map, axis, transposed(linear(coarse, factor[at]!)));
    };
    return [2, 1, 0].reduce(step, gradient);
  },
);

/** Neighbouring slices as channels; the gradient sums, for every slice, over the places where it was stacked. */
export const neighbourSlices = unary<"neighbourSlices">(
  (e, x, { count }) => {
    const { samples, z, channels, y, x: width } = mapDims(x);
    return e.reshape(stackSlices(e, x, count, (count - 1) / 2, 1, z), [
      samples,
      z,
      count * channels,
      y,
      width,
    ]);
  },
  (e, { x, gradient }, { count }) => {
    const { z, channels } = mapDims(x);
    return Array.from({ length: count }, (_, tap) => {
      const seen = e.slice(gradient, channelAxis, tap * channels, (tap + 1) * channels);
      return e.reshape(stackSlices(e, seen, 1, tap - (count - 1) / 2, 1, z), x.dims);
    }).reduce((sum, part) => e.add(sum, part));
  },
);
