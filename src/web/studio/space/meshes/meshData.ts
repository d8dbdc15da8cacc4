/** Triangles as the 3-D view draws them. */

/** A mesh in Å, x, y, z, from the volume's corner where its file says so. */
export interface MeshData {
  /** x, y, z of each vertex. */
  readonly positions: Float32Array;
  /** Of length 1, x, y, z of each vertex. */
  readonly normals: Float32Array;
  /** Three vertices of each triangle. */
  readonly indices: Uint32Array;
  /** Red, green, blue, 0 to 255; undefined where the file says none. */
  readonly colour?: readonly [number, number, number];
  /** The point that is 0 in the file: of `pickbench mesh` the volume's corner, its centre or its first voxel's centre. */
  readonly origin: "corner" | "centre" | "voxel";
}

/** A file of a mesh that cannot be shown, in one sentence. */
export class MeshError extends Error {}

/** Triangles that are shown at most, which is about 200 MB of the graphics card's memory. */
const mostTriangles = 5_000_000;

/** What a reader of a format found, before it is checked: the file's own unit, and normals where it has them. */
export interface MeshParts {
  readonly positions: Float32Array;
  readonly normals?: Float32Array;
  readonly indices: Uint32Array;
  readonly colour?: readonly [number, number, number];
  readonly notes: Readonly<Record<string, string>>;
}

/** Checks what a reader found and brings it to Å. @throws MeshError where it is no mesh */
export function meshOf({ positions, normals, indices, colour, notes }: MeshParts): MeshData {
  if (indices.length === 0) throw new MeshError("The file holds no triangles.");
  if (indices.length / 3 > mostTriangles)
    throw new MeshError(
      `The mesh has ${indices.length / 3} triangles; at most ${mostTriangles} are shown: simplify it first.`,
    );
  const vertices = positions.length / 3;
  for (const index of indices)
    if (index >= vertices)
      throw new MeshError(`A triangle names vertex ${index + 1}, but the file has ${vertices}.`);
  for (const value of positions)
    if (!Number.isFinite(value)) throw new MeshError("A vertex of the mesh is no finite number.");
  const inAngstrom = notes.unit === "nm" ? positions.map((value) => value * 10) : positions;
  const origin = notes.origin === "centre" || notes.origin === "voxel" ? notes.origin : "corner";
  return {
    ...{ positions: inAngstrom, indices, origin },
    normals: normals?.length === positions.length ? normals : vertexNormals(inAngstrom, indices),
    ...(colour && { colour }),
  };
}

/** Returns the mean normals of the triangles about each vertex, by their area. */
function vertexNormals(positions: Float32Array, indices: Uint32Array): Float32Array {
  const normals = new Float32Array(positions.length);
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [3 * indices[i]!, 3 * indices[i + 1]!, 3 * indices[i + 2]!];
    const [ux, uy, uz] = [0, 1, 2].map((k) => positions[b + k]! - positions[a + k]!) as [
      number,
      number,
      number,
    ];
    const [vx, vy, vz] = [0, 1, 2].map((k) => positions[c + k]! - positions[a + k]!) as [
      number,
      number,
      number,
    ];
    for (const at of [a, b, c]) {
      normals[at]! += uy * vz - uz * vy;
      normals[at + 1]! += uz * vx - ux * vz;
      normals[at + 2]! += ux * vy - uy * vx;
    }
  }
  for (let at = 0; at < normals.length; at += 3) {
    const length = Math.hypot(normals[at]!, normals[at + 1]!, normals[at + 2]!) || 1;
    for (let k = 0; k < 3; k++) normals[at + k]! /= length;
  }
  return normals;
}
