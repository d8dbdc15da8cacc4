/**
 * Centre lines of components as paths of voxels, without loops (after Sato et al., Pacific Graphics 2000): the path from one
 * end of a component to the voxel farthest from it that costs least where the middle is cheap; then, from the voxel farthest of
 * those not near a path, the path to the nearest one; until all voxels are near a path.
 */

import { CostHeap } from "../../../domain/costHeap.js";
import { axisWeights, squaredDistances } from "../../../domain/distanceTransform.js";
import type { Shape3, Spacing3 } from "../../../domain/volume.js";

/** A component in a box of its own, with a margin of background all round. */
export interface FramedComponent {
  readonly mask: Uint8Array;
  readonly shape: Shape3;
  /** Flat indices of its voxels, rising. */
  readonly voxels: Int32Array;
  readonly spacing: Spacing3;
}

/** A path through a component, and where it meets others. */
export interface CentreLine {
  /** Flat indices of its voxels, each beside the next. */
  readonly path: readonly number[];
  /** Voxels of the path where another path begins, or where this one begins on another. */
  readonly junctions: readonly number[];
}

/** Power of the distance to the surface by which a step costs less. */
const centring = 4;

/** Radii of the ball around a path's voxel in which voxels are near it. */
const nearness = 1.8;

/** Distances to the surface that a branch must reach out of the path that it begins on. */
const outreach = 2;

/** Returns the centre lines, the longest first path first, and each voxel's distance to the surface in Å. */
export function centreLines(component: FramedComponent): {
  readonly lines: readonly CentreLine[];
  readonly depth: Float32Array;
} {
  const depth = depthsOf(component);
  return { lines: new LineFinder(component, depth).find(), depth };
}

function depthsOf({ mask, shape, spacing }: FramedComponent): Float32Array {
  const finest = Math.min(...spacing);
  return squaredDistances(mask, shape, axisWeights(spacing)).map((square) => finest * Math.sqrt(square));
}

/** A line while branches are found. */
interface Growing {
  path: number[];
  readonly junctions: Set<number>;
}

class LineFinder {
  readonly #component: FramedComponent;
  readonly #depth: Float32Array;
  readonly #steps: readonly { readonly flat: number; readonly length: number }[];
  /** Number of each voxel in the component; −1 outside. */
  readonly #numbers: Int32Array;
  /** Line that each voxel of a path belongs to. */
  readonly #line = new Map<number, Growing>();

  constructor(component: FramedComponent, depth: Float32Array) {
    this.#component = component;
    this.#depth = depth;
    this.#steps = stepsOf(component);
    this.#numbers = new Int32Array(component.mask.length).fill(-1);
    for (const [id, voxel] of component.voxels.entries()) this.#numbers[voxel] = id;
  }

  find(): CentreLine[] {
    const { voxels } = this.#component;
    const root = farthest(this.#flood(0, 0).cost);
    const away = this.#flood(root, 0).cost;
    const { before } = this.#flood(root, centring);
    const isNear = new Uint8Array(voxels.length);
    const order = Int32Array.from(voxels, (_, id) => id).sort((a, b) => away[b]! - away[a]! || a - b);
    const lines = new Set<Growing>();
    for (const tip of order) {
      if (isNear[tip] === 1) continue;
      const path: number[] = [];
      for (let id = tip; id >= 0; id = before[id]!) {
        path.push(voxels[id]!);
        if (this.#line.has(voxels[id]!)) break;
      }
      for (const voxel of path) this.#markNear(voxel, isNear);
      this.#take(path, lines);
    }
    return [...lines].map(({ path, junctions }) => ({ path, junctions: [...junctions] }));
  }

  /** Takes a path: as a line, as a branch of the line that it ends on, or as what goes on behind the end of that line. */
  #take(path: readonly number[], lines: Set<Growing>): void {
    const met = path.at(-1)!;
    const host = this.#line.get(met);
    if (host === undefined) {
      this.#own({ path: [...path], junctions: new Set() }, lines);
      return;
    }
    const least = outreach * Math.max(this.#depth[met]!, this.#radiusOf(host.path));
    if (this.#lengthOf(path) < least) return;
    const at = host.path.indexOf(met);
    const toStart = this.#lengthOf(host.path.slice(0, at + 1));
    const toEnd = this.#lengthOf(host.path.slice(at));
    if (Math.min(toStart, toEnd) >= least) {
      host.junctions.add(met);
      this.#own({ path: [...path], junctions: new Set([met]) }, lines);
      return;
    }
    const kept = toStart < toEnd ? host.path.slice(at) : host.path.slice(0, at + 1).reverse();
    host.path = [...path.slice(0, -1), ...kept];
    this.#own(host, lines);
  }

  #own(line: Growing, lines: Set<Growing>): void {
    lines.add(line);
    for (const voxel of line.path) if (!this.#line.has(voxel)) this.#line.set(voxel, line);
  }

  /** Returns the median distance to the surface along a path. */
  #radiusOf(path: readonly number[]): number {
    const depths = path.map((voxel) => this.#depth[voxel]!).sort((a, b) => a - b);
    return depths[Math.floor(depths.length / 2)]!;
  }

  #lengthOf(path: readonly number[]): number {
    let length = 0;
    for (let i = 1; i < path.length; i++) length += this.#between(path[i - 1]!, path[i]!);
    return length;
  }

  #between(a: number, b: number): number {
    const [one, other] = [a, b].map((at) => placeOf(at, this.#component));
    return Math.hypot(...one!.map((value, axis) => value - other![axis]!));
  }

  /**
   * Finds each voxel's cheapest way from one of them: a step costs its length over a power of the distance to the surface.
   * Voxels go by their numbers in the component.
   */
  #flood(source: number, power: number): { readonly cost: Float64Array; readonly before: Int32Array } {
    const { voxels } = this.#component;
    const cost = new Float64Array(voxels.length).fill(Number.POSITIVE_INFINITY);
    const before = new Int32Array(voxels.length).fill(-1);
    const heap = new CostHeap();
    cost[source] = 0;
    heap.push(0, source);
    while (heap.pop()) {
      const { item, cost: own } = heap;
      if (own > cost[item]!) continue;
      const at = voxels[item]!;
      for (const { flat, length } of this.#steps) {
        const next = this.#numbers[at + flat]!;
        if (next < 0) continue;
        const total = own + length / this.#depth[at + flat]! ** power;
        if (total >= cost[next]!) continue;
        cost[next] = total;
        before[next] = item;
        heap.push(total, next);
      }
    }
    return { cost, before };
  }

  #markNear(voxel: number, isNear: Uint8Array): void {
    eachInBall(this.#component, voxel, nearness * this.#depth[voxel]!, (at) => {
      isNear[this.#numbers[at]!] = 1;
    });
  }
}

/** Returns the number of what costs most. */
const farthest = (cost: Float64Array): number =>
  cost.reduce((most, each, id) => (each > cost[most]! ? id : most), 0);

/** Returns indices z, y, x of a flat index. */
const indicesOf = (at: number, shape: Shape3): [number, number, number] => {
  const row = Math.floor(at / shape[2]);
  const z = Math.floor(row / shape[1]);
  return [z, row - z * shape[1], at - row * shape[2]];
};

/** Returns x, y, z in Å of a voxel's centre from the corner of its component's box. */
function placeOf(at: number, { shape, spacing }: FramedComponent): [number, number, number] {
  const [z, y, x] = indicesOf(at, shape);
  return [(x + 0.5) * spacing[2], (y + 0.5) * spacing[1], (z + 0.5) * spacing[0]];
}

/**
 * Returns x, y, z in Å of the weighted mean of a component's voxels in a ball around one of them, from the corner of its box:
 * a path's voxel lies up to a voxel off the middle, and its first and last ones in a corner of the end.
 *
 * @param weights of the voxels, flat as the mask
 */
export function middleAround(
  component: FramedComponent,
  weights: Float32Array,
  voxel: number,
  radius: number,
): [number, number, number] {
  const { spacing } = component;
  const sum = [0, 0, 0, 0];
  eachInBall(component, voxel, radius, (at, z, y, x) => {
    const weight = weights[at]!;
    sum[0]! += weight * (x + 0.5) * spacing[2];
    sum[1]! += weight * (y + 0.5) * spacing[1];
    sum[2]! += weight * (z + 0.5) * spacing[0];
    sum[3]! += weight;
  });
  return [sum[0]! / sum[3]!, sum[1]! / sum[3]!, sum[2]! / sum[3]!];
}

/** Visits the component's voxels in a ball, with their indices. */
function eachInBall(
  { shape, spacing, mask }: FramedComponent,
  voxel: number,
  radius: number,
  visit: (at: number, z: number, y: number, x: number) => void,
): void {
  const [z, y, x] = indicesOf(voxel, shape);
  const reach = spacing.map((step) => Math.ceil(radius / step));
  for (let dz = -reach[0]!; dz <= reach[0]!; dz++)
    for (let dy = -reach[1]!; dy <= reach[1]!; dy++) {
      if (z + dz < 0 || z + dz >= shape[0] || y + dy < 0 || y + dy >= shape[1]) continue;
      const left = radius ** 2 - (dz * spacing[0]) ** 2 - (dy * spacing[1]) ** 2;
      if (left < 0) continue;
      const along = Math.floor(Math.sqrt(left) / spacing[2]);
      const row = ((z + dz) * shape[1] + y + dy) * shape[2];
      for (let at = Math.max(x - along, 0); at <= Math.min(x + along, shape[2] - 1); at++)
        if (mask[row + at] === 1) visit(row + at, z + dz, y + dy, at);
    }
}

function stepsOf({ shape, spacing }: FramedComponent): { flat: number; length: number }[] {
  const steps: { flat: number; length: number }[] = [];
  for (let z = -1; z <= 1; z++)
    for (let y = -1; y <= 1; y++)
      for (let x = -1; x <= 1; x++)
        if (z !== 0 || y !== 0 || x !== 0)
          steps.push({
            flat: (z * shape[1] + y) * shape[2] + x,
            length: Math.hypot(z * spacing[0], y * spacing[1], x * spacing[2]),
          });
  return steps;
}
