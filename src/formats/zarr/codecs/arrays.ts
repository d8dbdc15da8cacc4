/** Blocks of values on their way through codecs of arrays. */
import { type NumberType, newValues, type Values } from "./numbers.js";

/** What a stage decodes to: the type and shape of a block. */
export interface ArraySpec {
  readonly type: NumberType;
  readonly shape: readonly number[];
  /** Value of what is not stored; undefined where there is none. */
  readonly fill: number | bigint | undefined;
}

/** Values: the one at a coordinate has the flat index Σ coordinate·stride. */
export interface Block {
  readonly values: Values;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** A codec from array to array. */
export interface ArrayCodec {
  readonly name: string;
  /** Returns what the codec encodes a block to. */
  encoded(spec: ArraySpec): ArraySpec;
  /**
   * Decodes a block whose last axis is the fastest, unless the codec only turns axes.
   *
   * @param spec of the decoded block
   */
  decode(block: Block, spec: ArraySpec): Block;
  /** Axes by which the codec does nothing but turn a block: encoded axis i is decoded axis `order[i]`. */
  readonly order?: readonly number[];
}

export const valueCount = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** Returns the strides of a block whose last axis is the fastest. */
export function plainStride(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) stride[axis] = stride[axis + 1]! * shape[axis + 1]!;
  return stride;
}

/** Makes a block of values whose last axis is the fastest. */
export const plainBlock = ({ shape }: ArraySpec, values: Values): Block => ({
  values,
  shape,
  stride: plainStride(shape),
});

/** Copies a block into a larger one, both of any strides. */
export function copyBlock(from: Block, into: Block, offset: number): void {
  const last = from.shape.length - 1;
  const step = (axis: number, source: number, target: number): void => {
    const [near, far, count] = [from.stride[axis]!, into.stride[axis]!, from.shape[axis]!];
    for (let i = 0; i < count; i++)
      if (axis === last) into.values[target + i * far] = from.values[source + i * near]!;
      else step(axis + 1, source + i * near, target + i * far);
  };
  step(0, 0, offset);
}

/** Returns the same block with its last axis the fastest. */
export function straightened(block: Block, type: NumberType): Block {
  const stride = plainStride(block.shape);
  if (stride.every((size, axis) => size === block.stride[axis])) return block;
  const out = { shape: block.shape, stride, values: newValues(type, valueCount(block.shape)) };
  copyBlock(block, out, 0);
  return out;
}

/** Turns axes: encoded axis i is decoded axis `order[i]`. */
export function transpose(order: readonly number[]): ArrayCodec {
  return {
    name: "transpose",
    order,
    encoded: (spec) => ({ ...spec, shape: order.map((axis) => spec.shape[axis]!) }),
    decode({ values, shape, stride }) {
      const back = (sizes: readonly number[]) => sizes.map((_, axis) => sizes[order.indexOf(axis)]!);
      return { values, shape: back(shape), stride: back(stride) };
    },
  };
}
