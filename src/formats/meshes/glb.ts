/** Binary glTF 2.0 (.glb): one file with a node for each part, for browsers, Blender and other viewers (Khronos, glTF 2.0). */
import { type MeshFile, type MeshPart, writePieces } from "./meshFile.js";

const [float, unsignedInt] = [5126, 5125];
const [arrayBuffer, elementArrayBuffer] = [34962, 34963];

/**
 * Writes a .glb file: positions, normals and indices (32 bits) of all parts, one material of the mesh's colour, and the notes
 * as `extras`. glTF's unit is the metre, but positions are in the file's own unit, which the notes name: viewers show
 * nothing of 10⁻⁷ m.
 *
 * @throws RangeError beyond 4 GiB, which the format cannot hold
 */
export async function writeGlb(path: string, mesh: MeshFile): Promise<void> {
  const { positions, normals, faces } = mesh;
  const lengths = [positions, normals, faces].map(({ byteLength }) => byteLength);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const text = JSON.stringify(documentOf(mesh, lengths));
  const json = Buffer.from(text + " ".repeat((4 - (Buffer.byteLength(text) % 4)) % 4));
  const size = 12 + 8 + json.length + 8 + total;
  if (size > 2 ** 32 - 1) throw new RangeError(`${path}: a .glb file of ${size} bytes, of 4 GiB at most`);
  await writePieces(path, async (file) => {
    const header = Buffer.alloc(20);
    header.write("glTF", 0, "latin1");
    for (const [at, value] of [2, size, json.length].entries()) header.writeUInt32LE(value, 4 + 4 * at);
    header.write("JSON", 16, "latin1");
    await file.bytes(header);
    await file.bytes(json);
    const chunk = Buffer.alloc(8);
    chunk.writeUInt32LE(total, 0);
    chunk.write("BIN\0", 4, "latin1");
    await file.bytes(chunk);
    await file.bytes(bytesOf(positions));
    await file.bytes(bytesOf(normals));
    await file.bytes(bytesOf(ownIndices(mesh)));
  });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Returns the triangles with the vertices of each part counted from its first. */
function ownIndices({ faces, parts }: MeshFile): Int32Array {
  if (parts.length === 1) return faces;
  const own = Int32Array.from(faces);
  for (const part of parts)
    for (let i = 3 * part.firstFace; i < 3 * (part.firstFace + part.faces); i++) own[i]! -= part.firstVertex;
  return own;
}

function documentOf(mesh: MeshFile, lengths: readonly number[]): unknown {
  const offsets = [0, lengths[0]!, lengths[0]! + lengths[1]!];
  const targets = [arrayBuffer, arrayBuffer, elementArrayBuffer];
  return {
    asset: { version: "2.0", generator: "pickbench" },
    extras: mesh.notes,
    scene: 0,
    scenes: [{ nodes: mesh.parts.map((_, part) => part) }],
    nodes: mesh.parts.map(({ name }, part) => ({ name, mesh: part })),
    meshes: mesh.parts.map((_, part) => ({
      primitives: [
        { attributes: { POSITION: 3 * part, NORMAL: 3 * part + 1 }, indices: 3 * part + 2, material: 0 },
      ],
    })),
    materials: [
      {
        pbrMetallicRoughness: {
          baseColorFactor: [...mesh.colour.map(linear), 1],
          metallicFactor: 0,
          roughnessFactor: 0.8,
        },
      },
    ],
    accessors: mesh.parts.flatMap((part) => accessorsOf(mesh, part)),
    bufferViews: lengths.map((byteLength, view) => ({
      buffer: 0,
      byteOffset: offsets[view],
      byteLength,
      target: targets[view],
    })),
    buffers: [{ byteLength: lengths.reduce((sum, length) => sum + length, 0) }],
  };
}

function accessorsOf({ positions }: MeshFile, part: MeshPart): unknown[] {
  const { firstVertex, vertices: count, firstFace, faces } = part;
  const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const greatest = least.map((value) => -value);
  for (let i = 3 * firstVertex; i < 3 * (firstVertex + count); i++) {
    least[i % 3] = Math.min(least[i % 3]!, positions[i]!);
    greatest[i % 3] = Math.max(greatest[i % 3]!, positions[i]!);
  }
  const vectors = { byteOffset: 12 * firstVertex, componentType: float, count, type: "VEC3" };
  return [
    { bufferView: 0, ...vectors, min: least, max: greatest },
    { bufferView: 1, ...vectors },
    {
      ...{ bufferView: 2, byteOffset: 12 * firstFace, componentType: unsignedInt },
      ...{ count: 3 * faces, type: "SCALAR" },
    },
  ];
}

/** Returns a share of light from a colour's value, by the rule of sRGB. */
function linear(value: number): number {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
