import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import Blosc from "numcodecs/blosc";
import { angstrom } from "../units.js";
import type { Shape3, Spacing3 } from "../volume.js";
import { arrayMetadata, type CompressorName, compressors, groupFiles } from "./omeZarrMetadata.js";

export type { CompressorName } from "./omeZarrMetadata.js";

export interface OmeZarrOptions {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Names along a leading channel axis; without them the array is z, y, x. */
  readonly channels?: readonly string[];
  /** Resolutions: each level has half the voxels of the one before along every axis, rounded up. */
  readonly levels?: number;
  /** Zarr v2 with OME-NGFF 0.4, or Zarr v3 with 0.5. */
  readonly format?: 2 | 3;
  /** Voxels of a chunk along z, y, x. */
  readonly chunkShape?: Shape3;
  readonly compressor?: CompressorName;
}

export interface OmeZarrWriter {
  /** Of level 0; slabs that start at a multiple of its depth and are as deep need no copy. */
  readonly chunkShape: Shape3;
  /**
   * Writes whole z planes, z slowest. Each channel's slabs come in order, without gaps or overlaps.
   *
   * @param values (planes, y, x) of level 0
   */
  writeSlab(zStart: number, values: Float32Array, channel?: number): Promise<void>;
  /** Moves the finished folder into its place, replacing what stood there. */
  close(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/**
 * Writes an OME-Zarr folder of float32 by slabs. Held in memory: per channel and level, the chunks' depth of planes
 * that are not yet full. Written beside its place and renamed into it by `close`; the same values give the same bytes.
 */
export async function createOmeZarr(path: string, options: OmeZarrOptions): Promise<OmeZarrWriter> {
  const { shape, spacing, channels, levels = 1, format = 2, compressor = "blosc-lz4" } = options;
  const chunkShape = smaller(options.chunkShape ?? [64, 128, 128], shape);
  const shapes = pyramid(shape, levels);
  const partial = `${path}.partial-${process.pid}-${randomBytes(3).toString("hex")}`;
  await mkdir(partial, { recursive: true });
  const spacings = shapes.map((_, level) => spacing.map((length) => angstrom(length * 2 ** level)));
  for (const [name, text] of groupFiles(format, spacings, channels))
    await writeFile(join(partial, name), text);
  const codec = Blosc.fromConfig({ id: "blosc", ...compressors[compressor] });
  const targets = await Promise.all(
    shapes.map(async (levelShape, level) => {
      const chunk = smaller(chunkShape, levelShape);
      const folder = join(partial, String(level));
      await mkdir(folder);
      const [name, text] = arrayMetadata(format, levelShape, chunk, compressor, channels?.length);
      await writeFile(join(folder, name), text);
      return { folder, shape: levelShape, chunk };
    }),
  );
  const streams = Array.from({ length: channels?.length ?? 1 }, (_, channel) => {
    const prefix = [...(format === 3 ? ["c"] : []), ...(channels ? [String(channel)] : [])];
    return targets.reduceRight<LevelStream | undefined>(
      (coarser, { folder, shape: levelShape, chunk }) =>
        new LevelStream(
          levelShape,
          chunk,
          async (at, values) => {
            const file = join(folder, ...prefix, ...at.map(String));
            await mkdir(dirname(file), { recursive: true });
            await writeFile(file, await codec.encode(new Uint8Array(values.buffer)));
          },
          coarser,
        ),
      undefined,
    )!;
  });
  return {
    chunkShape,
    async writeSlab(zStart, values, channel = 0) {
      const stream = streams[channel];
      if (!stream) throw new RangeError(`channel ${channel} of ${path}, which has ${streams.length}`);
      if (zStart !== stream.next)
        throw new RangeError(`slab at z = ${zStart} of ${path}; wanted the one at ${stream.next}`);
      await stream.push(values);
    },
    async close() {
      for (const [channel, stream] of streams.entries())
        if (stream.next !== shape[0])
          throw new RangeError(`${path}: channel ${channel} ends at z = ${stream.next} of ${shape[0]}`);
      await rm(path, { recursive: true, force: true });
      await rename(partial, path);
    },
    discard: () => rm(partial, { recursive: true, force: true }),
  };
}

const smaller = (chunk: Shape3, shape: Shape3): Shape3 => [
  Math.min(chunk[0], shape[0]),
  Math.min(chunk[1], shape[1]),
  Math.min(chunk[2], shape[2]),
];

const half = ([z, y, x]: Shape3): Shape3 => [Math.ceil(z / 2), Math.ceil(y / 2), Math.ceil(x / 2)];

function pyramid(shape: Shape3, levels: number): Shape3[] {
  const shapes = [shape];
  while (shapes.length < levels) shapes.push(half(shapes.at(-1)!));
  return shapes;
}

type WriteChunk = (at: Shape3, values: Float32Array) => Promise<void>;

/** One channel of one level: takes planes in order, cuts them into chunks, and passes their halves on. */
class LevelStream {
  /** The z of the next plane. */
  next = 0;
  readonly #shape: Shape3;
  readonly #chunk: Shape3;
  readonly #write: WriteChunk;
  readonly #coarser: LevelStream | undefined;
  #waiting: Float32Array | undefined;
  #oddPlane: Float32Array | undefined;

  constructor(shape: Shape3, chunk: Shape3, write: WriteChunk, coarser: LevelStream | undefined) {
    this.#shape = shape;
    this.#chunk = chunk;
    this.#write = write;
    this.#coarser = coarser;
  }

  /** @param values (planes, y, x) */
  async push(values: Float32Array): Promise<void> {
    const [depth, height, width] = this.#shape;
    const plane = height * width;
    const planes = values.length / plane;
    if (!Number.isInteger(planes) || planes === 0 || this.next + planes > depth)
      throw new RangeError(
        `slab of ${values.length} values at z = ${this.next}; wanted whole planes of ${height}×${width} up to z = ${depth}`,
      );
    let done = 0;
    while (done < planes) {
      const filled = this.next % this.#chunk[0];
      const rowDepth = Math.min(this.#chunk[0], depth - (this.next - filled));
      const taken = Math.min(planes - done, rowDepth - filled);
      const part = values.subarray(done * plane, (done + taken) * plane);
      const row = Math.floor(this.next / this.#chunk[0]);
      this.next += taken;
      done += taken;
      if (taken === rowDepth) {
        await this.#writeRow(row, part);
        continue;
      }
      this.#waiting ??= new Float32Array(rowDepth * plane);
      this.#waiting.set(part, filled * plane);
      if (filled + taken < rowDepth) continue;
      await this.#writeRow(row, this.#waiting);
      this.#waiting = undefined;
    }
    if (this.#coarser) await this.#halve(values, this.#coarser);
  }

  /** Cuts a row of chunks out of its planes; chunks at the edges are padded with zeros. */
  async #writeRow(row: number, planes: Float32Array): Promise<void> {
    const [, height, width] = this.#shape;
    const [chunkZ, chunkY, chunkX] = this.#chunk;
    const depth = planes.length / (height * width);
    for (let y0 = 0; y0 < height; y0 += chunkY) {
      for (let x0 = 0; x0 < width; x0 += chunkX) {
        const values = new Float32Array(chunkZ * chunkY * chunkX);
        const rows = Math.min(chunkY, height - y0);
        const columns = Math.min(chunkX, width - x0);
        for (let z = 0; z < depth; z++) {
          for (let y = 0; y < rows; y++) {
            const from = (z * height + y0 + y) * width + x0;
            values.set(planes.subarray(from, from + columns), (z * chunkY + y) * chunkX);
          }
        }
        await this.#write([row, y0 / chunkY, x0 / chunkX], values);
      }
    }
  }

  /** Passes on the means of the 2×2×2 cubes that are complete; the plane left over waits for its partner. */
  async #halve(values: Float32Array, coarser: LevelStream): Promise<void> {
    const plane = this.#shape[1] * this.#shape[2];
    const planes: Float32Array[] = this.#oddPlane ? [this.#oddPlane] : [];
    for (let at = 0; at < values.length; at += plane) planes.push(values.subarray(at, at + plane));
    const isLast = this.next === this.#shape[0];
    const pairs = isLast ? Math.ceil(planes.length / 2) : Math.floor(planes.length / 2);
    this.#oddPlane = !isLast && planes.length % 2 === 1 ? planes.at(-1)!.slice() : undefined;
    if (pairs === 0) return;
    const [, halfHeight, halfWidth] = half(this.#shape);
    const halves = new Float32Array(pairs * halfHeight * halfWidth);
    for (let pair = 0; pair < pairs; pair++)
      meanOfCubes(
        planes.slice(2 * pair, 2 * pair + 2),
        this.#shape,
        halves.subarray(pair * halfHeight * halfWidth, (pair + 1) * halfHeight * halfWidth),
      );
    await coarser.push(halves);
  }
}

/** Means of the 2×2×2 cubes of two planes, or of one; at an odd edge, of the voxels there are. */
function meanOfCubes(planes: readonly Float32Array[], [, height, width]: Shape3, out: Float32Array): void {
  const halfWidth = Math.ceil(width / 2);
  for (let y = 0; y < height; y += 2) {
    const rows = Math.min(2, height - y);
    for (let x = 0; x < width; x += 2) {
      const columns = Math.min(2, width - x);
      let sum = 0;
      for (const plane of planes)
        for (let dy = 0; dy < rows; dy++)
          for (let dx = 0; dx < columns; dx++) sum += plane[(y + dy) * width + x + dx]!;
      out[(y / 2) * halfWidth + x / 2] = sum / (planes.length * rows * columns);
    }
  }
}
