/** Weights of an ONNX model as float32 arrays by name. */
import { messageOf } from "../../../system/errors.js";
import { decodeMetadata, decodeModel, type StoredTensor } from "../graph/model.js";
import { bad, checkOneFile } from "./model.js";

/** An array of numbers with its sizes. */
interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Weights and metadata of a model. */
export interface ModelWeights {
  /** The model's stored arrays of floating-point numbers by name. */
  readonly tensors: ReadonlyMap<string, NamedArray>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads the weights of an ONNX model; numbers of other precisions become float32.
 *
 * @param path names it in errors
 * @throws PickbenchError BadExperiment where it is not a whole ONNX file, or keeps its weights in other files
 */
export function modelWeights(path: string, model: Uint8Array): ModelWeights {
  checkOneFile(path, model);
  const tensors = new Map<string, NamedArray>();
  for (const tensor of decodeModel(model)?.initializer ?? []) {
    const shape = (tensor.dims ?? []).map(Number);
    const data = valuesOf(path, tensor);
    if (!tensor.name || !data) continue;
    if (data.length !== shape.reduce((a, b) => a * b, 1))
      throw bad(
        path,
        `its array ${tensor.name} has ${data.length} numbers, wanted ${shape.join("×")}; export the network again`,
      );
    tensors.set(tensor.name, { shape, data });
  }
  return { tensors, metadata: decodeMetadata(model) };
}

/** Returns an array's values; undefined where it holds no floating-point numbers. */
function valuesOf(path: string, tensor: StoredTensor): Float32Array | undefined {
  const { dataType, rawData, floatData = [], doubleData = [], int32Data = [] } = tensor;
  const reader = readers[dataType ?? 0];
  if (!reader) return undefined;
  if (!rawData?.length) {
    if (dataType === 1) return Float32Array.from(floatData);
    return dataType === 11 ? Float32Array.from(doubleData) : Float32Array.from(int32Data, reader.ofBits!);
  }
  try {
    const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    return Float32Array.from({ length: rawData.byteLength / reader.bytes }, (_, at) =>
      reader.at(view, at * reader.bytes),
    );
  } catch (error) {
    throw bad(path, `its array ${tensor.name} cannot be read (${messageOf(error)})`, error);
  }
}

/** Value of a 16-bit float (IEEE 754 binary16) by its bits. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

const bits = new DataView(new ArrayBuffer(4));

/** Value of a bfloat16 by its bits: the upper half of a float32. */
function upperHalf(upper: number): number {
  bits.setUint32(0, (upper & 0xffff) << 16);
  return bits.getFloat32(0);
}

interface NumberReader {
  readonly bytes: number;
  readonly at: (view: DataView, offset: number) => number;
  readonly ofBits?: (bits: number) => number;
}

/** Readers of floating-point numbers by their type in onnx.proto: float, float16, double, bfloat16. */
const readers: Readonly<Record<number, NumberReader>> = {
  1: { bytes: 4, at: (view, offset) => view.getFloat32(offset, true) },
  10: { bytes: 2, at: (view, offset) => half(view.getUint16(offset, true)), ofBits: half },
  11: { bytes: 8, at: (view, offset) => view.getFloat64(offset, true) },
  16: { bytes: 2, at: (view, offset) => upperHalf(view.getUint16(offset, true)), ofBits: upperHalf },
};
