/** Voxel types of written volumes, their encoding as bytes, and the contract of writers by slabs. */
import { isPickbenchError, messageOf, PickbenchError } from "../system/errors.js";
import { floatToHalf, greatestHalf } from "./halfFloat.js";

/** Voxel types that can be written. */
export const voxelTypes = ["float32", "float16", "int8", "uint8", "int16", "uint16"] as const;
export type VoxelType = (typeof voxelTypes)[number];

interface Coding {
  readonly bytes: number;
  readonly least: number;
  readonly greatest: number;
  readonly encode: (values: Float32Array) => Uint8Array;
}

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const codings: Readonly<Record<VoxelType, Coding>> = {
  float32: { bytes: 4, least: -Infinity, greatest: Infinity, encode: (v) => bytesOf(v.slice()) },
  float16: {
    bytes: 2,
    least: -greatestHalf,
    greatest: greatestHalf,
    encode: (v) => bytesOf(floatToHalf(v)),
  },
  int8: { bytes: 1, least: -128, greatest: 127, encode: (v) => bytesOf(Int8Array.from(v, Math.round)) },
  uint8: { bytes: 1, least: 0, greatest: 255, encode: (v) => bytesOf(Uint8Array.from(v, Math.round)) },
  int16: { bytes: 2, least: -32768, greatest: 32767, encode: (v) => bytesOf(Int16Array.from(v, Math.round)) },
  uint16: { bytes: 2, least: 0, greatest: 65535, encode: (v) => bytesOf(Uint16Array.from(v, Math.round)) },
};

export const bytesPerVoxel = (type: VoxelType): number => codings[type].bytes;
/** Tells whether a type holds integers. */
export const isWhole = (type: VoxelType): boolean => !type.startsWith("float");

/**
 * Encodes values as little-endian bytes of a type, in new memory. Integer types round; float32 takes any value.
 *
 * @param path the file to be written, for the message
 * @throws PickbenchError BadDataset at the first value that the type cannot hold
 */
export function encodeVoxels(path: string, type: VoxelType, values: Float32Array): Uint8Array {
  const { least, greatest, encode } = codings[type];
  if (type === "float32") return encode(values);
  const half = isWhole(type) ? 0.5 : 0;
  for (const value of values)
    if (!(value >= least - half && value < greatest + half) && value !== greatest)
      throw new PickbenchError(
        "BadDataset",
        `${path}: a voxel is ${value}, which ${type} (${least} to ${greatest}) cannot hold; write float32, or scale the volume first`,
        { path },
      );
  return encode(values);
}

/** Makes the error of a file that cannot be written: BadUsage, with the file system's own reason. */
export const unwritable = (path: string, error: unknown): unknown =>
  isPickbenchError(error)
    ? error
    : new PickbenchError("BadUsage", `${path}: cannot be written (${messageOf(error)}); name another place`, {
        path,
        cause: error,
      });

/** Writer that takes a volume by slabs of whole z planes; its file or folder appears whole or not at all. */
export interface SlabWriter {
  /**
   * Writes whole z planes, z slowest. Each channel's slabs come in order, without gaps or overlaps.
   *
   * @param values (planes, y, x)
   * @throws RangeError where slabs do not follow one another
   */
  writeSlab(zStart: number, values: Float32Array, channel?: number): Promise<void>;
  /** Finishes the volume and moves it to its path, replacing what was there. */
  close(): Promise<void>;
  /** Removes the unfinished volume. */
  discard(): Promise<void>;
}

/** Writes a volume and finishes it; where that fails, nothing of it is left. */
export async function writeVolume(writer: SlabWriter, write: () => Promise<void>): Promise<void> {
  try {
    await write();
    await writer.close();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
