/**
 * A closed mesh as half-edges: half-edge h goes from its vertex to that of the next one in its triangle ⌊h/3⌋, and its twin
 * goes back along the same edge in the triangle beside it.
 */
import type { Mesh } from "./mesh.js";

/** Returns the half-edge that follows in a triangle. */
export const following = (half: number): number => (half % 3 === 2 ? half - 2 : half + 1);
/** Returns the half-edge before in a triangle. */
export const preceding = (half: number): number => (half % 3 === 0 ? half + 2 : half - 1);

/** Half-edges of a mesh whose edges all belong to two triangles, in opposite directions. */
export class HalfEdges {
  /** Vertex where each half-edge begins; −1 in triangles that are gone. */
  readonly from: Int32Array;
  readonly twin: Int32Array;
  /** A half-edge that begins at each vertex. */
  readonly #leaving: Int32Array;
  /** For each vertex the last question that met it. */
  readonly #met: Int32Array;
  #questions = 0;

  constructor({ faces, parts }: Mesh) {
    this.from = Int32Array.from(faces);
    this.#leaving = new Int32Array(parts.length).fill(-1);
    this.#met = new Int32Array(parts.length);
    this.twin = this.#findTwins();
  }

  #findTwins(): Int32Array {
    const { from } = this;
    const twin = new Int32Array(from.length).fill(-1);
    const nextLeaving = new Int32Array(from.length).fill(-1);
    for (let half = from.length - 1; half >= 0; half--) {
      nextLeaving[half] = this.#leaving[from[half]!]!;
      this.#leaving[from[half]!] = half;
    }
    for (let half = 0; half < from.length; half++) {
      if (twin[half] !== -1) continue;
      const start = from[half]!;
      let other = this.#leaving[this.to(half)]!;
      while (other !== -1 && (twin[other] !== -1 || this.to(other) !== start)) other = nextLeaving[other]!;
      if (other === -1) throw new RangeError(`edge ${half} of the mesh belongs to one triangle alone`);
      twin[half] = other;
      twin[other] = half;
    }
    return twin;
  }

  to(half: number): number {
    return this.from[following(half)]!;
  }

  /** Calls `visit` for each half-edge that begins at a vertex. */
  eachLeaving(vertex: number, visit: (half: number) => void): void {
    const first = this.#leaving[vertex]!;
    let half = first;
    do {
      visit(half);
      half = this.twin[preceding(half)]!;
    } while (half !== first);
  }

  /**
   * Tells whether an edge can shrink to a point while the mesh stays a closed manifold: its ends have no common neighbours
   * but the two across (the link condition of Dey et al., 1999), and they are no tetrahedron's.
   */
  isCollapsible(half: number): boolean {
    const question = ++this.#questions;
    let [ends, others, common] = [0, 0, 0];
    this.eachLeaving(this.from[half]!, (each) => {
      this.#met[this.to(each)] = question;
      ends++;
    });
    this.eachLeaving(this.to(half), (each) => {
      if (this.#met[this.to(each)] === question) common++;
      others++;
    });
    return common === 2 && !(ends === 3 && others === 3);
  }

  /** Shrinks an edge to the vertex where it begins; its two triangles are gone. */
  collapse(half: number): void {
    const { from, twin } = this;
    const back = twin[half]!;
    const kept = from[half]!;
    const moved: number[] = [];
    this.eachLeaving(from[back]!, (each) => moved.push(each));
    for (const each of moved) from[each] = kept;
    for (const side of [half, back]) {
      const [a, b] = [twin[following(side)]!, twin[preceding(side)]!];
      twin[a] = b;
      twin[b] = a;
      this.#leaving[from[a]!] = a;
      this.#leaving[from[b]!] = b;
    }
    for (const side of [half, back])
      for (const each of [side, following(side), preceding(side)]) from[each] = -1;
  }
}
