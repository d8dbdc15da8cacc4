/** CSV and TSV tables of positions with named columns. */
import { PickbenchError } from "../../../system/errors.js";
import { repeatedIn } from "../../../system/unique.js";
import { lineBlocksOf, linesOf, TextBytes } from "../../lines.js";
import { broken, isNumberOrAbsent, numberOf, optionalNumberOf, printed, textOrAbsent } from "../fields.js";
import { allOfTables, type PartWriter, type PositionFormat, type Source, wholeOf } from "../format.js";
import {
  countsInVoxels,
  type FrameName,
  type PositionSet,
  type TomogramPosition,
  type Vector3,
} from "../frames.js";
import { type Quaternion, quaternionOf, rotationOfQuaternion } from "../orientation.js";
import { type PartSource, type PartTaker, RunParts, RunTable } from "../parts.js";
import { type Delimiter, delimited, delimiterOf, fieldsOf, rowsOf } from "./delimited.js";

/** Names of the columns of a quaternion. */
export const quaternionNames = ["qx", "qy", "qz", "qw"] as const;

interface Header {
  readonly names: readonly string[];
  readonly at: readonly number[];
  /** Frame by the unit that the header names. */
  readonly frame: FrameName | undefined;
  readonly column: (what: TableColumn) => number;
  readonly quaternion: readonly number[];
  readonly extra: readonly number[];
}

function headerOf(path: string, fields: readonly string[]): Header {
  const coordinates = coordinateColumns(fields);
  if (!coordinates)
    throw broken(
      path,
      "the first row",
      `names no x, y and z (${fields.slice(0, 12).join(", ")})`,
      "columns x, y, z",
    );
  const [twice] = repeatedIn(fields.filter((name) => name !== ""));
  if (twice !== undefined)
    throw broken(path, "the first row", `has the column ${JSON.stringify(twice)} twice`, "each name once");
  const column = (what: TableColumn) => namedColumn(fields, what);
  const quaternion = quaternionNames.map((name) => fields.findIndex((field) => field.toLowerCase() === name));
  const hasQuaternion = !quaternion.includes(-1);
  const taken = new Set([
    ...coordinates.at,
    ...(["run", "type", "score", "instance"] as const).map(column),
    ...(hasQuaternion ? quaternion : []),
  ]);
  return {
    names: fields,
    ...coordinates,
    column,
    quaternion: hasQuaternion ? quaternion : [],
    extra: fields.map((_, index) => index).filter((index) => !taken.has(index)),
  };
}

/** Header of a file without one: three columns, x, y, z. */
const bareHeader: Header = {
  names: ["x", "y", "z"],
  at: [0, 1, 2],
  frame: undefined,
  column: () => -1,
  quaternion: [],
  extra: [],
};

const areNumbers = (fields: readonly string[]): boolean =>
  fields.every((field) => field !== "" && isNumberOrAbsent(field));

/** Reads a table row by row. */
class TableReader {
  readonly #path: string;
  readonly #frame: FrameName | undefined;
  #header: Header | undefined;

  constructor({ path, frame }: PartSource) {
    this.#path = path;
    this.#frame = frame;
  }

  /** Frame by the user or the header; undefined where neither says it. */
  get frame(): FrameName | undefined {
    return this.#frame ?? this.#header?.frame;
  }

  /** Reads a row; undefined for the header. */
  row(
    fields: readonly string[],
    row: number,
  ): { readonly run: string | undefined; readonly position: TomogramPosition } | undefined {
    if (!this.#header) {
      const isBare = fields.length === 3 && areNumbers(fields);
      this.#header = isBare ? bareHeader : headerOf(this.#path, fields);
      if (!isBare) return undefined;
    }
    const header = this.#header;
    if (fields.length !== header.names.length)
      throw broken(
        this.#path,
        `row ${row}`,
        `${fields.length} fields`,
        `${header.names.length}, as in the first row`,
      );
    const at = header.column("run");
    const run = at < 0 ? undefined : textOrAbsent(fields[at]);
    return { run, position: positionOf(this.#path, header, fields, row) };
  }

  /** Makes a set of positions. @throws PickbenchError BadUsage where nothing says their unit */
  set(run: string | undefined, positions: TomogramPosition[]): PositionSet {
    if (!this.#header) throw broken(this.#path, "the file", "is empty", "a header with x, y, z");
    const { names, extra } = this.#header;
    const { frame } = this;
    if (frame === undefined)
      throw new PickbenchError(
        "BadUsage",
        `${this.#path}: x, y and z have no unit in the header; name them x_angstrom, y_angstrom, z_angstrom or x_voxel, y_voxel, z_voxel, or in convert give --from-frame angstrom or --from-frame voxel (more: pickbench convert --help)`,
        { path: this.#path },
      );
    return {
      ...(run === undefined ? {} : { run }),
      frame,
      positions,
      extra: { family: "table", names: extra.map((column) => names[column]!) },
    };
  }
}

function read(source: Source): PositionSet[] {
  const { path, bytes } = source;
  const reader = new TableReader(source);
  const runs = new RunTable<TomogramPosition>();
  for (const { fields, row } of rowsOf(path, bytes, delimiterOf(firstLine(bytes)) ?? ",")) {
    const found = reader.row(fields, row);
    if (found) runs.add(found.run, found.position);
  }
  return runs.map((run, positions) => reader.set(run, positions));
}

/** Reads a table whose header says the unit, and that has no quotes, across which lines may run on. */
async function readParts(source: PartSource, take: PartTaker): Promise<boolean> {
  const { path } = source;
  const reader = new TableReader(source);
  const parts = new RunParts((run, positions) => reader.set(run, positions), take);
  let delimiter: Delimiter | undefined;
  let row = 0;
  for (const block of lineBlocksOf(path)) {
    if (block.includes('"')) return false;
    delimiter ??= delimiterOf(firstLine(block)) ?? ",";
    for (const line of linesOf(block)) {
      row++;
      const fields = fieldsOf(path, line, delimiter, row);
      const found = fields && reader.row(fields, row);
      if (found) parts.add(found.run, found.position);
      if (!parts.isFull) continue;
      if (reader.frame === undefined) return false;
      await parts.handOn();
    }
  }
  await parts.end();
  return true;
}

const firstLine = (bytes: Buffer): string => {
  for (const line of linesOf(bytes.subarray(0, 1 << 16))) if (line.trim() !== "") return line;
  return "";
};

function positionOf(path: string, header: Header, fields: readonly string[], row: number): TomogramPosition {
  const value = (at: number) => numberOf(fields[at], path, () => `row ${row}`, header.names[at]!);
  const { column, quaternion } = header;
  const optional = (at: number) =>
    at < 0 ? undefined : optionalNumberOf(fields[at], path, () => `row ${row}`, header.names[at]!);
  const [score, instance] = [optional(column("score")), optional(column("instance"))];
  const type = textOrAbsent(fields[column("type")]);
  const isTurned = quaternion.length > 0 && quaternion.every((at) => optional(at) !== undefined);
  const parts = isTurned ? (quaternion.map(value) as unknown as Quaternion) : undefined;
  if (parts && !(Math.hypot(...parts) > 1e-6))
    throw broken(path, `row ${row}`, "a quaternion of length 0", "qx, qy, qz and qw of a rotation");
  return {
    at: header.at.map(value) as unknown as Vector3,
    ...(type === undefined ? {} : { type }),
    ...(score === undefined ? {} : { score }),
    ...(instance === undefined ? {} : { instance }),
    ...(parts ? { rotation: rotationOfQuaternion(parts) } : {}),
    extra: header.extra.map((at) => fields[at]!),
  };
}

const unitOf = (frame: FrameName): string =>
  frame === "angstrom" ? "_angstrom" : frame === "nanometre" ? "_nm" : frame === "voxel" ? "_voxel" : "";

/** @param sets of whose positions some of each kind are enough */
function beginTable(sets: readonly PositionSet[], delimiter: Delimiter): PartWriter {
  const some = (test: (position: TomogramPosition) => boolean) =>
    sets.some(({ positions }) => positions.some(test));
  const frame = sets[0]?.frame ?? "angstrom";
  const unit = unitOf(frame);
  const extra = [...new Set(sets.flatMap((set) => set.extra?.names ?? []))];
  const has = {
    run: sets.some(({ run }) => run !== undefined),
    type: some(({ type }) => type !== undefined),
    score: some(({ score }) => score !== undefined),
    instance: some(({ instance }) => instance !== undefined),
    rotation: some(({ rotation }) => rotation !== undefined),
  };
  const optional = (is: boolean, names: readonly string[]) => (is ? names : []);
  const header = [
    ...optional(has.run, ["run"]),
    ...optional(has.type, ["type"]),
    ...["x", "y", "z"].map((axis) => axis + unit),
    ...optional(has.score, ["score"]),
    ...optional(has.instance, ["instance"]),
    ...optional(has.rotation, quaternionNames),
  ];
  const kept = extra.filter((name) => !header.includes(name));
  const cellsOf = (run: string | undefined, position: TomogramPosition, places: readonly number[]) => {
    const { at, type, score, instance, rotation } = position;
    return [
      ...optional(has.run, [run ?? ""]),
      ...optional(has.type, [type ?? ""]),
      ...at.map((value) => printed(value)),
      ...optional(has.score, [score === undefined ? "" : printed(score)]),
      ...optional(has.instance, [instance === undefined ? "" : printed(instance)]),
      ...optional(
        has.rotation,
        rotation ? quaternionOf(rotation).map((part) => printed(part)) : ["", "", "", ""],
      ),
      ...places.map((place) => position.extra?.[place] ?? ""),
    ];
  };
  return {
    head: Buffer.from(`${delimited([...header, ...kept], delimiter)}\n`),
    rows(set) {
      const text = new TextBytes();
      const places = kept.map((name) => set.extra?.names.indexOf(name) ?? -1);
      for (const position of set.positions)
        text.line(delimited(cellsOf(set.run, position, places), delimiter));
      return text.bytes();
    },
    notes:
      unit !== ""
        ? []
        : [
            `x, y, z count as ${frame}${countsInVoxels(frame) ? " (voxels)" : ""}, which the header does not say`,
          ],
  };
}

const frames = [
  "angstrom",
  "voxel",
  "nanometre",
  "angstrom-centred",
  "voxel-1",
  "index",
] as const satisfies FrameName[];

function tableFormat(name: string, title: string, extension: string, delimiter: Delimiter): PositionFormat {
  const begin = (sets: readonly PositionSet[]) => beginTable(sets, delimiter);
  return {
    name,
    title,
    extensions: [extension],
    carries: allOfTables,
    extra: ["star", "dynamo", "table"],
    recognises: (bytes) => {
      const line = firstLine(bytes);
      const found = delimiterOf(line);
      if (found === undefined || (found === "\t") !== (delimiter === "\t")) return false;
      const fields = line.split(found).map((field) => field.trim().replace(/^"|"$/g, ""));
      return (
        coordinateColumns(fields) !== undefined ||
        (fields.length === 3 && found !== "\t" && areNumbers(fields))
      );
    },
    read,
    readParts,
    frames,
    write: wholeOf(begin),
    begin,
  };
}

export const csv = tableFormat("csv", "a CSV table", ".csv", ",");
export const tsv = tableFormat("tsv", "a TSV table", ".tsv", "\t");

/** Names that programs and people give to columns, by their meaning. */
const synonyms = {
  run: ["run", "experiment", "run_name", "tomogram", "tomo", "tomo_name", "tomogram_name", "micrograph"],
  type: ["type", "particle_type", "particle", "object", "label", "class", "pickable_object_name"],
  score: ["score", "confidence", "probability"],
  instance: ["instance", "instance_id", "ids", "filament", "filament_id"],
} as const;

type TableColumn = keyof typeof synonyms;

/** Returns the index of the first column with one of a meaning's names; −1 where there is none. */
export const namedColumn = (fields: readonly string[], what: TableColumn): number =>
  fields.findIndex((field) => (synonyms[what] as readonly string[]).includes(field.trim().toLowerCase()));

const axis =
  /^(?:pos(?:ition)?|coord(?:inate)?|location|centre|center)?[ _.]?([xyz])(?:[ _]?[[(]?(å|a|ang|angstroms?|nm|nanomet(?:re|er)s?|px|pixels?|vx|voxels?)[\])]?)?$/i;

const frameOfUnit = (unit: string): FrameName =>
  /^n/i.test(unit) ? "nanometre" : /^[pv]/i.test(unit) ? "voxel" : "angstrom";

/** Names that napari gives to the axes of points: array indices along z, y, x. */
const napariAxes = ["axis-2", "axis-1", "axis-0"];

/** Finds the columns x, y and z and their unit; undefined where one is missing or found twice, or units differ. */
function coordinateColumns(
  fields: readonly string[],
): { readonly at: readonly number[]; readonly frame: FrameName | undefined } | undefined {
  const napari = napariAxes.map((name) => fields.findIndex((field) => field.trim().toLowerCase() === name));
  if (!napari.includes(-1) && !fields.includes("axis-3")) return { at: napari, frame: "index" };
  const found = fields.map((field) => axis.exec(field.trim()));
  const at = ["x", "y", "z"].map((name) => found.findIndex((match) => match?.[1]?.toLowerCase() === name));
  const count = found.filter((match) => match !== null).length;
  if (at.includes(-1) || count !== 3) return undefined;
  const units = new Set(at.map((index) => found[index]![2]).map((unit) => unit && frameOfUnit(unit)));
  if (units.size > 1) return undefined;
  const [frame] = units;
  return { at, frame: frame as FrameName | undefined };
}
