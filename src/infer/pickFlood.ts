/** The flooding of a watershed: from markers through the faces of the foreground, in a frame padded by zeros. */
import type { Shape3 } from "../volume.js";

/** Memory for the largest frame, used by one part of the foreground after the other. */
export interface Field {
  /**
   * Two numbers a voxel, side by side because the flood reads them together, flat z,y,x in the frame. The first is the
   * level from 1, 0 off the part and on the frame's margin; once a voxel is in the queue it is the queue's link. The
   * second is −1 on markers before they are numbered, then the number from 1; 0 elsewhere until the flood arrives.
   */
  readonly voxels: Int32Array;
  /** First and last voxel in the queue, level by level; −1 where there is none, as everywhere after a flood. */
  readonly ends: Int32Array;
}

/** The link of a level's last voxel; that of another is −2 less its follower's place. */
const endOfList = -1;

/** Differences of flat indices to the six voxels at the faces. */
function faceSteps([, height, width]: Shape3): Int32Array {
  return Int32Array.of(-height * width, -width, -1, 1, width, height * width);
}

/** The same for the 26 voxels that touch by face, edge or corner. */
function touchingSteps([, height, width]: Shape3): Int32Array {
  const steps = new Int32Array(26);
  let filled = 0;
  for (let z = -1; z <= 1; z++)
    for (let y = -1; y <= 1; y++)
      for (let x = -1; x <= 1; x++)
        if (z !== 0 || y !== 0 || x !== 0) steps[filled++] = (z * height + y) * width + x;
  return steps;
}

/** Numbers the markers, those that touch by face, edge or corner as one; returns each number's first place. */
export function joinMarkers({ voxels }: Field, markers: readonly number[], shape: Shape3): number[] {
  const anchors: number[] = [];
  const stack: number[] = [];
  const steps = touchingSteps(shape);
  for (const marker of markers) {
    if (voxels[2 * marker + 1] !== -1) continue;
    anchors.push(marker);
    voxels[2 * marker + 1] = anchors.length;
    stack.push(marker);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (let i = 0; i < 26; i++) {
        const near = at + steps[i]!;
        if (voxels[2 * near + 1] !== -1) continue;
        voxels[2 * near + 1] = anchors.length;
        stack.push(near);
      }
    }
  }
  return anchors;
}

/**
 * Hands labels on from the markers, highest level first, within a level oldest first: one first-in-first-out list a
 * level. A voxel's neighbour may be higher than itself where the window suppressed a maximum.
 */
export function flood({ voxels, ends }: Field, markers: readonly number[], shape: Shape3): void {
  const steps = faceSteps(shape);
  let level = 0;
  for (const marker of markers) {
    const own = voxels[2 * marker]!;
    enqueue(voxels, ends, marker, own);
    if (own > level) level = own;
  }
  while (level > 0) {
    const at = ends[2 * level]!;
    if (at === -1) {
      level--;
      continue;
    }
    const link = voxels[2 * at]!;
    ends[2 * level] = link === endOfList ? -1 : -2 - link;
    const label = voxels[2 * at + 1]!;
    for (let i = 0; i < 6; i++) {
      const neighbour = at + steps[i]!;
      const reached = voxels[2 * neighbour]!;
      if (reached <= 0) continue;
      voxels[2 * neighbour + 1] = label;
      enqueue(voxels, ends, neighbour, reached);
      if (reached > level) level = reached;
    }
  }
}

function enqueue(voxels: Int32Array, ends: Int32Array, at: number, level: number): void {
  voxels[2 * at] = endOfList;
  if (ends[2 * level] === -1) ends[2 * level] = at;
  else voxels[2 * ends[2 * level + 1]!] = -2 - at;
  ends[2 * level + 1] = at;
}
