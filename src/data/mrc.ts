import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf, PickbenchError } from "../errors.js";
import { type Angstrom, angstrom } from "../units.js";
import type { Shape3, Volume } from "../volume.js";
import { halfToFloat } from "./halfFloat.js";
import { type MrcHeader, mrcHeaderSize, parseMrcHeader } from "./mrcHeader.js";

/**
 * Reads an MRC2014 or CCP4 map, plain or gzipped: modes 0, 1, 2, 6 and 12, either byte order, any axis order, with
 * extended header.
 *
 * @param options.spacing Å per voxel where the header has none
 * @throws BadDataset where the file is short or its header makes no sense, Unsupported for complex and packed modes,
 * NotFinite at the first voxel that is NaN or infinite.
 */
export async function readMrc(path: string, options: { spacing?: Angstrom } = {}): Promise<Volume> {
  const stream = await contentOf(path);
  try {
    return await readStream(path, stream, options.spacing);
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw new PickbenchError("BadDataset", `${path}: cannot be read: ${messageOf(error)}`, {
      path,
      cause: error,
    });
  } finally {
    stream.destroy();
  }
}

/** The file's bytes, unpacked where it is gzipped. */
async function contentOf(path: string): Promise<Readable> {
  const start = Buffer.alloc(3);
  try {
    const handle = await open(path);
    await handle.read(start, 0, 3, 0).finally(() => handle.close());
  } catch (error) {
    throw new PickbenchError("BadDataset", `${path}: cannot be read: ${messageOf(error)}`, {
      path,
      cause: error,
    });
  }
  if (start.toString("latin1") === "BZh")
    throw new PickbenchError("Unsupported", `${path}: packed with bzip2; unpack it with bunzip2 first`, {
      path,
    });
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  if (start[0] !== 0x1f || start[1] !== 0x8b) return file;
  const unpacked = createGunzip();
  file.on("error", (error) => unpacked.destroy(error));
  return file.pipe(unpacked);
}

async function readStream(path: string, stream: Readable, spacing: Angstrom | undefined): Promise<Volume> {
  let header: MrcHeader | undefined;
  let values: Float32Array | undefined;
  let pending: Buffer = Buffer.alloc(0);
  let skip = 0;
  let filled = 0;
  for await (const block of stream) {
    pending = pending.length === 0 ? (block as Buffer) : Buffer.concat([pending, block as Buffer]);
    if (!header) {
      if (pending.length < mrcHeaderSize) continue;
      header = parseMrcHeader(path, pending);
      values = new Float32Array(header.counts[0] * header.counts[1] * header.counts[2]);
      skip = mrcHeaderSize + header.extendedSize;
    }
    const passed = Math.min(skip, pending.length);
    skip -= passed;
    pending = pending.subarray(passed);
    const whole = Math.min(Math.floor(pending.length / header.bytesPerValue), values!.length - filled);
    const bytes = pending.subarray(0, whole * header.bytesPerValue);
    values!.set(valuesOf(header, bytes), filled);
    filled += whole;
    pending = pending.subarray(bytes.length);
    if (filled === values!.length) break;
  }
  if (!header || !values || filled < values.length)
    throw new PickbenchError(
      "BadDataset",
      header
        ? `${path}: ends after ${filled} of ${values!.length} voxels; copy it again`
        : `${path}: ${pending.length} bytes; an MRC header alone has ${mrcHeaderSize}`,
      { path },
    );
  return volumeOf(path, header, values, spacing);
}

/** Numbers of a block of whole values. */
function valuesOf({ mode, littleEndian, unsignedBytes }: MrcHeader, block: Buffer): ArrayLike<number> {
  if (mode === 0)
    return unsignedBytes ? block : new Int8Array(block.buffer, block.byteOffset, block.byteLength);
  const bytes = Buffer.from(block);
  if (!littleEndian) mode === 2 ? bytes.swap32() : bytes.swap16();
  const owned = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  if (mode === 1) return new Int16Array(owned);
  if (mode === 2) return new Float32Array(owned);
  return mode === 6 ? new Uint16Array(owned) : halfToFloat(new Uint16Array(owned));
}

function volumeOf(
  path: string,
  header: MrcHeader,
  stored: Float32Array,
  fallback: Angstrom | undefined,
): Volume {
  const { data, shape } = inAxisOrder(header, stored);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const at = [
      Math.floor(bad / (shape[1] * shape[2])),
      Math.floor(bad / shape[2]) % shape[1],
      bad % shape[2],
    ];
    throw new PickbenchError(
      "NotFinite",
      `${path}: voxel z,y,x = ${at.join(",")} is ${data[bad]}; mask the map again`,
      {
        path,
      },
    );
  }
  const [x, y, z] = header.voxelSize ?? [fallback, fallback, fallback];
  if (x === undefined || y === undefined || z === undefined)
    throw new PickbenchError(
      "BadDataset",
      `${path}: the header gives no voxel size (cell or sampling is 0); write it into the header or give it in Å`,
      { path },
    );
  return { data, shape, spacing: [angstrom(z), angstrom(y), angstrom(x)] };
}

/** Voxels as z, y, x, from columns, rows and sections along whichever axes the header names. */
function inAxisOrder(
  { counts, axes }: MrcHeader,
  stored: Float32Array,
): { data: Float32Array; shape: Shape3 } {
  const sizeAlong = (axis: number) => counts[axes.indexOf(axis)]!;
  const shape: Shape3 = [sizeAlong(3), sizeAlong(2), sizeAlong(1)];
  if (axes[0] === 1 && axes[1] === 2) return { data: stored, shape };
  const strideAlong = (axis: number) => [1, shape[2], shape[2] * shape[1]][axis - 1]!;
  const [columnStride, rowStride, sectionStride] = axes.map(strideAlong) as [number, number, number];
  const data = new Float32Array(stored.length);
  let from = 0;
  for (let section = 0; section < counts[2]; section++)
    for (let row = 0; row < counts[1]; row++)
      for (let column = 0; column < counts[0]; column++)
        data[section * sectionStride + row * rowStride + column * columnStride] = stored[from++]!;
  return { data, shape };
}
