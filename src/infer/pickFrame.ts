/** A part of the foreground in a box of its own: where its runs lie there. */
import type { Box, Shape3 } from "../volume.js";
import { voxelCount } from "../volume.js";
import type { Components, Runs } from "./components.js";

/** A padded box: a margin of one voxel on every side, outside the volume too. */
export interface Frame {
  /** Volume indices of the frame's first voxel. */
  readonly origin: Shape3;
  readonly shape: Shape3;
  readonly size: number;
}

export function frameAround({ start, end }: Box): Frame {
  const shape = [end[0] - start[0] + 2, end[1] - start[1] + 2, end[2] - start[2] + 2] as const;
  return { origin: [start[0] - 1, start[1] - 1, start[2] - 1], shape, size: voxelCount(shape) };
}

/** Calls `visit` for each run of a part with its index, its place in the frame, and its z and y in the volume. */
export function eachRun(
  runs: Runs,
  parts: Components,
  part: number,
  { origin, shape }: Frame,
  visit: (run: number, local: number, z: number, y: number) => void,
): void {
  const height = runs.shape[1];
  for (let i = parts.start[part]!; i < parts.start[part + 1]!; i++) {
    const run = parts.runs[i]!;
    const z = Math.floor(runs.row[run]! / height);
    const y = runs.row[run]! - z * height;
    visit(run, ((z - origin[0]) * shape[1] + y - origin[1]) * shape[2] + runs.first[run]! - origin[2], z, y);
  }
}

/** Flat index in the volume of a place in the frame. */
export function volumeIndex(local: number, { origin, shape }: Frame, volume: Shape3): number {
  const row = Math.floor(local / shape[2]);
  const z = Math.floor(row / shape[1]);
  const y = row - z * shape[1];
  const x = local - row * shape[2];
  return ((z + origin[0]) * volume[1] + y + origin[1]) * volume[2] + x + origin[2];
}

/** The part of a frame that lies inside the volume, in the frame's indices. */
export function insideVolume({ origin, shape }: Frame, volume: Shape3): Box {
  const start = (axis: 0 | 1 | 2) => (origin[axis] < 0 ? 1 : 0);
  const end = (axis: 0 | 1 | 2) => shape[axis] - (origin[axis] + shape[axis] > volume[axis] ? 1 : 0);
  return { start: [start(0), start(1), start(2)], end: [end(0), end(1), end(2)] };
}
