/** Dynamo tables (.tbl), with their tomograms' names (.doc). */
import { angstrom } from "../../../domain/units.js";
import { linesOf, TextBytes, wordsOf } from "../../lines.js";
import {
  broken,
  fixed,
  isNumberOrAbsent,
  numberIn,
  numberOf,
  optionalNumberOf,
  optionalThree,
  realPart,
  textOrAbsent,
} from "../fields.js";
import { type PartWriter, type PositionFormat, type Source, wholeOf } from "../format.js";
import { isSamePixel, type PositionSet, type TomogramPosition } from "../frames.js";
import { numberedRuns } from "../numberedRuns.js";
import { anglesOf, noRotation, rotationOf } from "../orientation.js";
import { RunTable } from "../parts.js";
import { withoutUnfilled } from "../unfilledColumns.js";

/** Indices, from 0, of a Dynamo table's columns (Dynamo wiki, "Table convention"). */
const column = {
  shift: 3,
  angles: 6,
  score: 9,
  tomogram: 19,
  region: 20,
  kind: 21,
  at: 23,
  pixel: 35,
} as const;
const leastColumns = 26;
const columnCount = 41;

/** Extra columns, which are passed through, by their names in Dynamo. */
const kept: Readonly<Record<number, string>> = {
  ...{
    0: "tag",
    1: "aligned",
    2: "averaged",
    10: "cc2",
    11: "cpu",
    12: "ftype",
    13: "ymintilt",
    14: "ymaxtilt",
  },
  ...{ 15: "xmintilt", 16: "xmaxtilt", 17: "fs1", 18: "fs2", 22: "annotation", 26: "dshift", 27: "daxis" },
  ...{
    28: "dnarot",
    29: "dcc",
    30: "otag",
    31: "npar",
    33: "ref",
    34: "sref",
    36: "def",
    37: "eig1",
    38: "eig2",
  },
};
const keptColumns = Object.keys(kept).map(Number);
const keptNames = Object.values(kept);

interface Row {
  readonly run: string;
  readonly position: TomogramPosition;
  readonly pixel: number;
}

function read(source: Source): PositionSet[] {
  const { path, bytes, frame } = source;
  const names = tomogramNames(source);
  const rows: Row[] = [];
  let line = 0;
  for (const text of linesOf(bytes)) {
    line++;
    const words = wordsOf(text);
    if (words.length === 0 || words[0]!.startsWith("#")) continue;
    if (words.length < leastColumns)
      throw broken(
        path,
        `line ${line}`,
        `${words.length} columns`,
        `the ${leastColumns} or more of a Dynamo table`,
      );
    const number = words[column.tomogram]!;
    rows.push(rowOf(path, words, line, names.get(Number(number)) ?? number));
  }
  const filled = filledColumns(rows);
  const runs = new RunTable<Row>();
  const positions = withoutUnfilled(rows.map(({ position }) => position));
  for (const [i, row] of rows.entries()) {
    const extra = filled.map((at) => row.position.extra![at]!);
    runs.add(row.run, { ...row, position: { ...positions[i]!, extra } });
  }
  return runs.map((run, ofRun) => {
    const pixel = ofRun[0]?.pixel ?? 0;
    if (ofRun.some((row) => !isSamePixel(row.pixel, pixel)))
      throw broken(path, `tomogram ${run}`, "several voxel sizes in column 36", "one for each tomogram");
    return {
      ...(run === undefined ? {} : { run }),
      frame: frame ?? "voxel-1",
      ...(pixel > 0 ? { pixel: angstrom(pixel) } : {}),
      positions: ofRun.map(({ position }) => position),
      extra: { family: "dynamo", names: filled.map((at) => keptNames[at]!) },
    };
  });
}

/** Lists the extra columns that some row fills with another number than a new table has. */
function filledColumns(rows: readonly Row[]): number[] {
  const isFilled = (at: number) =>
    rows.some(({ position }, i) => Number(position.extra![at]) !== Number(emptyRow(i + 1)[keptColumns[at]!]));
  return keptColumns.map((_, at) => at).filter(isFilled);
}

function rowOf(path: string, words: readonly string[], line: number, run: string): Row {
  const place = () => `line ${line}`;
  const name = (at: number) => `column ${at + 1}`;
  const optional = (at: number) => optionalNumberOf(words[at] ?? "0", path, place, name(at));
  const [x, y, z] = [0, 1, 2].map(
    (axis) =>
      numberOf(realPart(words[column.at + axis]!), path, place, name(column.at + axis)) +
      (optional(column.shift + axis) ?? 0),
  );
  const angleAt = [0, 1, 2].map((angle) => column.angles + angle);
  const angles = optionalThree(
    angleAt.map((at) => words[at]),
    path,
    place,
    angleAt.map(name),
  );
  const [score, instance] = [optional(column.score), optional(column.region)];
  const type = textOrAbsent(words[column.kind]);
  return {
    run,
    position: {
      at: [x!, y!, z!],
      ...(score === undefined ? {} : { score }),
      ...(instance === undefined ? {} : { instance }),
      ...(type === undefined ? {} : { type }),
      ...(angles ? { rotation: rotationOf(angles, "dynamo") } : {}),
      extra: keptColumns.map((at) => words[at] ?? "0"),
    },
    pixel: optional(column.pixel) ?? 0,
  };
}

/** Reads the tomograms' names by index from the .doc file of the same name: index and volume, line by line. */
function tomogramNames({ path, beside }: Source): Map<number, string> {
  const names = new Map<number, string>();
  const doc = beside(`${path.replace(/^.*[/\\]/, "").replace(/\.tbl$/i, "")}.doc`);
  for (const line of doc?.split("\n") ?? []) {
    const match = /^\s*(\d{1,9})\s+(\S.*?)\s*$/.exec(line);
    if (match) names.set(Number(match[1]), match[2]!);
  }
  return names;
}

/** @param sets of whose positions some of each kind are enough */
function begin(sets: readonly PositionSet[]): PartWriter {
  const { numbers } = numberedRuns(sets);
  const kinds = [...new Set(sets.flatMap(({ positions }) => positions.flatMap(({ type }) => type ?? [])))];
  const doc = sets.flatMap(({ run }, i) =>
    run === undefined || run === String(numbers[i]) ? [] : [`${numbers[i]} ${run}\n`],
  );
  const hasScores = sets.some(({ positions }) => positions.some(({ score }) => score !== undefined));
  const hasInstances = sets.some(({ positions }) => positions.some(({ instance }) => instance !== undefined));
  return {
    head: Buffer.alloc(0),
    rows({ positions, pixel, extra }, index, first) {
      const text = new TextBytes();
      const places = keptNames.map((name) => (extra?.family === "dynamo" ? extra.names.indexOf(name) : -1));
      let tag = first;
      for (const position of positions) {
        const words = emptyRow(++tag);
        for (const [i, at] of keptColumns.entries()) words[at] = position.extra?.[places[i]!] ?? words[at]!;
        const angles = anglesOf(position.rotation ?? noRotation, "dynamo");
        for (const axis of [0, 1, 2]) {
          words[column.at + axis] = fixed(position.at[axis]!);
          words[column.angles + axis] = fixed(angles[axis]!);
        }
        words[column.score] = numberIn(hasScores, position.score);
        words[column.tomogram] = String(numbers[index]);
        words[column.region] = numberIn(hasInstances, position.instance);
        words[column.kind] = position.type === undefined ? "0" : kindNumber(position.type, kinds);
        words[column.pixel] = String(pixel ?? 0);
        text.line(words.join(" "));
      }
      return text.bytes();
    },
    ...(doc.length === 0 ? {} : { beside: new Map([[".doc", doc.join("")]]) }),
    notes: areNumbers(kinds)
      ? []
      : [`types are numbered in column 22: ${kinds.map((kind, i) => `${i + 1} = ${kind}`).join(", ")}`],
  };
}

function emptyRow(tag: number): string[] {
  const words = new Array<string>(columnCount).fill("0");
  words[0] = String(tag);
  words[1] = words[2] = words[12] = "1";
  return words;
}

const areNumbers = (kinds: readonly string[]): boolean => kinds.every((kind) => /^\d{1,9}$/.test(kind));
const kindNumber = (type: string, kinds: readonly string[]): string =>
  areNumbers(kinds) ? type : String(kinds.indexOf(type) + 1);

/** Tells whether the first row has at least as many numbers, some absent, as a table has columns. */
const recognises = (bytes: Buffer): boolean => {
  for (const line of linesOf(bytes.subarray(0, 1 << 16))) {
    const words = wordsOf(line);
    if (words.length === 0 || words[0]!.startsWith("#")) continue;
    return words.length >= leastColumns && words.slice(0, leastColumns).every(isNumberOrAbsent);
  }
  return false;
};

export const dynamo: PositionFormat = {
  name: "dynamo",
  title: "a Dynamo table",
  extensions: [".tbl"],
  carries: new Set(["z", "type", "several types", "score", "instance", "orientation", "run", "several runs"]),
  extra: ["dynamo"],
  recognises,
  read,
  frames: ["voxel-1"],
  write: wholeOf(begin),
  begin,
};
