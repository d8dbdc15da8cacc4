/** Resolution pyramids, built while planes are streamed: chunks of each level, and their halves for the next. */
import type { Shape3 } from "../../domain/volume.js";
import type { Downsampling } from "./writtenMetadata.js";

type WriteChunk = (at: Shape3, values: Float32Array) => Promise<void>;

/** Returns the sizes of the next coarser level. */
export const half = ([z, y, x]: Shape3): Shape3 => [Math.ceil(z / 2), Math.ceil(y / 2), Math.ceil(x / 2)];

/** Stream of one channel of one level: takes planes in order, cuts chunks, and passes planes of half size on. */
export class LevelStream {
  /** Index along z of the next plane. */
  next = 0;
  readonly #shape: Shape3;
  readonly #chunk: Shape3;
  readonly #write: WriteChunk;
  readonly #coarser: LevelStream | undefined;
  readonly #merge: MergeCubes;
  #waiting: Float32Array | undefined;
  #oddPlane: Float32Array | undefined;

  constructor(
    { shape, chunk, downsampling }: { shape: Shape3; chunk: Shape3; downsampling: Downsampling },
    write: WriteChunk,
    coarser: LevelStream | undefined,
  ) {
    this.#shape = shape;
    this.#chunk = chunk;
    this.#write = write;
    this.#coarser = coarser;
    this.#merge = downsampling === "mean" ? meanOfCubes : firstOfCubes;
  }

  /**
   * Takes the next planes.
   *
   * @param values (planes, y, x)
   * @throws RangeError where they are not whole planes, or too many
   */
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

  /** Cuts chunks of one index along z out of their planes; chunks at the edges are padded with zeros. */
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

  /** Passes on the merged 2×2×2 cubes that are complete; an odd plane waits for its partner. */
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
      this.#merge(
        planes.slice(2 * pair, 2 * pair + 2),
        this.#shape,
        halves.subarray(pair * halfHeight * halfWidth, (pair + 1) * halfHeight * halfWidth),
      );
    await coarser.push(halves);
  }
}

type MergeCubes = (planes: readonly Float32Array[], shape: Shape3, out: Float32Array) => void;

/** Takes the first voxel of every 2×2×2 cube, so that labels are not mixed. */
const firstOfCubes: MergeCubes = ([plane], [, height, width], out) => {
  let to = 0;
  for (let y = 0; y < height; y += 2) for (let x = 0; x < width; x += 2) out[to++] = plane![y * width + x]!;
};

/** Averages the 2×2×2 cubes of two planes, or of one; at an odd edge, over the voxels there are. */
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
