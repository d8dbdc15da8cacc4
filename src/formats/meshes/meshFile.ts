/** What files of meshes hold, and bytes that are gathered before they are written. */
import { type FileHandle, open } from "node:fs/promises";
import { replaced } from "../../system/paths/replacing.js";

/** A stretch of a mesh's vertices and triangles that a file shows as a thing of its own. */
export interface MeshPart {
  readonly name: string;
  readonly firstVertex: number;
  readonly vertices: number;
  readonly firstFace: number;
  readonly faces: number;
}

/** A mesh as files hold it. */
export interface MeshFile {
  /** x, y, z of each vertex, in the file's unit. */
  readonly positions: Float32Array;
  /** Unit normals of the vertices. */
  readonly normals: Float32Array;
  /** Three vertices of each triangle, counter-clockwise as seen from outside. */
  readonly faces: Int32Array;
  /** All of the mesh, part after part; the triangles of a part have its own vertices alone. */
  readonly parts: readonly MeshPart[];
  /** Red, green and blue, 0 to 255. */
  readonly colour: readonly [number, number, number];
  /** What it is, its unit and its origin, by short names: no line breaks. */
  readonly notes: Readonly<Record<string, string>>;
}

/** Bytes that are written at once. */
const chunkBytes = 2 ** 20;

/** A file that is written by small pieces, front to back. */
export class PiecewiseFile {
  readonly #file: FileHandle;
  /** Bytes that are not yet written, up to `end`. */
  readonly chunk = Buffer.allocUnsafe(chunkBytes);
  end = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Tells whether so many bytes fit behind `end`; `flush` makes room. */
  fits(bytes: number): boolean {
    return this.end + bytes <= chunkBytes;
  }

  /** Adds ASCII text. */
  async text(text: string): Promise<void> {
    if (!this.fits(text.length)) await this.flush();
    this.end += this.chunk.write(text, this.end, "latin1");
  }

  /** Writes what was added. */
  async flush(): Promise<void> {
    await this.bytes(this.chunk.subarray(0, this.end));
    this.end = 0;
  }

  /** Writes bytes at the file's end, behind what was flushed. */
  async bytes(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; )
      done += (await this.#file.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

/** Writes a file by pieces, beside its place, whole or not at all. @throws PickbenchError System where it is refused */
export async function writePieces(
  path: string,
  write: (file: PiecewiseFile) => Promise<void>,
): Promise<void> {
  await replaced(path, async (partial) => {
    const handle = await open(partial, "w");
    try {
      const file = new PiecewiseFile(handle);
      await write(file);
      await file.flush();
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}
