/** Triangle meshes, and what is measured of them. */

/** A mesh of triangles; closed, where it is a map's surface. */
export interface Mesh {
  /** x, y, z of each vertex in Å. */
  readonly positions: Float32Array;
  /** Three vertices of each triangle, counter-clockwise as seen from outside. */
  readonly faces: Int32Array;
  /** The part that each vertex belongs to. */
  readonly parts: Int32Array;
}

/** Area in Å² and enclosed volume in Å³. */
export interface MeshSize {
  readonly area: number;
  readonly volume: number;
}

/** Measures a closed mesh: the volume by the divergence theorem. */
export function measureMesh({ positions, faces }: Mesh): MeshSize {
  let area = 0;
  let volume = 0;
  const normal = new Float64Array(3);
  for (let face = 0; face < faces.length; face += 3) {
    faceNormal(positions, faces, face, normal);
    const a = 3 * faces[face]!;
    area += Math.hypot(normal[0]!, normal[1]!, normal[2]!) / 2;
    volume +=
      (positions[a]! * normal[0]! + positions[a + 1]! * normal[1]! + positions[a + 2]! * normal[2]!) / 6;
  }
  return { area, volume };
}

/** Computes a triangle's normal, as long as twice its area. @param face index of its first vertex in `faces` */
export function faceNormal(
  positions: Float32Array,
  faces: Int32Array,
  face: number,
  normal: Float64Array,
): void {
  const [a, b, c] = [3 * faces[face]!, 3 * faces[face + 1]!, 3 * faces[face + 2]!];
  const [x, y, z] = [positions[a]!, positions[a + 1]!, positions[a + 2]!];
  const [ux, uy, uz] = [positions[b]! - x, positions[b + 1]! - y, positions[b + 2]! - z];
  const [vx, vy, vz] = [positions[c]! - x, positions[c + 1]! - y, positions[c + 2]! - z];
  normal[0] = uy * vz - uz * vy;
  normal[1] = uz * vx - ux * vz;
  normal[2] = ux * vy - uy * vx;
}

/** Returns each vertex's unit normal, outwards: the mean of its triangles' normals, weighted by their areas. */
export function vertexNormals({ positions, faces }: Mesh): Float32Array {
  const normals = new Float32Array(positions.length);
  const normal = new Float64Array(3);
  for (let face = 0; face < faces.length; face += 3) {
    faceNormal(positions, faces, face, normal);
    for (let k = 0; k < 3; k++)
      for (let axis = 0; axis < 3; axis++) normals[3 * faces[face + k]! + axis]! += normal[axis]!;
  }
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i]!, normals[i + 1]!, normals[i + 2]!);
    for (let axis = 0; axis < 3; axis++) normals[i + axis]! /= length === 0 ? 1 : length;
  }
  return normals;
}

/**
 * Renumbers the parts and orders vertices and triangles by them.
 *
 * @param order for each part its new number; −1 for parts that are left out
 */
export function arrangeParts({ positions, faces, parts }: Mesh, order: Int32Array): Mesh {
  const count = order.reduce((most, part) => Math.max(most, part + 1), 0);
  const next = startsOf(parts.length, count, (vertex) => order[parts[vertex]!]!);
  const vertices = new Int32Array(parts.length).fill(-1);
  const kept = { positions: new Float32Array(3 * next[count]!), parts: new Int32Array(next[count]!) };
  for (let vertex = 0; vertex < parts.length; vertex++) {
    const part = order[parts[vertex]!]!;
    if (part < 0) continue;
    const to = next[part]!++;
    vertices[vertex] = to;
    kept.parts[to] = part;
    kept.positions.set(positions.subarray(3 * vertex, 3 * vertex + 3), 3 * to);
  }
  const partOfFace = (face: number): number => order[parts[faces[3 * face]!]!]!;
  const nextFace = startsOf(faces.length / 3, count, partOfFace);
  const arranged = new Int32Array(3 * nextFace[count]!);
  for (let face = 0; face < faces.length / 3; face++) {
    const part = partOfFace(face);
    if (part < 0) continue;
    const to = 3 * nextFace[part]!++;
    for (let k = 0; k < 3; k++) arranged[to + k] = vertices[faces[3 * face + k]!]!;
  }
  return { ...kept, faces: arranged };
}

/** Returns where the members of each group begin when all are ordered by it, and at the end their count. */
function startsOf(count: number, groups: number, groupOf: (member: number) => number): Int32Array {
  const starts = new Int32Array(groups + 1);
  for (let member = 0; member < count; member++) {
    const group = groupOf(member);
    if (group >= 0) starts[group + 1]!++;
  }
  for (let group = 0; group < groups; group++) starts[group + 1]! += starts[group]!;
  return starts;
}
