/** Plain text of x, y, z: .coords files, and IMOD's point files with contours. */
import { linesOf, TextBytes, wordsOf } from "../../lines.js";
import { broken, fixed, isNumberOrAbsent, numberOf } from "../fields.js";
import { type PartWriter, type PositionFormat, type Source, wholeOf } from "../format.js";
import type { FrameName, PositionSet, TomogramPosition } from "../frames.js";

/** Returns the number of columns of the first line; 0 where it has anything but numbers, or there is none. */
function columnsOf(bytes: Buffer): number {
  for (const line of linesOf(bytes.subarray(0, 1 << 16))) {
    const words = wordsOf(line);
    if (words.length > 0 && !words[0]!.startsWith("#"))
      return words.some((word) => !isNumberOrAbsent(word)) ? 0 : words.length;
  }
  return 0;
}

/**
 * Reads the positions line by line.
 *
 * @param most limit of columns; above three, the columns before x, y, z are object and contour, or contour alone
 */
function readLines({ path, bytes }: Source, most: number): TomogramPosition[] {
  const positions: TomogramPosition[] = [];
  const instances = new Map<string, number>();
  let line = 0;
  let columns = 0;
  for (const text of linesOf(bytes)) {
    line++;
    const words = wordsOf(text);
    if (words.length === 0 || words[0]!.startsWith("#")) continue;
    columns ||= words.length;
    if (words.length !== columns || columns < 3 || columns > most)
      throw broken(path, `line ${line}`, `${words.length} columns`, wantedColumns(columns, most));
    const [x, y, z] = ["x", "y", "z"].map((name, axis) =>
      numberOf(words[columns - 3 + axis], path, () => `line ${line}`, name),
    );
    const contour = words.slice(0, columns - 3).join(" ");
    if (columns > 3 && !instances.has(contour)) instances.set(contour, instances.size + 1);
    positions.push({ at: [x!, y!, z!], ...(columns > 3 ? { instance: instances.get(contour)! } : {}) });
  }
  return positions;
}

const wantedColumns = (columns: number, most: number): string =>
  columns >= 3 && columns <= most
    ? `${columns}, as in the lines before`
    : most > 3
      ? "three to five"
      : "x, y and z";

function textFormat(given: {
  readonly name: string;
  readonly title: string;
  readonly extensions: readonly string[];
  readonly frame: FrameName;
  readonly most: number;
}): PositionFormat {
  const { frame: own, most } = given;
  const begin = (sets: readonly PositionSet[]): PartWriter => {
    const hasContours =
      most > 3 && sets.some(({ positions }) => positions.some(({ instance }) => instance !== undefined));
    return {
      head: Buffer.alloc(0),
      rows({ positions }) {
        const text = new TextBytes();
        for (const { at, instance } of positions)
          text.line([...(hasContours ? ["1", String(instance ?? 0)] : []), ...at.map(fixed)].join(" "));
        return text.bytes();
      },
    };
  };
  return {
    name: given.name,
    title: given.title,
    extensions: given.extensions,
    carries: new Set(most > 3 ? ["z", "instance"] : ["z"]),
    recognises: (bytes) => columnsOf(bytes) >= 3 && columnsOf(bytes) <= most,
    read: (source): PositionSet[] => [{ frame: source.frame ?? own, positions: readLines(source, most) }],
    frames: [own],
    write: wholeOf(begin),
    begin,
  };
}

/** Text of x y z in voxels: TomoTwin and crYOLO (.coords), Ais (.tsv, .txt), and many others. */
export const coords = textFormat({
  name: "coords",
  title: "a text of x y z",
  extensions: [".coords", ".txt", ".xyz"],
  frame: "voxel",
  most: 3,
});

/** Text that IMOD's model2point writes and point2model reads: x y z, contour x y z, or object contour x y z. */
export const imodPoints = textFormat({
  name: "point",
  title: "an IMOD point file",
  extensions: [".point", ".pt", ".pts"],
  frame: "imod",
  most: 5,
});
