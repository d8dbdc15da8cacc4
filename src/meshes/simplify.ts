/**
 * Simplification by collapsing edges, the cheapest first (Garland and Heckbert, SIGGRAPH 1997): a vertex has the quadric of
 * the planes of its triangles, weighted by their areas, and an edge shrinks to where the quadrics of its ends are least.
 * A collapse that would break the mesh or turn a triangle over is left out, so that a closed manifold stays one, with
 * as many parts and handles as before. Equal meshes give equal results.
 */
import { CostHeap } from "../domain/costHeap.js";
import { following, HalfEdges, preceding } from "./halfEdges.js";
import { faceNormal, type Mesh } from "./mesh.js";

/** Share of a quadric's trace that draws an edge's new vertex to both its ends: keeps it in place where the surface is flat. */
const stiffness = 1e-4;

/** Least cosine of the angle that a triangle turns by. */
const leastCosine = 0.2;

/** Numbers of a quadric: the upper half of a symmetric 3×3 matrix, a vector and a constant. */
const size = 10;

/**
 * Simplifies a closed mesh.
 *
 * @param target triangles to be left, if so many collapses are possible; even numbers can be met exactly
 * @returns the mesh, with the order of its vertices, triangles and parts kept
 */
export function simplifyMesh(mesh: Mesh, target: number): Mesh {
  const simplification = new Simplification(mesh);
  simplification.run(target);
  return simplification.finish();
}

class Simplification {
  readonly #mesh: Mesh;
  readonly #positions: Float32Array;
  readonly #halves: HalfEdges;
  readonly #quadrics: Float64Array;
  readonly #heap = new CostHeap();
  /** How often each vertex was moved. */
  readonly #moves: Int32Array;
  readonly #best = new Float64Array(3);
  readonly #joined = new Float64Array(size);
  #faces: number;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
    this.#positions = Float32Array.from(mesh.positions);
    this.#halves = new HalfEdges(mesh);
    this.#quadrics = quadricsOf(mesh);
    this.#moves = new Int32Array(mesh.parts.length);
    this.#faces = mesh.faces.length / 3;
    for (let half = 0; half < mesh.faces.length; half++)
      if (half < this.#halves.twin[half]!) this.#offer(half);
  }

  run(target: number): void {
    const heap = this.#heap;
    while (this.#faces > target && heap.pop()) {
      const edge = heap.item;
      if (this.#halves.from[edge] === -1 || this.#stamp(edge) !== heap.stamp) continue;
      this.#solve(edge);
      if (this.#halves.isCollapsible(edge) && this.#turnsNothing(edge)) this.#collapse(edge);
    }
  }

  finish(): Mesh {
    const { from } = this.#halves;
    const { parts } = this.#mesh;
    const vertices = new Int32Array(parts.length).fill(-1);
    for (const vertex of from) if (vertex !== -1) vertices[vertex] = 0;
    let count = 0;
    for (let vertex = 0; vertex < vertices.length; vertex++)
      if (vertices[vertex] === 0) vertices[vertex] = count++;
    const left = { positions: new Float32Array(3 * count), parts: new Int32Array(count) };
    for (let vertex = 0; vertex < vertices.length; vertex++) {
      const to = vertices[vertex]!;
      if (to === -1) continue;
      left.parts[to] = parts[vertex]!;
      left.positions.set(this.#positions.subarray(3 * vertex, 3 * vertex + 3), 3 * to);
    }
    return { ...left, faces: from.filter((vertex) => vertex !== -1).map((vertex) => vertices[vertex]!) };
  }

  #stamp(half: number): number {
    return this.#moves[this.#halves.from[half]!]! + this.#moves[this.#halves.to(half)]!;
  }

  #offer(half: number): void {
    this.#heap.push(this.#solve(half), half, this.#stamp(half));
  }

  /** Finds where an edge's vertex is best, into `#best`. Returns the cost. */
  #solve(half: number): number {
    const [a, b] = [this.#halves.from[half]!, this.#halves.to(half)];
    const q = this.#joined;
    for (let k = 0; k < size; k++) q[k] = this.#quadrics[size * a + k]! + this.#quadrics[size * b + k]!;
    return minimise(q, this.#positions, 3 * a, 3 * b, this.#best);
  }

  /** Tells whether the triangles around both ends still look the same way with the vertex in its new place. */
  #turnsNothing(half: number): boolean {
    const { from, twin } = this.#halves;
    const gone = [Math.floor(half / 3), Math.floor(twin[half]! / 3)];
    let isFine = true;
    for (const vertex of [from[half]!, this.#halves.to(half)])
      this.#halves.eachLeaving(vertex, (each) => {
        if (isFine && !gone.includes(Math.floor(each / 3))) isFine = this.#keepsSide(each);
      });
    return isFine;
  }

  #keepsSide(half: number): boolean {
    const { from } = this.#halves;
    const p = this.#positions;
    const b = 3 * from[following(half)]!;
    const c = 3 * from[preceding(half)]!;
    const old = corner(p[3 * from[half]!]!, p[3 * from[half]! + 1]!, p[3 * from[half]! + 2]!, p, b, c);
    const own = corner(this.#best[0]!, this.#best[1]!, this.#best[2]!, p, b, c);
    return dot(old, own) > leastCosine * Math.sqrt(dot(old, old) * dot(own, own));
  }

  #collapse(half: number): void {
    const [kept, gone] = [this.#halves.from[half]!, this.#halves.to(half)];
    this.#halves.collapse(half);
    this.#faces -= 2;
    this.#positions.set(this.#best, 3 * kept);
    for (let k = 0; k < size; k++) this.#quadrics[size * kept + k]! += this.#quadrics[size * gone + k]!;
    this.#moves[kept] = this.#moves[kept]! + this.#moves[gone]! + 1;
    const around: number[] = [];
    this.#halves.eachLeaving(kept, (each) => around.push(each));
    for (const each of around) this.#offer(each);
  }
}

type Vector = readonly [x: number, y: number, z: number];

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Returns the normal of a triangle with its first vertex given, as long as twice its area. */
function corner(x: number, y: number, z: number, p: Float32Array, b: number, c: number): Vector {
  const [ux, uy, uz] = [p[b]! - x, p[b + 1]! - y, p[b + 2]! - z];
  const [vx, vy, vz] = [p[c]! - x, p[c + 1]! - y, p[c + 2]! - z];
  return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
}

/** Returns ten numbers a vertex: the sum of area · (n·p + d)² over its triangles' planes, as xx xy xz yy yz zz, x y z, 1. */
function quadricsOf({ positions, faces, parts }: Mesh): Float64Array {
  const quadrics = new Float64Array(size * parts.length);
  const normal = new Float64Array(3);
  const own = new Float64Array(size);
  for (let face = 0; face < faces.length; face += 3) {
    faceNormal(positions, faces, face, normal);
    const length = Math.hypot(normal[0]!, normal[1]!, normal[2]!);
    if (length === 0) continue;
    const [x, y, z] = [normal[0]! / length, normal[1]! / length, normal[2]! / length];
    const a = 3 * faces[face]!;
    const d = -(x * positions[a]! + y * positions[a + 1]! + z * positions[a + 2]!);
    own.set([x * x, x * y, x * z, y * y, y * z, z * z, x * d, y * d, z * d, d * d]);
    for (let k = 0; k < 3; k++)
      for (let i = 0; i < size; i++) quadrics[size * faces[face + k]! + i]! += (length / 2) * own[i]!;
  }
  return quadrics;
}

/**
 * Finds the point where a quadric and the pull to an edge's ends are least together.
 *
 * @param a index of one end's x in `p`, `b` of the other's
 * @param point receives x, y, z
 * @returns the least, at least 0
 */
function minimise(q: Float64Array, p: Float32Array, a: number, b: number, point: Float64Array): number {
  const pull = stiffness * (q[0]! + q[3]! + q[5]!) + Number.MIN_VALUE;
  const [mx, my, mz] = [(p[a]! + p[b]!) / 2, (p[a + 1]! + p[b + 1]!) / 2, (p[a + 2]! + p[b + 2]!) / 2];
  const gx = q[0]! * mx + q[1]! * my + q[2]! * mz + q[6]!;
  const gy = q[1]! * mx + q[3]! * my + q[4]! * mz + q[7]!;
  const gz = q[2]! * mx + q[4]! * my + q[5]! * mz + q[8]!;
  const [xx, yy, zz] = [q[0]! + 2 * pull, q[3]! + 2 * pull, q[5]! + 2 * pull];
  const [xy, xz, yz] = [q[1]!, q[2]!, q[4]!];
  const [ix, iy, iz] = [yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy];
  const determinant = xx * ix + xy * iy + xz * iz;
  const scale = determinant > 0 ? -1 / determinant : 0;
  const dx = scale * (ix * gx + iy * gy + iz * gz);
  const dy = scale * (iy * gx + (xx * zz - xz * xz) * gy + (xy * xz - xx * yz) * gz);
  const dz = scale * (iz * gx + (xy * xz - xx * yz) * gy + (xx * yy - xy * xy) * gz);
  point[0] = mx + dx;
  point[1] = my + dy;
  point[2] = mz + dz;
  const there = q[6]! * mx + q[7]! * my + q[8]! * mz + q[9]! + gx * mx + gy * my + gz * mz;
  const length = (p[a]! - p[b]!) ** 2 + (p[a + 1]! - p[b + 1]!) ** 2 + (p[a + 2]! - p[b + 2]!) ** 2;
  return Math.max(0, there + gx * dx + gy * dy + gz * dz) + (pull * length) / 2;
}
