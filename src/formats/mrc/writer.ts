/** Writer of MRC2014 files, by slabs, with density statistics, extended header and gzip. */
import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { beside, replaced, type Unfinished } from "../../system/paths/replacing.js";
import { encodeVoxels, type SlabWriter, unwritable, type VoxelType } from "../voxelTypes.js";
import { type MrcMode, type MrcStatistics, mrcHeaderBytes, mrcHeaderSize, mrcModeBytes } from "./header.js";

/** Sizes and header fields of an MRC file to be written. */
export interface MrcOptions {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Mode, by default 2 (float32); values of mode 4 are pairs of real and imaginary part. */
  readonly mode?: MrcMode;
  readonly littleEndian?: boolean;
  /** Count of volumes; more than one make a stack (space group 401). */
  readonly volumes?: number;
  /** Origin in Å along x, y, z; `start` is the first column, row and section in the unit cell. Both are 0 by default. */
  readonly origin?: readonly [number, number, number];
  readonly start?: readonly [number, number, number];
  readonly extended?: { readonly type: string; readonly bytes: Uint8Array };
}

const voxelTypeOfMode: Readonly<Record<MrcMode, VoxelType>> = {
  0: "int8",
  1: "int16",
  2: "float32",
  4: "float32",
  6: "uint16",
  12: "float16",
};

/** The mode that holds every value of a type; no mode holds unsigned bytes, so they become 16 bits. */
export const mrcModeOf: Readonly<Record<VoxelType, MrcMode>> = {
  float32: 2,
  float16: 12,
  int8: 0,
  uint8: 6,
  int16: 1,
  uint16: 6,
};

const label = "pickbench";

/**
 * Writes an MRC2014 file by slabs, columns along x and sections along z, gzipped where the name ends in .gz. The file is
 * written beside its path and renamed to it by `close`. Equal values make equal bytes.
 *
 * @throws PickbenchError Unsupported where the name ends in .bz2, BadUsage where the file cannot be written
 */
export async function createMrc(path: string, options: MrcOptions): Promise<SlabWriter> {
  if (path.endsWith(".bz2"))
    throw new PickbenchError("Unsupported", `${path}: bzip2 is read, not written; name it .mrc or .mrc.gz`, {
      path,
    });
  try {
    const unfinished = await beside(path);
    return new MrcWriter(path, unfinished, await open(unfinished.partial, "w"), options);
  } catch (error) {
    throw unwritable(path, error);
  }
}

class MrcWriter implements SlabWriter {
  readonly #path: string;
  readonly #unfinished: Unfinished;
  readonly #file: FileHandle;
  readonly #options: MrcOptions;
  readonly #mode: MrcMode;
  readonly #planeValues: number;
  /** Index along z of each volume's next plane. */
  readonly #next: number[];
  readonly #statistics = new Statistics();

  constructor(path: string, unfinished: Unfinished, file: FileHandle, options: MrcOptions) {
    this.#path = path;
    this.#unfinished = unfinished;
    this.#file = file;
    this.#options = options;
    this.#mode = options.mode ?? 2;
    this.#planeValues = options.shape[1] * options.shape[2] * (this.#mode === 4 ? 2 : 1);
    this.#next = new Array<number>(options.volumes ?? 1).fill(0);
  }

  async writeSlab(zStart: number, values: Float32Array, volume = 0): Promise<void> {
    const { shape, littleEndian = true } = this.#options;
    const next = this.#next[volume];
    const planes = values.length / this.#planeValues;
    if (next !== zStart || !Number.isInteger(planes) || planes === 0 || zStart + planes > shape[0])
      throw new RangeError(
        `slab of ${planes} planes at z = ${zStart} of volume ${volume} in ${this.#path}; wanted whole ones from ${next} to ${shape[0]}`,
      );
    const bytes = Buffer.from(
      encodeVoxels(this.#path, voxelTypeOfMode[this.#mode], values).buffer as ArrayBuffer,
    );
    if (!littleEndian) this.#swap(bytes);
    this.#statistics.add(values);
    const planeBytes = shape[1] * shape[2] * mrcModeBytes[this.#mode];
    const at = this.#dataStart + (volume * shape[0] + zStart) * planeBytes;
    try {
      for (let done = 0; done < bytes.length; )
        done += (await this.#file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    this.#next[volume] = zStart + planes;
  }

  async close(): Promise<void> {
    const short = this.#next.findIndex((next) => next !== this.#options.shape[0]);
    if (short >= 0) throw new RangeError(`${this.#path}: volume ${short} ends at z = ${this.#next[short]}`);
    try {
      await this.#file.write(this.#header(), 0, mrcHeaderSize, 0);
      const { extended } = this.#options;
      if (extended && extended.bytes.length > 0)
        await this.#file.write(extended.bytes, 0, extended.bytes.length, mrcHeaderSize);
      await this.#file.sync();
      await this.#file.close();
      if (!this.#path.endsWith(".gz")) return await this.#unfinished.finish();
      const { partial } = this.#unfinished;
      await replaced(this.#path, (packed) =>
        pipeline(createReadStream(partial), createGzip(), createWriteStream(packed)),
      );
      await this.#unfinished.discard();
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }

  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await this.#unfinished.discard();
  }

  get #dataStart(): number {
    return mrcHeaderSize + (this.#options.extended?.bytes.length ?? 0);
  }

  #swap(bytes: Buffer): void {
    if (this.#mode === 2 || this.#mode === 4) bytes.swap32();
    else if (this.#mode !== 0) bytes.swap16();
  }

  #header(): Buffer {
    const { shape, spacing, littleEndian = true, origin, start, extended } = this.#options;
    const volumes = this.#next.length;
    return mrcHeaderBytes({
      mode: this.#mode,
      littleEndian,
      counts: [shape[2], shape[1], shape[0] * volumes],
      voxelSize: [spacing[2], spacing[1], spacing[0]],
      volumes,
      start: start ?? [0, 0, 0],
      origin: origin ?? [0, 0, 0],
      extendedSize: extended?.bytes.length ?? 0,
      extendedType: extended?.type ?? "",
      label,
      statistics: this.#mode === 4 ? undetermined : this.#statistics.result(),
    });
  }
}

/** MRC2014's marks of statistics that were not computed. */
const undetermined: MrcStatistics = { least: 0, greatest: -1, mean: -2, deviation: -1 };

/** Running least, greatest, mean and standard deviation, by sums of distances from the first value. */
class Statistics {
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;
  #first: number | undefined;
  #count = 0;
  #sum = 0;
  #squares = 0;

  add(values: Float32Array): void {
    this.#first ??= values[0]!;
    for (const value of values) {
      if (value < this.#least) this.#least = value;
      if (value > this.#greatest) this.#greatest = value;
      const distance = value - this.#first;
      this.#sum += distance;
      this.#squares += distance * distance;
    }
    this.#count += values.length;
  }

  result(): MrcStatistics {
    const distance = this.#sum / this.#count;
    const variance = Math.max(0, this.#squares / this.#count - distance * distance);
    return {
      least: this.#least,
      greatest: this.#greatest,
      mean: this.#first! + distance,
      deviation: Math.sqrt(variance),
    };
  }
}
