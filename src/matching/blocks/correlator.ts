/**
 * Correlation of blocks with kernels by Fourier transforms. Two real kernels a and b go through one complex transform of
 * a + ib, whose correlation with a real block has that with a as its real part and that with b as its imaginary part.
 *
 * A transform goes along x, y, then z. Along x and y only the rows that a kernel fills are transformed, and backwards only
 * those that are asked for; along z, spectra stay in pffft's own order, since they are but multiplied.
 */
import { type Shape3, voxelCount } from "../../domain/volume.js";
import { Lines, together } from "./pffft.js";

/** Real numbers at places of a cube of 2·reach + 1 voxels an edge, about its middle. */
export interface Support {
  /** Farthest place along an axis, in voxels. */
  readonly reach: number;
  /** Places, three numbers each: z, y, x from −reach to reach. */
  readonly places: Int32Array;
}

/** The rows of a block's valid part that are asked for, in rising order: index z · valid y + y of each. */
export type Rows = Int32Array;

/** Blocks of one shape, each in memory as its spectrum, and the kernel's spectrum. */
export class BlockCorrelator {
  /** Voxels of a block along z, y, x: the valid part and the reach on both sides. */
  readonly shape: Shape3;
  /** Voxels along z, y, x that a correlation is valid at. */
  readonly valid: Shape3;
  readonly #lines: Lines;
  readonly #support: Support;
  /** Where everything lies among the pairs: the kernel's spectrum (and blocks on their way), those of blocks, planes. */
  readonly #kernel: number;
  readonly #blocks: readonly number[];
  readonly #planes: number;
  readonly #columns: number;
  readonly #product: number;

  private constructor(lines: Lines, shape: Shape3, support: Support, blocks: number) {
    const [nz, ny, nx] = shape;
    const edge = 2 * support.reach;
    this.shape = shape;
    this.valid = [nz - edge, ny - edge, nx - edge];
    this.#lines = lines;
    this.#support = support;
    this.#kernel = lines.allocate(voxelCount(shape));
    this.#blocks = Array.from({ length: blocks }, () => lines.allocate(voxelCount(shape)));
    this.#planes = lines.allocate(Math.max(edge + 1, nz - edge) * ny * nx);
    this.#columns = lines.allocate(together * Math.max(nz, ny));
    this.#product = lines.allocate(together * nz);
    for (const length of new Set([nx, ny, nz, together * nz])) lines.prepare(length);
  }

  /** @param shape edges that pffft takes, each more than twice the reach @param blocks how many are held at once */
  static async open(shape: Shape3, support: Support, blocks: number): Promise<BlockCorrelator> {
    return new BlockCorrelator(await Lines.open(), shape, support, blocks);
  }

  close(): void {
    this.#lines.close();
  }

  /** Takes in a block, z slowest: real values, and imaginary ones where there are any. */
  load(block: number, real: Float32Array, imaginary?: Float32Array): void {
    const [nz, ny, nx] = this.shape;
    const { floats } = this.#lines;
    for (let at = 0, to = 2 * this.#kernel; at < real.length; at++, to += 2) {
      floats[to] = real[at]!;
      floats[to + 1] = imaginary?.[at] ?? 0;
    }
    for (let z = 0; z < nz; z++) {
      for (let y = 0; y < ny; y++) this.#lines.transform(nx, this.#kernel + (z * ny + y) * nx, "forwards");
      this.#alongY(this.#kernel + z * ny * nx, "forwards");
    }
    this.#intoColumns(this.#kernel, nz, this.#blocks[block]!);
  }

  /** Takes in kernels over the support's places, which are then correlated with blocks; the second may be absent. */
  setKernels(first: Float32Array, second?: Float32Array): void {
    const { reach, places } = this.#support;
    const [, ny, nx] = this.shape;
    const edge = 2 * reach + 1;
    const { floats } = this.#lines;
    floats.fill(0, 2 * this.#planes, 2 * (this.#planes + edge * ny * nx));
    for (let at = 0; at < first.length; at++) {
      const [z, y, x] = [reach - places[3 * at]!, reach - places[3 * at + 1]!, reach - places[3 * at + 2]!];
      const to = 2 * (this.#planes + (z * ny + y) * nx + x);
      floats[to] = first[at]!;
      if (second !== undefined) floats[to + 1] = second[at]!;
    }
    for (let z = 0; z < edge; z++) {
      for (let y = 0; y < edge; y++) this.#lines.transform(nx, this.#planes + (z * ny + y) * nx, "forwards");
      this.#alongY(this.#planes + z * ny * nx, "forwards");
    }
    this.#intoColumns(this.#planes, edge, this.#kernel);
  }

  /**
   * Correlates a block with the kernels: Σ kernel(d) · block(x + d), times the block's count of voxels, at the rows asked
   * for. `visit` receives each row with the floats of the memory, and the index of the first real part among them.
   */
  correlate(
    block: number,
    rows: Rows,
    visit: (row: number, floats: Float32Array, from: number) => void,
  ): void {
    const [, ny, nx] = this.shape;
    const [vz, vy] = this.valid;
    const margin = 2 * this.#support.reach;
    this.#outOfColumns(block, vz);
    let plane = -1;
    for (const [at, row] of rows.entries()) {
      const z = Math.floor(row / vy);
      if (z !== plane) this.#alongY(this.#planes + z * ny * nx, "backwards");
      plane = z;
      const line = this.#planes + (z * ny + margin + (row % vy)) * nx;
      this.#lines.transform(nx, line, "backwards");
      visit(at, this.#lines.floats, 2 * (line + margin));
    }
  }

  /** Transforms all columns along y of a plane that lies at `plane`. */
  #alongY(plane: number, way: "forwards" | "backwards"): void {
    const [, ny, nx] = this.shape;
    const { pairs } = this.#lines;
    const columns = this.#columns;
    for (let x = 0; x < nx; x += together) {
      for (let y = 0, from = plane + x; y < ny; y++, from += nx)
        for (let c = 0, to = columns + y; c < together; c++, to += ny) pairs[to] = pairs[from + c]!;
      for (let c = 0; c < together; c++) this.#lines.transform(ny, columns + c * ny, way);
      for (let y = 0, to = plane + x; y < ny; y++, to += nx)
        for (let c = 0, from = columns + y; c < together; c++, from += ny) pairs[to + c] = pairs[from]!;
    }
  }

  /** Transforms along z, of `count` planes followed by zeros, into columns one after another. */
  #intoColumns(planes: number, count: number, spectrum: number): void {
    const [nz, ny, nx] = this.shape;
    const { pairs } = this.#lines;
    if (planes === spectrum) throw new RangeError("a spectrum is made beside its planes");
    for (let line = 0; line < ny * nx; line += together) {
      const to = spectrum + line * nz;
      pairs.fill(0, to, to + together * nz);
      for (let z = 0, from = planes + line; z < count; z++, from += ny * nx)
        for (let c = 0; c < together; c++) pairs[to + c * nz + z] = pairs[from + c]!;
      for (let c = 0; c < together; c++)
        this.#lines.transformUnordered(nz, to + c * nz, to + c * nz, "forwards");
    }
  }

  /** Multiplies the spectra of the kernel and a block, and transforms back along z, into the valid planes alone. */
  #outOfColumns(block: number, count: number): void {
    const [nz, ny, nx] = this.shape;
    const { pairs } = this.#lines;
    const [product, margin] = [this.#product, 2 * this.#support.reach];
    for (let line = 0; line < ny * nx; line += together) {
      const from = line * nz;
      this.#lines.multiply(together * nz, this.#kernel + from, this.#blocks[block]! + from, product);
      for (let c = 0; c < together; c++)
        this.#lines.transformUnordered(nz, product + c * nz, product + c * nz, "backwards");
      for (let z = 0, to = this.#planes + line; z < count; z++, to += ny * nx)
        for (let c = 0, at = product + margin + z; c < together; c++, at += nz) pairs[to + c] = pairs[at]!;
    }
  }
}
