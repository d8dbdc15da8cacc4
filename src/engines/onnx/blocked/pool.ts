import type { Shape3 } from "../../../volume.js";
import { type Emitter, int, ints, type Tensor } from "../emitter.js";
import { nchwc } from "../imageConvolution.js";
import { type BlockedMap, imageDims } from "./map.js";

const kinds = {
  average: { pool: "AveragePool", reduce: "ReduceMean" },
  largest: { pool: "MaxPool", reduce: "ReduceMax" },
} as const;

/** Mean or largest of windows that do not overlap, of maps with one slice an image. */
export function poolBlocked(
  e: Emitter,
  kind: keyof typeof kinds,
  map: BlockedMap,
  [fz, fy, fx]: Shape3,
): BlockedMap {
  const { images, lanes, y, x } = imageDims(map);
  const { pool, reduce } = kinds[kind];
  const window = [ints("kernel_shape", [fy, fx]), ints("strides", [fy, fx]), ints("pads", [0, 0, 0, 0])];
  const flat: Tensor =
    fy * fx === 1 ? map.tensor : e.op(pool, [map.tensor], [images, lanes, y / fy, x / fx], window, nchwc);
  if (fz === 1) return { ...map, tensor: flat };
  const [, , height, width] = flat.dims as [number, number, number, number];
  const groups = e.reshape(flat, [images / fz, fz, lanes * height * width]);
  const attributes = [ints("axes", [1]), int("keepdims", 1)];
  const merged = e.op(reduce, [groups], [images / fz, 1, lanes * height * width], attributes);
  return { ...map, tensor: e.reshape(merged, [images / fz, lanes, height, width]) };
}
