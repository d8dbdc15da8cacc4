/** Wavefront OBJ: text with positions, normals and triangles, as Ais writes and most programs read. */
import { type MeshFile, type MeshPart, type PiecewiseFile, writePieces } from "./meshFile.js";

/** Most bytes of a line of three numbers. */
const lineBytes = 96;

/**
 * Writes an OBJ file: comments with the notes and the colour (0 to 1), and for each part `o`, its `v`, `vn` and
 * `f a//a b//b c//c`, where vertices are counted from 1 through the whole file. Numbers have four decimals.
 */
export async function writeObj(path: string, mesh: MeshFile): Promise<void> {
  await writePieces(path, async (file) => {
    for (const [name, value] of Object.entries(mesh.notes)) await file.text(`# ${name} ${asciiOf(value)}\n`);
    await file.text(`# colour ${mesh.colour.map((value) => (value / 255).toFixed(4)).join(" ")}\n`);
    for (const part of mesh.parts) await writePart(file, mesh, part);
  });
}

const asciiOf = (text: string): string => text.replace(/[^ -~]/g, "?");

async function writePart(file: PiecewiseFile, mesh: MeshFile, part: MeshPart): Promise<void> {
  await file.text(`o ${asciiOf(part.name).replaceAll(" ", "_")}\n`);
  const { firstVertex, vertices, firstFace, faces } = part;
  await writeVectors(file, "v ", mesh.positions.subarray(3 * firstVertex, 3 * (firstVertex + vertices)));
  await writeVectors(file, "vn ", mesh.normals.subarray(3 * firstVertex, 3 * (firstVertex + vertices)));
  const triangles = mesh.faces.subarray(3 * firstFace, 3 * (firstFace + faces));
  for (let i = 0; i < triangles.length; i += 3) {
    if (!file.fits(lineBytes)) await file.flush();
    const bytes = file.chunk;
    let end = file.end;
    bytes[end++] = code("f");
    for (let k = 0; k < 3; k++) {
      bytes[end++] = code(" ");
      const start = end;
      end = putWhole(bytes, end, triangles[i + k]! + 1);
      const length = end - start;
      bytes[end++] = code("/");
      bytes[end++] = code("/");
      bytes.copyWithin(end, start, start + length);
      end += length;
    }
    bytes[end++] = code("\n");
    file.end = end;
  }
}

const code = (character: string): number => character.charCodeAt(0);

async function writeVectors(file: PiecewiseFile, word: string, values: Float32Array): Promise<void> {
  for (let i = 0; i < values.length; i += 3) {
    if (!file.fits(lineBytes)) await file.flush();
    const bytes = file.chunk;
    let end = file.end;
    for (let k = 0; k < word.length; k++) bytes[end++] = word.charCodeAt(k);
    for (let k = 0; k < 3; k++) {
      end = putDecimal(bytes, end, values[i + k]!);
      bytes[end++] = code(k === 2 ? "\n" : " ");
    }
    file.end = end;
  }
}

/** Writes a number with four decimals. Returns where it ends. */
function putDecimal(bytes: Buffer, at: number, value: number): number {
  const scaled = Math.round(Math.abs(value) * 1e4);
  let end = at;
  if (value < 0 && scaled > 0) bytes[end++] = code("-");
  const whole = Math.floor(scaled / 1e4);
  end = putWhole(bytes, end, whole);
  bytes[end++] = code(".");
  let rest = scaled - whole * 1e4;
  for (let unit = 1000; unit >= 1; unit /= 10) {
    const digit = Math.floor(rest / unit);
    bytes[end++] = code("0") + digit;
    rest -= digit * unit;
  }
  return end;
}

/** Writes a whole number of at least 0. Returns where it ends. */
function putWhole(bytes: Buffer, at: number, value: number): number {
  let digits = 1;
  for (let most = 10; value >= most; most *= 10) digits++;
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const above = Math.floor(rest / 10);
    bytes[i] = code("0") + rest - 10 * above;
    rest = above;
  }
  return at + digits;
}
