/** Components of volumes that are read slab by slab: runs of slabs joined, and how large components are. */
import type { Components, Runs } from "./components.js";

/** Joins runs of slabs that lie on each other, in their order, to those of the whole. */
export function stackRuns(slabs: readonly Runs[]): Runs {
  const [, height, width] = slabs[0]!.shape;
  const count = slabs.reduce((sum, slab) => sum + slab.count, 0);
  const [row, first, end] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  let [at, depth, voxels] = [0, 0, 0];
  for (const slab of slabs) {
    first.set(slab.first, at);
    end.set(slab.end, at);
    for (let run = 0; run < slab.count; run++) row[at + run] = slab.row[run]! + depth * height;
    at += slab.count;
    depth += slab.shape[0];
    voxels += slab.voxels;
  }
  return { shape: [depth, height, width], count, row, first, end, voxels };
}

/** Returns the voxels of each component. */
export function voxelsOf(runs: Runs, { count, runs: grouped, start }: Components): Float64Array {
  const sizes = new Float64Array(count);
  for (let part = 0; part < count; part++)
    for (let i = start[part]!; i < start[part + 1]!; i++) {
      const run = grouped[i]!;
      sizes[part]! += runs.end[run]! - runs.first[run]!;
    }
  return sizes;
}
