/** EMAN1's .box files, which crYOLO writes too: boxes in two dimensions. */
import { linesOf, TextBytes, wordsOf } from "../../lines.js";
import { broken, fixed, isNumberOrAbsent, numberOf } from "../fields.js";
import { type PartWriter, type PositionFormat, type Source, type WriteOptions, wholeOf } from "../format.js";
import type { PositionSet, TomogramPosition } from "../frames.js";
import { boxOf } from "./cbox.js";

/** Reads boxes: x, y of the lower corner, width, height; further numbers are ignored. */
function read({ path, bytes, frame }: Source): PositionSet[] {
  const positions: TomogramPosition[] = [];
  let line = 0;
  for (const text of linesOf(bytes)) {
    line++;
    const words = wordsOf(text);
    if (words.length === 0) continue;
    if (words.length < 4 || words.length > 6)
      throw broken(path, `line ${line}`, `${words.length} columns`, "x, y, width and height of a box");
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name, at) =>
      numberOf(words[at], path, () => `line ${line}`, name),
    );
    positions.push({
      at: [x! + width! / 2, y! + height! / 2, 0],
      ...(width! > 0 && height! > 0 ? { box: [width!, height!, width!] } : {}),
    });
  }
  const notes = positions.length === 0 ? [] : [`z is 0 for all positions: ${path} says none`];
  return [{ frame: frame ?? "voxel", positions, notes }];
}

const begin = (_: readonly PositionSet[], options: WriteOptions): PartWriter => ({
  head: Buffer.alloc(0),
  rows({ positions }) {
    const text = new TextBytes();
    for (const position of positions) {
      const [width, height] = boxOf(position, options.box, "a .box file");
      const [x, y] = position.at;
      text.line([x - width / 2, y - height / 2, width, height].map(fixed).join("\t"));
    }
    return text.bytes();
  },
});

export const box: PositionFormat = {
  name: "box",
  title: "an EMAN .box file",
  extensions: [".box"],
  hasBoxes: true,
  carries: new Set(),
  recognises: (bytes) => {
    for (const line of linesOf(bytes.subarray(0, 1 << 16))) {
      const words = wordsOf(line);
      if (words.length > 0) return words.length >= 4 && words.length <= 6 && words.every(isNumberOrAbsent);
    }
    return false;
  },
  read,
  frames: ["voxel"],
  write: wholeOf(begin),
  begin,
};
