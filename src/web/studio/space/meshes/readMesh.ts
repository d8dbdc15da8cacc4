/** Files of meshes, by the ending of their names. */
import { readGlb } from "./glb.js";
import { type MeshData, MeshError, type MeshParts, meshOf } from "./meshData.js";
import { readObj } from "./obj.js";
import { readStl } from "./stl.js";

const readers: Readonly<Record<string, (bytes: Uint8Array) => MeshParts>> = {
  glb: readGlb,
  obj: readObj,
  stl: readStl,
};

const endingOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1).toLowerCase();

/** Tells whether a file's name is a mesh's. */
export const isMeshName = (name: string): boolean => Object.hasOwn(readers, endingOf(name));

/** Reads a .glb, .obj or .stl file. @throws MeshError in one sentence that names the file */
export function readMesh(name: string, bytes: Uint8Array): MeshData {
  const read = isMeshName(name) ? readers[endingOf(name)] : undefined;
  if (!read) throw new MeshError(`${name}: a mesh is a .glb, .obj or .stl file.`);
  try {
    return meshOf(read(bytes));
  } catch (error) {
    if (error instanceof MeshError) throw new MeshError(`${name}: ${error.message}`);
    throw error;
  }
}
