/** The formats of meshes, by the ending of their files. */
import { writeGlb } from "./glb.js";
import type { MeshFile } from "./meshFile.js";
import { writeObj } from "./obj.js";
import { writeStl } from "./stl.js";

/** A format of meshes. */
interface MeshFormat {
  /** Whether its files hold parts, each a thing of its own. */
  readonly hasParts: boolean;
  readonly write: (path: string, mesh: MeshFile) => Promise<void>;
}

/** Endings of files of meshes. */
export const meshFormatNames = ["obj", "stl", "glb"] as const;
export type MeshFormatName = (typeof meshFormatNames)[number];

export const meshFormats: Readonly<Record<MeshFormatName, MeshFormat>> = {
  obj: { hasParts: true, write: writeObj },
  stl: { hasParts: false, write: writeStl },
  glb: { hasParts: true, write: writeGlb },
};
