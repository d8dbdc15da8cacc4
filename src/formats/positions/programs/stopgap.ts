/** STOPGAP's motive lists (STAR). */
import { TextBytes } from "../../lines.js";
import { starRow, writeStar } from "../../star.js";
import { readStarTables } from "../../starTables.js";
import {
  broken,
  fixed,
  numberIn,
  numberOf,
  optionalNumberOf,
  optionalThree,
  textOrAbsent,
} from "../fields.js";
import { type PartWriter, type PositionFormat, type Source, wholeOf } from "../format.js";
import type { PositionSet, TomogramPosition } from "../frames.js";
import { numberedRuns } from "../numberedRuns.js";
import { anglesOf, noRotation, rotationOf } from "../orientation.js";
import { RunTable } from "../parts.js";
import { withoutUnfilled } from "../unfilledColumns.js";

/** Columns of a motive list, in the order in which STOPGAP writes them. */
const columns = [
  ...["motl_idx", "tomo_num", "object", "subtomo_num", "halfset", "orig_x", "orig_y", "orig_z", "score"],
  ...["x_shift", "y_shift", "z_shift", "phi", "psi", "the", "class"],
];

const angleColumns = ["phi", "the", "psi"];

function read({ path, bytes, frame }: Source): PositionSet[] {
  const found: { readonly run: string | undefined; readonly position: TomogramPosition }[] = [];
  let names: readonly string[] = [];
  let isInside = false;
  let isFound = false;
  const isList = (name: string) => name === "stopgap_motivelist";
  const visitor = {
    block: (name: string) => {
      isInside = isList(name);
      isFound ||= isInside;
    },
    value: () => undefined,
    loop: (given: readonly string[]) => {
      names = given;
      const missing = columns.find((column) => !given.includes(column));
      if (isInside && missing !== undefined)
        throw broken(path, "the motive list", `lacks the column ${missing}`, columns.join(", "));
    },
    row: (values: string[], line: number) => {
      if (!isInside) return;
      const at = (column: string) => values[names.indexOf(column)]!;
      const place = () => `line ${line}`;
      const optional = (column: string) => optionalNumberOf(at(column), path, place, column);
      const axis = (name: string) =>
        numberOf(at(`orig_${name}`), path, place, `orig_${name}`) + (optional(`${name}_shift`) ?? 0);
      const angles = optionalThree(angleColumns.map(at), path, place, angleColumns);
      const [type, score, instance] = [textOrAbsent(at("class")), optional("score"), optional("object")];
      const position: TomogramPosition = {
        at: [axis("x"), axis("y"), axis("z")],
        ...(type === undefined ? {} : { type }),
        ...(score === undefined ? {} : { score }),
        ...(instance === undefined ? {} : { instance }),
        ...(angles ? { rotation: rotationOf(angles, "stopgap") } : {}),
      };
      found.push({ run: textOrAbsent(at("tomo_num")), position });
    },
  };
  readStarTables(path, bytes, visitor, (_, block) => isList(block));
  if (!isFound) throw broken(path, "the STAR file", "has no motive list", "a block data_stopgap_motivelist");
  const runs = new RunTable<TomogramPosition>();
  const filled = withoutUnfilled(found.map(({ position }) => position));
  for (const [i, { run }] of found.entries()) runs.add(run, filled[i]!);
  return runs.map((run, positions) => ({
    ...(run === undefined ? {} : { run }),
    frame: frame ?? "voxel",
    positions,
  }));
}

/** Returns a type's class number: the type itself where all types are numbers, else its place among them from 1. */
const classNumber = (type: string, classes: readonly string[]): string =>
  classes.every((name) => /^\d{1,9}$/.test(name)) ? type : String(classes.indexOf(type) + 1);

/** @param sets of whose positions some of each kind are enough */
function begin(sets: readonly PositionSet[]): PartWriter {
  const { numbers, notes } = numberedRuns(sets);
  const some = (test: (position: TomogramPosition) => boolean) =>
    sets.some(({ positions }) => positions.some(test));
  const hasScore = some(({ score }) => score !== undefined);
  const hasInstance = some(({ instance }) => instance !== undefined);
  const classes = [...new Set(sets.flatMap(({ positions }) => positions.flatMap(({ type }) => type ?? [])))];
  const isNumbered = classes.every((name) => /^\d{1,9}$/.test(name));
  const kinds = classes.map((name, i) => `${i + 1} = ${name}`).join(", ");
  const cellsOf = (position: TomogramPosition, set: number, index: number): string[] => {
    const { at, type, score, instance, rotation = noRotation } = position;
    const [phi, the, psi] = anglesOf(rotation, "stopgap").map(fixed);
    const [x, y, z] = at.map(fixed);
    const tag = String(index);
    const half = index % 2 === 1 ? "A" : "B";
    const kind = type === undefined ? "1" : classNumber(type, classes);
    return [
      ...[tag, String(numbers[set]), numberIn(hasInstance, instance), tag, half, x!, y!, z!],
      numberIn(hasScore, score),
      ...["0.000000", "0.000000", "0.000000", phi!, psi!, the!, kind],
    ];
  };
  return {
    head: writeStar([{ name: "stopgap_motivelist", values: new Map(), loops: [{ columns, rows: [] }] }]),
    rows({ positions }, at, first) {
      const text = new TextBytes();
      let index = first;
      for (const position of positions) text.line(starRow(cellsOf(position, at, ++index)));
      return text.bytes();
    },
    notes: [
      ...notes,
      ...(isNumbered
        ? []
        : [`types are numbered as classes, since the format has no names for them: ${kinds}`]),
    ],
  };
}

export const stopgap: PositionFormat = {
  name: "stopgap",
  title: "a STOPGAP motive list",
  extensions: [".star"],
  carries: new Set(["z", "type", "several types", "score", "instance", "orientation", "run", "several runs"]),
  recognises: (bytes) => bytes.includes("data_stopgap_motivelist"),
  read,
  frames: ["voxel"],
  write: wholeOf(begin),
  begin,
};
