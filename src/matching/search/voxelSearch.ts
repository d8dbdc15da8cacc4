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
  readonly #places: Int32Array;
  /** Distances of the places in the tomogram's memory. */
  readonly #steps: Int32Array;
  readonly #reach: number;
  readonly #surroundings: Float32Array;
  readonly #templates: Float32Array;
  readonly #inverse: Float32Array;
  #first = 0;
  #count = 0;

  constructor(session: Session, voxels: Int32Array, kernels: Kernels, job: SearchJob) {
    const { places, reach } = kernels.support;
    const [, ny, nx] = job.shape;
    const count = places.length / 3;
    this.#session = session;
    this.group = productGroup(job.rotations.length / 9);
    this.#voxels = voxels;
    this.#job = job;
    this.#places = places;
    this.#reach = reach;
    this.#steps = Int32Array.from(
      { length: count },
      (_, at) => (places[3 * at]! * ny + places[3 * at + 1]!) * nx + places[3 * at + 2]!,
    );
    this.best = noBest(voxels.length);
    this.#surroundings = new Float32Array(count * productVoxels);
    this.#templates = new Float32Array(count * this.group);
    this.#inverse = this.#deviations(kernels.pair([1, 0, 0, 0, 1, 0, 0, 0, 1], undefined)[0].mask);
  }

  async take(at: number, kernels: readonly [Kernel, Kernel | undefined]): Promise<number> {
    if (this.#count === 0) this.#first = at;
    for (const kernel of kernels)
      if (kernel) this.#templates.set(kernel.values, this.#steps.length * this.#count++);
    return 0;
  }

  async flush(): Promise<[number, number][]> {
    const squares = new Float64Array(this.#count);
    for (let from = 0; from < this.#voxels.length; from += productVoxels) {
      this.#gather(from);
      const { products } = await uninterrupted(() =>
        this.#session.run({
          surroundings: { data: this.#surroundings, dims: [productVoxels, this.#steps.length] },
          templates: { data: this.#templates, dims: [this.group, this.#steps.length] },
        }),
      );
      this.#compare(from, products!.data, squares);
    }
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
    for (let voxel = 0; voxel < count; voxel++)
      this.#copy(this.#voxels[from + voxel]!, voxel * this.#steps.length);
  }

  #copy(voxel: number, to: number): void {
    const { volume, shape } = this.#job;
    const [nz, ny, nx] = shape;
    const [z, y, x] = [Math.floor(voxel / (ny * nx)), Math.floor(voxel / nx) % ny, voxel % nx];
    const reach = this.#reach;
    const isInside = [z, y, x].every((at, axis) => at >= reach && at + reach < shape[axis]!);
    const steps = this.#steps;
    const row = this.#surroundings;
    if (isInside) {
      for (let at = 0; at < steps.length; at++) row[to + at] = volume[voxel + steps[at]!]!;
      return;
    }
    const places = this.#places;
    for (let at = 0; at < steps.length; at++) {
      const [pz, py, px] = [z + places[3 * at]!, y + places[3 * at + 1]!, x + places[3 * at + 2]!];
      const isOutside = pz < 0 || py < 0 || px < 0 || pz >= nz || py >= ny || px >= nx;
      row[to + at] = isOutside ? 0 : volume[voxel + steps[at]!]!;
    }
  }

  #deviations(mask: Float32Array): Float32Array {
    const inverse = new Float32Array(this.#voxels.length);
    for (const [at, voxel] of this.#voxels.entries()) {
      this.#copy(voxel, 0);
      let [mean, square] = [0, 0];
      for (let i = 0; i < mask.length; i++) {
        const weighted = mask[i]! * this.#surroundings[i]!;
        mean += weighted;
        square += weighted * this.#surroundings[i]!;
      }
      const variance = square - mean * mean;
      inverse[at] = variance > flat ? 1 / Math.sqrt(variance) : 1;
    }
    return inverse;
  }
}
