/** Binary STL: triangles with their normals, without shared vertices, for printing and mechanics. */
import { type MeshFile, writePieces } from "./meshFile.js";

const headerBytes = 80;
const triangleBytes = 50;

/** Writes a binary STL file, little-endian; its 80 bytes of header hold what they can of the notes. */
export async function writeStl(path: string, { positions, faces, notes }: MeshFile): Promise<void> {
  const count = faces.length / 3;
  await writePieces(path, async (file) => {
    const header = Object.entries(notes)
      .flat()
      .join(" ")
      .replace(/[^ -~]/g, "?");
    await file.text(header.slice(0, headerBytes).padEnd(headerBytes));
    file.end = file.chunk.writeUInt32LE(count, file.end);
    const triangle = new Float32Array(12);
    for (let face = 0; face < count; face++) {
      if (!file.fits(triangleBytes)) await file.flush();
      fillTriangle(triangle, positions, faces, 3 * face);
      for (const value of triangle) file.end = file.chunk.writeFloatLE(value, file.end);
      file.end = file.chunk.writeUInt16LE(0, file.end);
    }
  });
}

/** Fills in a triangle's unit normal, zeros where it has no area, and its vertices. */
function fillTriangle(
  triangle: Float32Array,
  positions: Float32Array,
  faces: Int32Array,
  first: number,
): void {
  for (let k = 0; k < 3; k++)
    for (let axis = 0; axis < 3; axis++)
      triangle[3 + 3 * k + axis] = positions[3 * faces[first + k]! + axis]!;
  const side = (k: number, axis: number): number => triangle[3 + 3 * k + axis]! - triangle[3 + axis]!;
  const [ux, uy, uz] = [side(1, 0), side(1, 1), side(1, 2)];
  const [vx, vy, vz] = [side(2, 0), side(2, 1), side(2, 2)];
  const [x, y, z] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const length = Math.sqrt(x * x + y * y + z * z) || 1;
  triangle[0] = x / length;
  triangle[1] = y / length;
  triangle[2] = z / length;
}
