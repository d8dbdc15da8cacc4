/** Search of single voxels: the surroundings of many voxels times the templates of many rotations, as a matrix product. */
import { Emitter, int } from "../../engines/onnx/graph/emitter.js";
import { openSession, type Session } from "../../engines/onnx/session.js";
import { uninterrupted } from "../../system/threads/threads.js";
import { type BatchSearch, type Best, flat, noBest, type SearchJob } from "./best.js";
import type { Kernel, Kernels } from "./kernels.js";
import { type Batch, productGroup, productVoxels } from "./plan.js";

/** Opens the search of single voxels, of a mask that does not turn. */
export async function openVoxelSearch(
  { runs, voxels }: Extract<Batch, { kind: "voxels" }>,
  kernels: Kernels,
  job: SearchJob,
): Promise<VoxelSearch> {
  const places = kernels.support.places.length / 3;
  const group = productGroup(job.rotations.length / 9);
  const e = new Emitter();
  const surroundings = e.input("surroundings", [productVoxels, places]);
  const templates = e.input("templates", [group, places]);
  const dims = [productVoxels, group];
  e.output("products", e.op("Gemm", [surroundings, templates], dims, [int("transB", 1)]));
  const session = await openSession(e.parts(), { threads: 1, memoryPattern: false });
  return new VoxelSearch(session, voxelsOf(runs, voxels, job), kernels, job);
}

/** Indices of the runs' voxels in the tomogram. */
function voxelsOf(runs: Int32Array, count: number, { shape }: SearchJob): Int32Array {
  const voxels = new Int32Array(count);
  let to = 0;
  for (let run = 0; run < runs.length; run += 4) {
    const row = (runs[run]! * shape[1] + runs[run + 1]!) * shape[2];
    for (let x = runs[run + 2]!; x < runs[run + 3]!; x++) voxels[to++] = row + x;
  }
  return voxels;
}

/** Searches voxels, group of rotations by group. */
export class VoxelSearch implements BatchSearch {
  readonly group: number;
  readonly best: Best;
  readonly #session: Session;
  readonly #voxels: Int32Array;
  readonly #job: SearchJob;
  /** Count of places. */
  readonly #places: number;
  /** Rows of neighbouring places along x: z, y, first x, count, four numbers each, in the places' order. */
  readonly #rows: Int32Array;
  readonly #mask: Float32Array;
  readonly #surroundings: Float32Array;
  readonly #templates: Float32Array;
  /** 1/σ of each voxel, known once all surroundings were copied a first time. */
  readonly #inverse: Float32Array;
  #isKnown = false;
  #first = 0;
  #count = 0;

  constructor(session: Session, voxels: Int32Array, kernels: Kernels, job: SearchJob) {
    const { places } = kernels.support;
    this.#session = session;
    this.group = productGroup(job.rotations.length / 9);
    this.#voxels = voxels;
    this.#job = job;
    this.#places = places.length / 3;
    this.#rows = rowsOf(places);
    this.best = noBest(voxels.length);
    this.#surroundings = new Float32Array(this.#places * productVoxels);
    this.#templates = new Float32Array(this.#places * this.group);
    this.#mask = kernels.pair([1, 0, 0, 0, 1, 0, 0, 0, 1], undefined)[0].mask;
    this.#inverse = new Float32Array(voxels.length);
  }

  async take(at: number, kernels: readonly [Kernel, Kernel | undefined]): Promise<number> {
    if (this.#count === 0) this.#first = at;
    for (const kernel of kernels)
      if (kernel) this.#templates.set(kernel.values, this.#places * this.#count++);
    return 0;
  }

  async flush(): Promise<[number, number][]> {
    const squares = new Float64Array(this.#count);
    for (let from = 0; from < this.#voxels.length; from += productVoxels) {
      this.#gather(from);
      const { products } = await uninterrupted(() =>
        this.#session.run({
          surroundings: { data: this.#surroundings, dims: [productVoxels, this.#places] },
          templates: { data: this.#templates, dims: [this.group, this.#places] },
        }),
      );
      this.#compare(from, products!.data, squares);
    }
    this.#isKnown = true;
    const sums: [number, number][] = [];
    for (let at = 0; at < this.#count; at += 2)
      sums.push([this.#first + at, squares[at]! + (squares[at + 1] ?? 0)]);
    this.#count = 0;
    return sums;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #compare(from: number, products: Float32Array, squares: Float64Array): void {
    const { scores, rotations } = this.best;
    const count = Math.min(productVoxels, this.#voxels.length - from);
    for (let voxel = 0; voxel < count; voxel++) {
      const inverse = this.#inverse[from + voxel]!;
      let [best, bestAt] = [scores[from + voxel]!, -1];
      for (let at = 0, product = voxel * this.group; at < this.#count; at++, product++) {
        const score = Math.fround(products[product]! * inverse);
        squares[at]! += score * score;
        if (score > best) [best, bestAt] = [score, at];
      }
      if (bestAt < 0) continue;
      scores[from + voxel] = best;
      rotations[from + voxel] = this.#first + bestAt;
    }
  }

  /** Copies the surroundings of voxels, a row each. */
  #gather(from: number): void {
    const count = Math.min(productVoxels, this.#voxels.length - from);
    for (let voxel = 0; voxel < count; voxel++) {
      const to = voxel * this.#places;
      this.#copy(this.#voxels[from + voxel]!, to);
      if (!this.#isKnown) this.#inverse[from + voxel] = this.#inverseAt(to);
    }
  }

  /** Copies the surroundings of a voxel; 0 beyond the tomogram's faces. */
  #copy(voxel: number, to: number): void {
    const { volume, shape } = this.#job;
    const [nz, ny, nx] = shape;
    const [z, y, x] = [Math.floor(voxel / (ny * nx)), Math.floor(voxel / nx) % ny, voxel % nx];
    const [rows, into] = [this.#rows, this.#surroundings];
    for (let row = 0, at = to; row < rows.length; row += 4) {
      const [pz, py] = [z + rows[row]!, y + rows[row + 1]!];
      const first = x + rows[row + 2]!;
      const count = rows[row + 3]!;
      const from = (pz * ny + py) * nx + first;
      if (pz < 0 || py < 0 || pz >= nz || py >= ny) into.fill(0, at, at + count);
      else if (first >= 0 && first + count <= nx)
        for (let i = 0; i < count; i++) into[at + i] = volume[from + i]!;
      else
        for (let i = 0; i < count; i++)
          into[at + i] = first + i < 0 || first + i >= nx ? 0 : volume[from + i]!;
      at += count;
    }
  }

  /** Returns 1/σ under the mask of the surroundings at a place in their matrix. */
  #inverseAt(from: number): number {
    const [mask, values] = [this.#mask, this.#surroundings];
    let [mean, square] = [0, 0];
    for (let at = 0; at < mask.length; at++) {
      const weighted = mask[at]! * values[from + at]!;
      mean += weighted;
      square += weighted * values[from + at]!;
    }
    const variance = square - mean * mean;
    return variance > flat ? 1 / Math.sqrt(variance) : 1;
  }
}

/** Joins places that follow each other along x. */
function rowsOf(places: Int32Array): Int32Array {
  const rows: number[] = [];
  for (let at = 0; at < places.length; at += 3) {
    const [z, y, x] = [places[at]!, places[at + 1]!, places[at + 2]!];
    const last = rows.length - 4;
    const isNext =
      last >= 0 && rows[last] === z && rows[last + 1] === y && rows[last + 2]! + rows[last + 3]! === x;
    if (isNext) rows[last + 3]!++;
    else rows.push(z, y, x, 1);
  }
  return Int32Array.from(rows);
}
