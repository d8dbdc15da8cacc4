/** Reader of IMOD's models as text, as `imodinfo -a` writes them. */
import { angstromsPer } from "../../lengthUnits.js";
import { linesOf, wordsOf } from "../../lines.js";
import { broken, numberOf } from "../fields.js";
import type { TomogramPosition, Vector3 } from "../frames.js";

/** Tells whether bytes are a model as text: a comment with its version, or its first line. */
export const isImodAscii = (bytes: Buffer): boolean =>
  /^\s*(?:#[^\n]*\n\s*)*imod \d+\s/.test(bytes.toString("latin1", 0, 1024));

/** Points of a model as text; contours count from 1 through all objects. */
export interface AsciiModel {
  readonly points: readonly TomogramPosition[];
  readonly pixel: number | undefined;
}

/**
 * Reads the points of all contours (libimod, imodWriteAscii): `object NUMBER CONTOURS MESHES`, `name TEXT`, and
 * `contour NUMBER SURFACE POINTS` with as many lines of x, y, z. Meshes and all that says how to draw are passed over.
 *
 * @throws PickbenchError BadDataset with the line
 */
export function readImodAscii(path: string, bytes: Buffer): AsciiModel {
  const points: TomogramPosition[] = [];
  let [line, left, skipped, contour] = [0, 0, 0, 0];
  let type = "";
  let size: number | undefined;
  let unit = "";
  for (const text of linesOf(bytes)) {
    line++;
    const words = wordsOf(text);
    if (words.length === 0 || words[0]!.startsWith("#")) continue;
    const number = (at: number, what: string) => numberOf(words[at], path, () => `line ${line}`, what);
    const count = (at: number, what: string) => {
      const value = number(at, what);
      if (Number.isSafeInteger(value) && value >= 0) return value;
      throw broken(path, `line ${line}`, `${what} is ${value}`, "a whole number");
    };
    if (left > 0) {
      const at: Vector3 = [number(0, "x"), number(1, "y"), number(2, "z")];
      points.push({ at, instance: contour, ...(type === "" ? {} : { type }) });
      left--;
    } else if (skipped > 0) skipped--;
    else if (words[0] === "object") type = "";
    else if (words[0] === "name") type = text.trim().slice(4).trim();
    else if (words[0] === "contour") {
      contour++;
      left = count(3, "the number of points");
    } else if (words[0] === "mesh")
      skipped = count(2, "the number of vertices") + count(3, "the number of indices");
    else if (words[0] === "pixsize") size = number(1, "pixsize");
    else if (words[0] === "units") unit = words[1] ?? "";
  }
  if (left > 0) throw broken(path, `line ${line}`, `the file ends ${left} points early`, "the whole contour");
  const scale = angstromsPer(unit);
  return { points, pixel: size !== undefined && size > 0 && scale !== undefined ? size * scale : undefined };
}
