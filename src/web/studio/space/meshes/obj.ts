/** Wavefront OBJ: positions and faces; faces of more than three corners are cut into triangles. */
import { MeshError, type MeshParts } from "./meshData.js";

/** Reads an OBJ file, and in its comments what `pickbench mesh` notes. @throws MeshError where a line cannot be read */
export function readObj(bytes: Uint8Array): MeshParts {
  const positions: number[] = [];
  const indices: number[] = [];
  const notes: Record<string, string> = {};
  let number = 0;
  for (const line of lines(bytes)) {
    number++;
    const words = line.trim().split(/\s+/);
    if (words[0] === "v") for (let k = 1; k <= 3; k++) positions.push(Number(words[k] ?? Number.NaN));
    else if (words[0] === "f") addFace(words, positions.length / 3, indices, number);
    else if (words[0] === "#" && words[1] !== undefined) notes[words[1]] = words.slice(2).join(" ");
  }
  const colour = notes.colour?.split(" ").map((share) => Math.round(255 * Number(share)));
  return {
    ...{ positions: Float32Array.from(positions), indices: Uint32Array.from(indices), notes },
    ...(colour?.length === 3 && { colour: colour as [number, number, number] }),
  };
}

/** Decodes piece by piece: the whole text of a large mesh would be longer than a string may be. */
function* lines(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  const piece = 2 ** 20;
  let rest = "";
  for (let at = 0; at < bytes.length; at += piece) {
    const parts = (rest + decoder.decode(bytes.subarray(at, at + piece), { stream: true })).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
  yield rest;
}

/** Adds a face's triangles; vertices are counted from 1, and from the last one back where negative. */
function addFace(words: readonly string[], vertices: number, indices: number[], line: number): void {
  const corners = words.slice(1).map((word) => {
    const index = Number.parseInt(word, 10);
    const at = index < 0 ? vertices + index : index - 1;
    if (at >= 0) return at;
    throw new MeshError(`Line ${line} of the OBJ file names no vertex: "${word.slice(0, 40)}".`);
  });
  for (let k = 2; k < corners.length; k++) indices.push(corners[0]!, corners[k - 1]!, corners[k]!);
}
