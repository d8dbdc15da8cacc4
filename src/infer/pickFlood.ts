/** The flooding of a watershed: from markers through the faces of a component, in a frame padded by zeros. */
import type { Shape3 } from "../volume.js";

/** Flat z,y,x arrays of the frame. */
export interface FloodArrays {
  /** Integers from 1 in the order of the distances, 0 off the component and on the frame's margin. */
  readonly levels: Int32Array;
  /** −1 on markers before they are numbered, then the numbers from 1; 0 elsewhere until the flood arrives. */
  readonly labels: Int32Array;
  /** The queue's links. */
  readonly next: Int32Array;
}

export interface Markers {
  /** Places in the frame and flat indices in the volume, raster order. */
  readonly local: number[];
  readonly index: number[];
}

/** Numbers the markers, those that touch by face, edge or corner as one; returns each number's first flat index. */
export function joinMarkers(labels: Int32Array, { local, index }: Markers, shape: Shape3): number[] {
  const anchors: number[] = [];
  const stack: number[] = [];
  const neighbours = neighbourSteps(shape);
  for (let i = 0; i < local.length; i++) {
    if (labels[local[i]!] !== -1) continue;
    anchors.push(index[i]!);
    labels[local[i]!] = anchors.length;
    stack.push(local[i]!);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (const step of neighbours) {
        if (labels[at + step] !== -1) continue;
        labels[at + step] = anchors.length;
        stack.push(at + step);
      }
    }
  }
  return anchors;
}

function neighbourSteps(shape: Shape3): number[] {
  const near = [-1, 0, 1];
  return near
    .flatMap((z) => near.flatMap((y) => near.map((x) => (z * shape[1] + y) * shape[2] + x)))
    .filter((step) => step !== 0);
}

/**
 * Hands labels on from the markers, highest level first, within a level oldest first: one first-in-first-out list a
 * level, linked through `next`. A voxel's neighbour may be higher than itself where the window suppressed a maximum.
 */
export function flood(
  { levels, labels, next }: FloodArrays,
  markers: readonly number[],
  shape: Shape3,
  highest: number,
): void {
  const heads = new Int32Array(highest + 1).fill(-1);
  const tails = new Int32Array(highest + 1).fill(-1);
  const push = (at: number, level: number) => {
    next[at] = -1;
    if (heads[level] === -1) heads[level] = at;
    else next[tails[level]!] = at;
    tails[level] = at;
  };
  for (const at of markers) push(at, levels[at]!);
  const steps = [-shape[1] * shape[2], -shape[2], -1, 1, shape[2], shape[1] * shape[2]];
  let level = highest;
  while (level > 0) {
    const at = heads[level]!;
    if (at === -1) {
      level--;
      continue;
    }
    heads[level] = next[at]!;
    const label = labels[at]!;
    for (let i = 0; i < 6; i++) {
      const neighbour = at + steps[i]!;
      const reached = levels[neighbour]!;
      if (reached === 0 || labels[neighbour] !== 0) continue;
      labels[neighbour] = label;
      push(neighbour, reached);
      if (reached > level) level = reached;
    }
  }
}
