/** Search of blocks by Fourier transforms. */
import type { Shape3 } from "../../domain/volume.js";
import { BlockCorrelator, type Rows } from "../blocks/correlator.js";
import type { Block } from "./area.js";
import { type BatchSearch, type Best, flat, noBest, type SearchJob } from "./best.js";
import type { Kernel, Kernels } from "./kernels.js";
import type { Batch } from "./plan.js";

/** The runs of a block, sorted by its rows. */
interface BlockRuns {
  readonly rows: Rows;
  /** For each row, the first of its runs, and one more at the end. */
  readonly firsts: Int32Array;
  /** First x within the valid part, count of voxels and place among the batch's voxels, of each run. */
  readonly runs: Int32Array;
}

/** Opens the search of a batch of blocks: loads them, and computes the local deviations where the mask does not turn. */
export async function openBlockSearch(
  { shape, blocks }: Extract<Batch, { kind: "blocks" }>,
  kernels: Kernels,
  job: SearchJob,
): Promise<BlockSearch> {
  const held = kernels.isTurning ? 2 * blocks.length : blocks.length;
  const correlator = await BlockCorrelator.open(shape, kernels.support, held);
  return new BlockSearch(correlator, blocks, kernels, job);
}

/** Searches blocks, pair of rotations by pair. */
export class BlockSearch implements BatchSearch {
  readonly group = 2;
  readonly best: Best;
  readonly #correlator: BlockCorrelator;
  readonly #runs: readonly BlockRuns[];
  readonly #isTurning: boolean;
  /** 1/σ over the block's voxels, of each voxel: for the first and the second rotation of a pair. */
  readonly #inverse: readonly [Float32Array, Float32Array];

  constructor(correlator: BlockCorrelator, blocks: readonly Block[], kernels: Kernels, job: SearchJob) {
    const voxels = blocks.reduce((sum, block) => sum + block.voxels, 0);
    this.#correlator = correlator;
    this.#isTurning = kernels.isTurning;
    this.best = noBest(voxels);
    const inverse = new Float32Array(voxels);
    this.#inverse = [inverse, kernels.isTurning ? new Float32Array(voxels) : inverse];
    let place = 0;
    this.#runs = blocks.map((block) => {
      const runs = runsOf(block, correlator.valid, place);
      place += block.voxels;
      return runs;
    });
    this.#load(blocks, kernels, job);
  }

  #load(blocks: readonly Block[], kernels: Kernels, job: SearchJob): void {
    const { reach } = kernels.support;
    const values = new Float32Array(this.#correlator.shape.reduce((a, b) => a * b, 1));
    const squares = new Float32Array(values.length);
    for (const [at, { start }] of blocks.entries()) {
      cut(values, this.#correlator.shape, start.map((first) => first - reach) as unknown as Shape3, job);
      for (let i = 0; i < values.length; i++) squares[i] = values[i]! * values[i]!;
      if (this.#isTurning) {
        this.#correlator.load(2 * at, values);
        this.#correlator.load(2 * at + 1, values, squares);
        continue;
      }
      this.#correlator.load(at, values, squares);
      this.#correlator.setKernels(kernels.pair([1, 0, 0, 0, 1, 0, 0, 0, 1], undefined)[0].mask);
      this.#deviations(at, at, this.#inverse[0]);
      this.#correlator.load(at, values);
    }
  }

  async take(at: number, [first, second]: readonly [Kernel, Kernel | undefined]): Promise<number> {
    let sum = 0;
    const perBlock = this.#isTurning ? 2 : 1;
    if (this.#isTurning)
      for (const [index, kernel] of [first, second].entries()) {
        if (kernel === undefined) continue;
        this.#correlator.setKernels(kernel.mask);
        for (let block = 0; block < this.#runs.length; block++)
          this.#deviations(block, 2 * block + 1, this.#inverse[index]!);
      }
    this.#correlator.setKernels(first.values, second?.values);
    for (let block = 0; block < this.#runs.length; block++)
      sum += this.#compare(block, perBlock * block, at, second !== undefined);
    return sum;
  }

  async flush(): Promise<[]> {
    return [];
  }

  async close(): Promise<void> {
    this.#correlator.close();
  }

  /** Sets 1/(σ·voxels of the block) from Σ m·v and Σ m·v², the correlation of the mask with v + iv². */
  #deviations(block: number, held: number, inverse: Float32Array): void {
    const { rows, firsts, runs } = this.#runs[block]!;
    const scale = 1 / this.#correlator.shape.reduce((a, b) => a * b, 1);
    this.#correlator.correlate(held, rows, (row, floats, from) => {
      for (let run = firsts[row]!; run < firsts[row + 1]!; run++) {
        const [x, count, place] = [runs[3 * run]!, runs[3 * run + 1]!, runs[3 * run + 2]!];
        for (let i = 0, at = from + 2 * x; i < count; i++, at += 2) {
          const mean = floats[at]! * scale;
          const variance = floats[at + 1]! * scale - mean * mean;
          inverse[place + i] = variance > flat ? scale / Math.sqrt(variance) : scale;
        }
      }
    });
  }

  /** Keeps what is greater than before. @returns the sum of squares */
  #compare(block: number, held: number, rotation: number, isPair: boolean): number {
    const { rows, firsts, runs } = this.#runs[block]!;
    const { scores, rotations } = this.best;
    const [inverse, other] = this.#inverse;
    let sum = 0;
    this.#correlator.correlate(held, rows, (row, floats, from) => {
      for (let run = firsts[row]!; run < firsts[row + 1]!; run++) {
        const [x, count, place] = [runs[3 * run]!, runs[3 * run + 1]!, runs[3 * run + 2]!];
        for (let i = place, at = from + 2 * x; i < place + count; i++, at += 2) {
          const first = floats[at]! * inverse[i]!;
          sum += first * first;
          if (first > scores[i]!) {
            scores[i] = first;
            rotations[i] = rotation;
          }
          if (!isPair) continue;
          const second = floats[at + 1]! * other[i]!;
          sum += second * second;
          if (second > scores[i]!) {
            scores[i] = second;
            rotations[i] = rotation + 1;
          }
        }
      }
    });
    return sum;
  }
}

/** Returns the runs of a block by its rows. @param place of its first voxel among the batch's */
function runsOf({ start, runs }: Block, [, vy]: Shape3, place: number): BlockRuns {
  const count = runs.length / 4;
  const rowOf = (run: number): number => (runs[4 * run]! - start[0]) * vy + runs[4 * run + 1]! - start[1];
  const rows: number[] = [];
  const firsts: number[] = [];
  const out = new Int32Array(3 * count);
  let next = place;
  for (let run = 0; run < count; run++) {
    if (rows.at(-1) !== rowOf(run)) {
      rows.push(rowOf(run));
      firsts.push(run);
    }
    const [first, end] = [runs[4 * run + 2]!, runs[4 * run + 3]!];
    out.set([first - start[2], end - first, next], 3 * run);
    next += end - first;
  }
  return { rows: Int32Array.from(rows), firsts: Int32Array.from([...firsts, count]), runs: out };
}

/** Copies a box of the tomogram; 0 beyond its faces. */
function cut(
  into: Float32Array,
  [nz, ny, nx]: Shape3,
  [z0, y0, x0]: Shape3,
  { volume, shape }: SearchJob,
): void {
  into.fill(0);
  const first = Math.max(0, -x0);
  const count = Math.min(nx, shape[2] - x0) - first;
  if (count <= 0) return;
  for (let z = Math.max(0, -z0); z < Math.min(nz, shape[0] - z0); z++)
    for (let y = Math.max(0, -y0); y < Math.min(ny, shape[1] - y0); y++) {
      const from = ((z0 + z) * shape[1] + y0 + y) * shape[2] + x0 + first;
      into.set(volume.subarray(from, from + count), (z * ny + y) * nx + first);
    }
}
