/**
 * Marching cubes over slices that come one after another: two of them are held, with the vertices on their edges. What is
 * outside the volume is outside the surface, so that the mesh is closed where it meets the volume's faces.
 */
import type { Shape3, Spacing3 } from "../domain/volume.js";
import { PickbenchError } from "../system/errors.js";
import { caseTriangles, cubeEdges } from "./cases.js";
import { GrowingFloats, GrowingIntegers } from "./growing.js";
import type { Mesh } from "./mesh.js";
import { type SliceComponents, SliceLabels } from "./sliceLabels.js";

/** The surface of a map, with the components of what it encloses. */
export interface Surface {
  readonly mesh: Mesh;
  readonly components: SliceComponents;
}

/** Least share of an edge between a vertex and the voxels' centres: no triangle is without area. */
const leastShare = 1e-3;

/** Most vertices of a surface: 1.5 GB with its triangles. */
export const mostVertices = 2 ** 25;

/** A slice with a margin of one voxel all round, and the vertices on its edges. */
interface Plane {
  readonly values: Float32Array;
  /** Number of the run that a voxel inside belongs to, 0 outside. */
  readonly labels: Int32Array;
  /** Vertex on the edge from a voxel to the next along y and x. */
  readonly alongY: Int32Array;
  readonly alongX: Int32Array;
}

/** Takes a volume's slices and makes its surface at a level. */
export class MarchingCubes {
  readonly #shape: Shape3;
  readonly #spacing: Spacing3;
  readonly #level: number;
  readonly #width: number;
  readonly #labels: SliceLabels;
  readonly #alongZ: Int32Array;
  readonly #positions = new GrowingFloats();
  readonly #runs = new GrowingIntegers();
  readonly #faces = new GrowingIntegers();
  #below: Plane;
  #above: Plane;
  /** Slices that were taken before the one above. */
  #taken = 0;

  /**
   * @param shape voxels along z, y, x
   * @param spacing Å
   * @param level least value inside; rounded to float32, as voxels are
   */
  constructor(shape: Shape3, spacing: Spacing3, level: number) {
    this.#shape = shape;
    this.#spacing = spacing;
    this.#level = Math.fround(level);
    this.#width = shape[2] + 2;
    const size = this.#width * (shape[1] + 2);
    this.#labels = new SliceLabels(this.#width);
    this.#alongZ = new Int32Array(size);
    this.#below = newPlane(size);
    this.#above = newPlane(size);
  }

  /**
   * Takes the next slice, y·x values, none of which is NaN or +Infinity.
   *
   * @throws PickbenchError Unsupported beyond `mostVertices`
   */
  add(slice: Float32Array): void {
    const { values } = this.#above;
    const [, height, width] = this.#shape;
    for (let y = 0; y < height; y++)
      values.set(slice.subarray(y * width, (y + 1) * width), (y + 1) * this.#width + 1);
    this.#advance();
  }

  /** Ends with all slices taken. Positions are in Å from the volume's corner, x, y, z. */
  finish(): Surface {
    this.#above.values.fill(Number.NEGATIVE_INFINITY);
    this.#advance();
    return {
      mesh: {
        positions: this.#positions.finish(),
        faces: this.#faces.finish(),
        parts: this.#runs.finish(),
      },
      components: this.#labels.finish(),
    };
  }

  #advance(): void {
    const [below, above] = [this.#below, this.#above];
    this.#labels.add(above.values, this.#level, below.labels, above.labels);
    this.#addVertices(below, above);
    this.#addFaces(below, above);
    if (this.#positions.length > 3 * mostVertices) throw tooMany();
    this.#below = above;
    this.#above = below;
    this.#taken++;
  }

  #addVertices(below: Plane, above: Plane): void {
    const { labels } = above;
    const width = this.#width;
    for (let i = 0; i + width < labels.length; i++) {
      const isInside = labels[i]! > 0;
      if (isInside !== below.labels[i]! > 0) this.#alongZ[i] = this.#vertex(below, above, i, i, 0);
      if (isInside !== labels[i + width]! > 0) above.alongY[i] = this.#vertex(above, above, i, i + width, 1);
      if (isInside !== labels[i + 1]! > 0) above.alongX[i] = this.#vertex(above, above, i, i + 1, 2);
    }
  }

  /** Adds the vertex between voxel `i` of one plane and `j` of another, which lies one further along an axis. */
  #vertex(from: Plane, to: Plane, i: number, j: number, axis: 0 | 1 | 2): number {
    const share = shareAt(from.values[i]!, to.values[j]!, this.#level);
    const row = Math.floor(i / this.#width);
    const at = [this.#taken - (from === to ? 0 : 1), row - 1, i - row * this.#width - 1];
    const along = (each: 0 | 1 | 2): number => at[each]! + (each === axis ? share : 0) + 0.5;
    const [z, y, x] = this.#spacing;
    this.#positions.add3(along(2) * x, along(1) * y, along(0) * z);
    this.#runs.add((from.labels[i]! || to.labels[j]!) - 1);
    return this.#positions.length / 3 - 1;
  }

  #addFaces(below: Plane, above: Plane): void {
    const width = this.#width;
    const [low, high] = [below.labels, above.labels];
    const rows = low.length / width - 1;
    for (let y = 0; y < rows; y++) {
      let corners = 0;
      for (let i = y * width; i < (y + 1) * width - 1; i++) {
        const next = i + 1;
        corners =
          (corners >> 4) |
          (low[next]! > 0 ? 16 : 0) |
          (low[next + width]! > 0 ? 32 : 0) |
          (high[next]! > 0 ? 64 : 0) |
          (high[next + width]! > 0 ? 128 : 0);
        if (corners !== 0 && corners !== 255) this.#addCase(caseTriangles[corners]!, below, above, i);
      }
    }
  }

  #addCase(triangles: Uint8Array, below: Plane, above: Plane, i: number): void {
    for (let k = 0; k < triangles.length; k++) {
      const { axis, z, y, x } = cubeEdges[triangles[k]!]!;
      const at = i + y * this.#width + x;
      const plane = z === 0 ? below : above;
      this.#faces.add((axis === 0 ? this.#alongZ : axis === 1 ? plane.alongY : plane.alongX)[at]!);
    }
  }
}

const newPlane = (size: number): Plane => ({
  values: new Float32Array(size).fill(Number.NEGATIVE_INFINITY),
  labels: new Int32Array(size),
  alongY: new Int32Array(size),
  alongX: new Int32Array(size),
});

/** Returns where on an edge the level lies; in its middle, which is the volume's face, where a voxel is outside it. */
function shareAt(from: number, to: number, level: number): number {
  if (from === Number.NEGATIVE_INFINITY || to === Number.NEGATIVE_INFINITY) return 0.5;
  return Math.min(Math.max((level - from) / (to - from), leastShare), 1 - leastShare);
}

const tooMany = (): PickbenchError =>
  new PickbenchError(
    "Unsupported",
    `the surface has more than ${mostVertices} vertices, as noise has; give another --level, or --smooth`,
  );
