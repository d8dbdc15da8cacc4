/** Binary STL: triangles with vertices of their own. */
import { MeshError, type MeshParts } from "./meshData.js";

const headerBytes = 84;
const triangleBytes = 50;

/** Reads a binary STL file. Its header holds what `pickbench mesh` notes: names and values in turn. @throws MeshError where it is none */
export function readStl(bytes: Uint8Array): MeshParts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length < headerBytes ? -1 : view.getUint32(80, true);
  if (bytes.length !== headerBytes + count * triangleBytes)
    throw new MeshError("The file is no binary STL: its length does not fit its number of triangles.");
  const positions = new Float32Array(9 * count);
  for (let face = 0; face < count; face++)
    for (let k = 0; k < 9; k++)
      positions[9 * face + k] = view.getFloat32(headerBytes + face * triangleBytes + 12 + 4 * k, true);
  const header = new TextDecoder().decode(bytes.subarray(0, 80));
  const notes = [...header.matchAll(/\b(unit|origin) (\w+)/g)].map(([, key, value]) => [key!, value!]);
  return {
    positions,
    indices: Uint32Array.from({ length: 3 * count }, (_, i) => i),
    notes: Object.fromEntries(notes),
  };
}
