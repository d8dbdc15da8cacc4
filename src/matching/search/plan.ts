/** What is computed how: blocks by Fourier transforms, or single voxels by a matrix product, whichever takes less. */
import { type Shape3, voxelCount } from "../../domain/volume.js";
import { goodLength } from "../blocks/pffft.js";
import { type Area, type Block, coverArea, coverCounts } from "./area.js";

/** Work that one worker holds at once, for all rotations: blocks of one shape, or voxels by themselves. */
export type Batch =
  | {
      readonly kind: "blocks";
      readonly shape: Shape3;
      readonly blocks: readonly Block[];
      readonly cost: number;
    }
  | {
      readonly kind: "voxels";
      readonly runs: Int32Array;
      readonly voxels: number;
      readonly cost: number;
      /** True of voxels of the whole tomogram that tell how its scores are spread, and are no part of the area. */
      readonly isSample?: boolean;
    };

export interface Plan {
  readonly batches: readonly Batch[];
  /** Expected time of a pair of rotations on one core, ms. */
  readonly cost: number;
  /** Bytes that a worker needs at most. */
  readonly bytes: number;
}

/** The mask that is compared at each voxel. */
export interface Compared {
  /** Farthest place along an axis. */
  readonly reach: number;
  /** Count of places. */
  readonly places: number;
  /** Whether the mask turns with the template, which doubles the blocks and forbids single voxels. */
  readonly isTurning: boolean;
  /** Voxels of the cube in which a template is turned and weighted. */
  readonly cube: number;
  /** Rotations that are searched. */
  readonly rotations: number;
}

/**
 * Nanoseconds of single steps on one core of an AMD EPYC (AVX2), measured once (docs/matching.md): what counts is the
 * ratio of the two ways, which differs little between machines.
 */
const costs = {
  /** A voxel of a block in a transform of a pair, per binary logarithm of its voxels: of the kernel, of a correlation. */
  kernel: 0.25,
  correlation: 0.55,
  /** A voxel that is compared with the best so far, for a pair. */
  best: 2.5,
  /** A product and its sum in a matrix product. */
  product: 0.02,
  /** A voxel of the cube, turned and weighted, for a pair. */
  cube: 50,
  /** A place copied into the matrix, for each group of rotations, and its share in the deviation, once. */
  copy: 1.2,
  deviation: 2,
} as const;

/** Most rotations that one matrix product takes, and its voxels. */
const productRotations = 256;
export const productVoxels = 256;

/** Returns how many of `count` rotations one matrix product takes: even, and so that all take about as many. */
export function productGroup(count: number): number {
  const groups = Math.ceil(count / productRotations);
  return 2 * Math.ceil(count / groups / 2);
}

/** Most bytes of a worker's blocks. */
const mostBytes = 448 * 2 ** 20;
const complexBytes = 8;

/** Edges of blocks that are tried. */
const edges = [32, 48, 64, 80, 96, 128, 144, 160, 192, 240, 256, 288, 320, 384, 400, 480, 512, 576, 640];

/**
 * Plans the search of an area: of blocks of several sizes those that are expected to take least, where each block that holds
 * few voxels of the area is left to the matrix product. The plan depends on the area, the mask and the
 * count of rotations alone.
 *
 * @param sample voxels to be searched beside the area, for a mask that does not turn
 */
export function planSearch(area: Area, compared: Compared, sample?: Area): Plan {
  const extent = extentOf(area);
  const least = extent.map(() => goodLength(2 * compared.reach + 16)) as unknown as Shape3;
  let best: readonly [shape: Shape3, cost: number] = [least, Number.POSITIVE_INFINITY];
  for (const shape of shapesFor(extent, compared.reach)) {
    if (blockBytes(shape, compared) > mostBytes) continue;
    const ways = waysOf(shape, compared);
    const counts = coverCounts(area, ways.valid);
    const cost = counts.reduce((sum, voxels) => sum + Math.min(ways.block(voxels), ways.single(voxels)), 0);
    if (cost + ways.kernel < best[1]) best = [shape, cost + ways.kernel];
  }
  const plan = planWith(area, best[0], compared);
  if (sample === undefined) return plan;
  const ways = waysOf(best[0], compared);
  const cost = ways.turning + ways.single(sample.voxels);
  const { runs, voxels } = sample;
  return {
    batches: [...plan.batches, { kind: "voxels", runs, voxels, cost, isSample: true }],
    cost: plan.cost + cost,
    bytes: Math.max(plan.bytes, productBytes(compared)),
  };
}

/** Bytes of the factors of a matrix product, and of the product. */
function productBytes({ places, rotations }: Compared): number {
  const group = productGroup(rotations);
  return 4 * (places * (group + productVoxels) + group * productVoxels);
}

function extentOf({ runs }: Area): Shape3 {
  const [least, most] = [
    [Infinity, Infinity, Infinity],
    [0, 0, 0],
  ];
  for (let at = 0; at < runs.length; at += 4)
    for (const [axis, first, end] of [
      [0, runs[at]!, runs[at]! + 1],
      [1, runs[at + 1]!, runs[at + 1]! + 1],
      [2, runs[at + 2]!, runs[at + 3]!],
    ] as const) {
      least[axis] = Math.min(least[axis]!, first);
      most[axis] = Math.max(most[axis]!, end);
    }
  return most.map((end, axis) => Math.max(1, end - least[axis]!)) as unknown as Shape3;
}

/** Lists shapes of blocks: along each axis as many equal parts as edges of one size make. */
function shapesFor(extent: Shape3, reach: number): Shape3[] {
  const shapes = new Map<string, Shape3>();
  for (const edge of edges) {
    if (edge <= 2 * reach) continue;
    const shape = extent.map((size) => {
      const parts = Math.ceil(size / (edge - 2 * reach));
      return goodLength(Math.ceil(size / parts) + 2 * reach);
    }) as unknown as Shape3;
    shapes.set(shape.join(), shape);
  }
  return [...shapes.values()];
}

/** Bytes of blocks of a shape: the kernel's spectrum, planes, and one block's spectrum. */
function blockBytes(shape: Shape3, { reach, isTurning }: Compared, blocks = 1): number {
  const planes = Math.max(2 * reach + 1, shape[0] - 2 * reach) * shape[1] * shape[2];
  return complexBytes * (voxelCount(shape) * (1 + blocks * (isTurning ? 2 : 1)) + planes);
}

/** Expected times of a pair of rotations with blocks of one shape, ms. */
function waysOf(shape: Shape3, { reach, places, isTurning, cube, rotations }: Compared) {
  const count = voxelCount(shape);
  const step = count * Math.log2(count) * 1e-6 * (isTurning ? 3 : 1);
  const perVoxel = isTurning
    ? Number.POSITIVE_INFINITY
    : 1e-6 *
      places *
      2 *
      (costs.product + costs.copy / productGroup(rotations) + costs.deviation / rotations);
  return {
    valid: shape.map((size) => size - 2 * reach) as unknown as Shape3,
    /** Turning and weighting the template, for each batch. */
    turning: 1e-6 * cube * costs.cube,
    /** The kernel's transform, for each batch of blocks. */
    kernel: step * costs.kernel,
    block: (voxels: number): number => step * costs.correlation + 1e-6 * voxels * costs.best,
    single: (voxels: number): number => voxels * perVoxel,
  };
}

function planWith(area: Area, shape: Shape3, compared: Compared): Plan {
  const ways = waysOf(shape, compared);
  const empty = blockBytes(shape, compared, 0);
  const most = Math.max(1, Math.floor((mostBytes - empty) / (blockBytes(shape, compared, 1) - empty)));
  const isDense = ({ voxels }: Block): boolean => ways.block(voxels) < ways.single(voxels);
  const blocks = coverArea(area, ways.valid);
  const dense = blocks.filter(isDense);
  const batches: Batch[] = [];
  const parts = Math.ceil(dense.length / most);
  for (let part = 0; part < parts; part++) {
    const [from, to] = [part, part + 1].map((each) => Math.floor((each * dense.length) / parts));
    const some = dense.slice(from, to);
    const cost = some.reduce((sum, { voxels }) => sum + ways.block(voxels), ways.turning + ways.kernel);
    batches.push({ kind: "blocks", shape, blocks: some, cost });
  }
  const sparse = blocks.filter((block) => !isDense(block));
  const voxels = sparse.reduce((sum, block) => sum + block.voxels, 0);
  if (voxels > 0)
    batches.push({
      ...{ kind: "voxels", runs: joined(sparse), voxels },
      cost: ways.turning + ways.single(voxels),
    });
  const fullest = Math.max(0, ...batches.map((batch) => (batch.kind === "blocks" ? batch.blocks.length : 0)));
  return {
    batches,
    cost: batches.reduce((sum, batch) => sum + batch.cost, 0),
    bytes: Math.max(
      fullest > 0 ? blockBytes(shape, compared, fullest) : 0,
      voxels > 0 ? productBytes(compared) : 0,
    ),
  };
}

function joined(blocks: readonly Block[]): Int32Array {
  const runs = new Int32Array(blocks.reduce((sum, block) => sum + block.runs.length, 0));
  let to = 0;
  for (const block of blocks) {
    runs.set(block.runs, to);
    to += block.runs.length;
  }
  return runs;
}
