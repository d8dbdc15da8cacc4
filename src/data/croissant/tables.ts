/**
 * Tables of a Croissant manifest, in copick's form: which CSV files stand beside it, and which columns they have. The room
 * `croissant` writes data sets as manifests and reads them, with every file checked.
 */
import { delimited, rowsOf } from "../../formats/positions/programs/delimited.js";
import { PickbenchError } from "../../system/errors.js";

/** One table: its record set, file and columns. */
export interface Table {
  /** Name of its record set. */
  readonly record: string;
  readonly file: string;
  /** Identity of the file in the distribution. */
  readonly id: string;
  /** Types of Croissant by column, in the order of the columns. */
  readonly columns: Readonly<Record<string, "sc:Text" | "sc:Float" | "sc:Integer" | "sc:Boolean">>;
}

/** Columns of one row by name; empty where nothing is known. */
export type Row = Readonly<Record<string, string>>;

const portalColumns = {
  portal_object_name: "sc:Text",
  portal_session_id: "sc:Text",
  portal_annotation_id: "sc:Text",
  portal_annotation_file_id: "sc:Text",
} as const;

const author = { user_id: "sc:Text", session_id: "sc:Text" } as const;
const ofObject = {
  run: "sc:Text",
  ...author,
  object_name: "sc:Text",
  url: "sc:Text",
  sha256: "sc:Text",
} as const;

/** The tables of copick 1.31 by short name, and `files`, which it passes over: every file with size and hash. */
export const tables = {
  runs: {
    ...{ record: "copick/runs", file: "runs.csv", id: "runs-csv" },
    columns: { name: "sc:Text", portal_run_id: "sc:Text", split: "sc:Text" },
  },
  voxelSpacings: {
    ...{ record: "copick/voxel_spacings", file: "voxel_spacings.csv", id: "voxel-spacings-csv" },
    columns: { run: "sc:Text", voxel_size: "sc:Float" },
  },
  tomograms: {
    ...{ record: "copick/tomograms", file: "tomograms.csv", id: "tomograms-csv" },
    columns: {
      ...{ run: "sc:Text", voxel_size: "sc:Float", tomo_type: "sc:Text", url: "sc:Text" },
      ...{ portal_tomo_type: "sc:Text", portal_tomogram_id: "sc:Text" },
    },
  },
  features: {
    ...{ record: "copick/features", file: "features.csv", id: "features-csv" },
    columns: {
      ...{ run: "sc:Text", voxel_size: "sc:Float", tomo_type: "sc:Text", feature_type: "sc:Text" },
      ...{ url: "sc:Text" },
    },
  },
  picks: {
    ...{ record: "copick/picks", file: "picks.csv", id: "picks-csv" },
    columns: { ...ofObject, ...portalColumns },
  },
  meshes: { record: "copick/meshes", file: "meshes.csv", id: "meshes-csv", columns: ofObject },
  segmentations: {
    ...{ record: "copick/segmentations", file: "segmentations.csv", id: "segmentations-csv" },
    columns: {
      ...{ run: "sc:Text", voxel_size: "sc:Float", ...author, name: "sc:Text", is_multilabel: "sc:Boolean" },
      ...{ url: "sc:Text", ...portalColumns },
    },
  },
  objects: {
    ...{ record: "copick/objects", file: "objects.csv", id: "objects-csv" },
    columns: { name: "sc:Text", url: "sc:Text" },
  },
  files: {
    ...{ record: "pickbench/files", file: "files.csv", id: "files-csv" },
    columns: { path: "sc:Text", size: "sc:Integer", sha256: "sc:Text" },
  },
} as const satisfies Record<string, Table>;

export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as TableName[];

/** Returns the text of a table's file. */
export function csvOf({ columns }: Table, rows: readonly Row[]): string {
  const names = Object.keys(columns);
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? ""))];
  return lines.map((fields) => `${delimited(fields, ",")}\n`).join("");
}

/**
 * Reads a table's file.
 *
 * @param path of the file, for messages
 * @throws PickbenchError BadDataset where it lacks a column that is needed, or a row has another number of fields
 */
export function rowsOfCsv(path: string, text: string, needed: readonly string[]): Row[] {
  const rows: Row[] = [];
  let header: readonly string[] | undefined;
  const refuse = (row: number, why: string) =>
    new PickbenchError("BadDataset", `${path}, row ${row}: ${why}; write the manifest anew`, { path });
  for (const { fields, row } of rowsOf(path, Buffer.from(text), ",")) {
    if (header === undefined) {
      header = fields;
      const missing = needed.find((name) => !fields.includes(name));
      const twice = fields.find((name, i) => fields.indexOf(name) < i);
      if (twice !== undefined) throw refuse(row, `names the column ${twice} twice`);
      if (missing !== undefined)
        throw refuse(row, `there is no column ${missing} (there are ${fields.join(", ")})`);
      continue;
    }
    const names = header;
    if (fields.length !== names.length)
      throw refuse(row, `has ${fields.length} fields, wanted ${names.length}`);
    rows.push(Object.fromEntries(names.map((name, i) => [name, fields[i]!])));
  }
  if (header === undefined && needed.length > 0) throw refuse(1, `is not there, wanted ${needed.join(", ")}`);
  return rows;
}
