/** CSVs with the challenge's columns and any others: scores, orientations, filaments, and what surrounds picks. */
import { parseDecimal } from "../../formats/csv/decimal.js";
import type { Fields } from "../../formats/csv/rows.js";
import { fault, readRows, submissionColumns, textOf } from "../../formats/csv/submissionRows.js";
import { linesOf } from "../../formats/lines.js";
import { isAbsent } from "../../formats/positions/fields.js";
import { rotationOfQuaternion } from "../../formats/positions/orientation.js";
import { namedColumn, quaternionNames } from "../../formats/positions/programs/table.js";
import { openFile } from "../../system/paths/opening.js";
import type { GrowingColumn, PickTable } from "./columns.js";
import { type FilePicks, Tables } from "./tables.js";

const needed: readonly string[] = submissionColumns.filter((name) => name !== "id");

/** Tells whether a file's first row names the challenge's columns. */
export async function isSubmission(path: string): Promise<boolean> {
  if (!path.toLowerCase().endsWith(".csv")) return false;
  const file = await openFile(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1 << 16), 0, 1 << 16, 0);
    const line = linesOf(buffer.subarray(0, bytesRead)).next().value;
    const names = typeof line === "string" ? line.split(",").map((name) => name.trim()) : [];
    return needed.every((name) => names.includes(name));
  } finally {
    await file.close();
  }
}

/** Where columns with a meaning are among the further ones; −1 for none. */
interface Meanings {
  readonly names: readonly string[];
  readonly score: number;
  readonly instance: number;
  readonly quaternion: readonly number[];
  /** All without a meaning. */
  readonly others: readonly number[];
}

function meaningsOf(names: readonly string[]): Meanings {
  const [score, instance] = [namedColumn(names, "score"), namedColumn(names, "instance")];
  const turned = quaternionNames.map((name) => names.findIndex((each) => each.toLowerCase() === name));
  const quaternion = turned.includes(-1) ? [] : turned;
  const taken = new Set([score, instance, ...quaternion]);
  return { names, score, instance, quaternion, others: [...names.keys()].filter((at) => !taken.has(at)) };
}

/**
 * Reads such a CSV, checked row by row as `pickbench score` checks it.
 *
 * @throws PickbenchError BadSubmission, naming the row
 */
export async function readSubmissionFile(path: string): Promise<FilePicks> {
  const tables = new Tables();
  const columnsOf = new Map<PickTable, GrowingColumn[]>();
  let meanings = meaningsOf([]);
  let fields: Fields | undefined;
  let places: readonly number[] = [];
  await readRows(
    path,
    (run, type, place, row) => {
      const table = tables.of(run, "");
      const number = (at: number) => numberAt(fields!, places[at] ?? -1, path, row, meanings.names[at] ?? "");
      const { score, instance, quaternion, others } = meanings;
      if (others.length > 0) {
        const columns = columnsOf.get(table) ?? others.map((at) => table.column(meanings.names[at]!));
        columnsOf.set(table, columns);
        for (const [i, column] of columns.entries()) addField(column, fields!, places[others[i]!]!);
      }
      table.add({
        type,
        x: place[0]!,
        y: place[1]!,
        z: place[2]!,
        score: score < 0 ? undefined : number(score),
        instance: instance < 0 ? undefined : number(instance),
        rotation: quaternion.length === 0 ? undefined : rotationFrom(quaternion.map(number)),
      });
    },
    {
      beside: {
        header(names) {
          meanings = meaningsOf(
            names.map((name, at) => (names.indexOf(name) < at ? `${name} (${at})` : name)),
          );
        },
        row(of, at) {
          fields = of;
          places = at;
        },
      },
    },
  );
  return tables.columns();
}

/** Returns a quaternion's rotation; undefined where one of its parts is absent or all are 0. */
function rotationFrom(parts: readonly (number | undefined)[]): readonly number[] | undefined {
  const [x, y, z, w] = parts;
  if (x === undefined || y === undefined || z === undefined || w === undefined) return undefined;
  return Math.hypot(x, y, z, w) > 1e-6 ? rotationOfQuaternion([x, y, z, w]) : undefined;
}

function addField(column: GrowingColumn, fields: Fields, place: number): void {
  const value = parseDecimal(fields.bytes, fields.starts[place]!, fields.ends[place]!);
  if (Number.isNaN(value)) column.addText(textOf(fields, place));
  else column.addNumber(value);
}

function numberAt(
  fields: Fields,
  place: number,
  path: string,
  row: number,
  name: string,
): number | undefined {
  const value = parseDecimal(fields.bytes, fields.starts[place]!, fields.ends[place]!);
  if (!Number.isNaN(value)) return value;
  const text = textOf(fields, place);
  if (isAbsent(text)) return undefined;
  throw fault(path, {}, row, `${name} = "${text}"`, "a number or nothing");
}
