/** Constant matrices applied along one axis of a map: linear resampling and scattering as matrix products. */
import type { Emitter, Tensor } from "../graph/emitter.js";
import { mapDims } from "./zMajor.js";

/** Axes z, y and x of a map (sample, z, channel, y, x). */
export const voxelAxes = [1, 3, 4] as const;
export type VoxelAxis = (typeof voxelAxes)[number];

/** A constant matrix that maps the `from` voxels of an axis to `to` voxels. */
export interface AxisMatrix {
  readonly to: number;
  readonly from: number;
  /** Row-major: (to, from). */
  readonly values: Float32Array;
}

/** Builds a matrix row by row: `weigh` adds weights to columns of the row. */
export function axisMatrix(
  to: number,
  from: number,
  weigh: (row: number, add: (column: number, weight: number) => void) => void,
): AxisMatrix {
  const values = new Float32Array(to * from);
  for (let row = 0; row < to; row++)
    weigh(row, (column, weight) => {
      values[row * from + column]! += weight;
    });
  return { to, from, values };
}

/** Returns the transpose of a matrix. */
export function transposed({ to, from, values }: AxisMatrix): AxisMatrix {
  return axisMatrix(from, to, (row, add) => {
    for (let column = 0; column < to; column++) add(column, values[column * from + row]!);
  });
}

/** Applies a matrix along one axis of a map as one product: ONNX Runtime's linear Resize takes ten times as long. */
export function alongAxis(e: Emitter, x: Tensor, axis: VoxelAxis, matrix: AxisMatrix): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const dims = x.dims.map((size, at) => (at === axis ? matrix.to : size));
  if (axis === 4) {
    const { to, from, values } = transposed(matrix);
    const rows = samples * z * channels * y;
    const right = e.floats(values, [to, from]);
    return e.reshape(e.op("MatMul", [e.reshape(x, [rows, width]), right], [rows, from]), dims);
  }
  const left = e.floats(matrix.values, [matrix.to, matrix.from]);
  if (axis === 3) return e.op("MatMul", [left, x], dims);
  const slab = channels * y * width;
  const product = e.op("MatMul", [left, e.reshape(x, [samples, z, slab])], [samples, matrix.to, slab]);
  return e.reshape(product, dims);
}
