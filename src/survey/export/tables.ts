/** Export of a survey: Pom's summary, and the whole table of tomograms as CSV or Parquet. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { writeWhole } from "../../system/files.js";
import { replaced } from "../../system/paths/replacing.js";
import { appendRows, identifier, literal, openDatabase } from "../database/duckdb.js";
import type { PlacedColumn } from "../find/columns.js";
import { findTomograms, type SurveyFindOptions, type SurveyFound } from "../find/find.js";
import { summaryStar } from "./summaryStar.js";

/** A format of exported tables, by its file's ending. */
export type SurveyExportFormat = "star" | "csv" | "parquet";
export const exportFormats: readonly SurveyExportFormat[] = ["star", "csv", "parquet"];

/** Finds the rows to write; those of particles are of the first source that has them. */
export function exportedRows(
  connection: DuckDBConnection,
  columns: readonly PlacedColumn[],
  format: SurveyExportFormat,
  where: string | undefined,
  options: SurveyFindOptions,
): Promise<SurveyFound> {
  const wanted =
    format === "star"
      ? columns
          .filter(({ place, name }) => isOfSummary(place) && name === shortName(place))
          .map(({ name }) => name)
      : (options.columns ?? columns.map(({ name }) => name));
  return findTomograms(connection, columns, where, { ...options, columns: wanted });
}

type Place = PlacedColumn["place"];

const isOfSummary = ({ table, column }: Place): boolean =>
  (table === "features" && column === "soft_percent") || (table === "particles" && column === "count");

const shortName = ({ column, keys }: Place): string => `${keys.feature ?? keys.type}.${column}`;

/** Writes rows to a file, whole or not at all. */
export async function writeTable(
  path: string,
  format: SurveyExportFormat,
  { columns, rows }: SurveyFound,
  known: readonly PlacedColumn[],
): Promise<void> {
  if (format === "star") {
    await writeWhole(path, summaryOf(columns, rows, known));
    return;
  }
  const types = new Map(known.map(({ name, type }) => [name, type]));
  const database = await openDatabase();
  try {
    const { connection } = database;
    const defined = columns.map(
      (name) => `${identifier(name)} ${types.get(name) === "text" ? "VARCHAR" : "DOUBLE"}`,
    );
    await connection.run(`CREATE TABLE exported (${defined.join(", ")})`);
    await appendRows(connection, "exported", rows);
    const how = format === "csv" ? "FORMAT csv, HEADER" : "FORMAT parquet, COMPRESSION zstd";
    await replaced(path, async (partial) => {
      await connection.run(`COPY exported TO ${literal(partial)} (${how})`);
    });
  } finally {
    database.close();
  }
}

function summaryOf(
  columns: SurveyFound["columns"],
  rows: SurveyFound["rows"],
  known: readonly PlacedColumn[],
): Buffer {
  const places = columns.map((name) => known.find((column) => column.name === name)!.place);
  const run = columns.indexOf("run");
  const part = (row: SurveyFound["rows"][number], table: Place["table"], key: string): Map<string, number> =>
    new Map(
      places.flatMap((place, at) => {
        const value = row[at];
        return place.table === table && typeof value === "number" ? [[place.keys[key]!, value] as const] : [];
      }),
    );
  return summaryStar(
    new Map(
      rows.map((row) => [
        String(row[run]),
        { features: part(row, "features", "feature"), particles: part(row, "particles", "type") },
      ]),
    ),
  );
}
