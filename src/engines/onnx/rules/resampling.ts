import { type Emitter, ints, type Tensor, text } from "../emitter.js";
import { asImages, mapDims } from "../zMajor.js";
import { unary } from "./rule.js";

function average(e: Emitter, x: Tensor, [fz, fy, fx]: readonly [number, number, number]): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const dims = [samples, z / fz, channels, y / fy, width / fx];
  const window = [ints("kernel_shape", [fy, fx]), ints("strides", [fy, fx])];
  const images = e.op("AveragePool", [asImages(e, x)], [samples * z, channels, y / fy, width / fx], window);
  if (fz === 1) return e.reshape(images, dims);
  const groups = e.reshape(images, [(samples * z) / fz, fz, (channels * y * width) / (fy * fx)]);
  return e.reshape(e.scale(e.sum(groups, [1]), 1 / fz), dims);
}

function repeat(e: Emitter, x: Tensor, [fz, fy, fx]: readonly [number, number, number]): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const images = asImages(e, x);
  const scales = e.floats(Float32Array.of(1, 1, fy, fx), [4], `scales:${fy}:${fx}`);
  const attributes = [
    text("mode", "nearest"),
    text("coordinate_transformation_mode", "asymmetric"),
    text("nearest_mode", "floor"),
  ];
  const wide = e.op("Resize", [images, "", scales], [samples * z, channels, y * fy, width * fx], attributes);
  const dims = [samples, z * fz, channels, y * fy, width * fx];
  if (fz === 1) return e.reshape(wide, dims);
  const rows = Array.from({ length: samples * z * fz }, (_, row) => Math.floor(row / fz));
  return e.reshape(e.gather(wide, 0, rows), dims);
}

const volumeOf = (factor: readonly number[]): number => factor.reduce((a, b) => a * b, 1);

export const averagePool = unary<"averagePool">(
  (e, x, { factor }) => average(e, x, factor),
  (e, { gradient }, { factor }) => e.scale(repeat(e, gradient, factor), 1 / volumeOf(factor)),
);

export const upsampleNearest = unary<"upsampleNearest">(
  (e, x, { factor }) => repeat(e, x, factor),
  (e, { gradient }, { factor }) => e.scale(average(e, gradient, factor), volumeOf(factor)),
);
