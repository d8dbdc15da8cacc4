/** Columns of a few tomograms by their names, as a table shows them page by page: what lies with others is not read. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { checkColumn, type PlacedColumn } from "./columns.js";
import { rowsOf } from "./find.js";
import { QueryParts } from "./sql.js";

/** A value of a survey; null where it is missing. */
export type SurveyValue = string | number | null;

/**
 * Returns the columns of some runs, a row each in their order; a row of a run that the survey has not is undefined.
 *
 * @throws PickbenchError BadUsage for a column that does not exist
 */
export async function rowsOfRuns(
  connection: DuckDBConnection,
  known: readonly PlacedColumn[],
  runs: readonly string[],
  columns: readonly string[],
): Promise<(readonly SurveyValue[] | undefined)[]> {
  for (const name of columns) checkColumn(name, known);
  if (runs.length === 0) return [];
  const named = runs.map((_, at) => `$${at + 1}`).join(", ");
  const found = await rowsOf(
    connection,
    `SELECT t.id::DOUBLE FROM tomograms AS t WHERE t.run IN (${named})`,
    [...runs],
  );
  if (found.length === 0) return runs.map(() => undefined);
  const ids = found.map(([id]) => Math.trunc(id as number));
  const parts = new QueryParts(known, ids);
  const selected = [parts.column("run"), ...columns.map((name) => parts.column(name))];
  const rows = await rowsOf(
    connection,
    `SELECT ${selected.join(", ")} FROM ${parts.from()} WHERE t.id IN (${ids.join(", ")})`,
    parts.values,
  );
  const byRun = new Map(rows.map(([run, ...values]) => [run as string, values]));
  return runs.map((run) => byRun.get(run));
}
