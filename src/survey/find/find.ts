/** Finding tomograms by an expression, in an order. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { columnsOf, compileCondition } from "../../domain/expression/compile.js";
import { parseExpression } from "../../domain/expression/parse.js";
import { duckdb } from "../database/duckdb.js";
import { checkColumn, type PlacedColumn, type SurveyColumn } from "./columns.js";
import { QueryParts } from "./sql.js";

/** How tomograms are found. */
export interface SurveyFindOptions {
  /** A column, with " desc" behind it for falling order; by run if absent. Missing values come last. */
  readonly sort?: string | undefined;
  /** Most rows; all if absent. */
  readonly limit?: number | undefined;
  /** Rows before the first one. */
  readonly offset?: number | undefined;
  /** Columns to show besides the run; those of the expression and the order if absent. */
  readonly columns?: readonly string[] | undefined;
}

/** What was found: rows of values, null where missing. */
export interface SurveyFound {
  /** Tomograms that fulfil the expression, shown or not. */
  readonly total: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/**
 * Finds the tomograms for which an expression is true; all where there is none.
 *
 * @throws PickbenchError BadUsage with the place of what is wrong, or for a column that does not exist
 */
export async function findTomograms(
  connection: DuckDBConnection,
  known: readonly PlacedColumn[],
  where: string | undefined,
  { sort, limit, offset = 0, columns }: SurveyFindOptions = {},
): Promise<SurveyFound> {
  const expression = where === undefined ? undefined : parseExpression(where);
  if (where !== undefined && expression) compileCondition(where, expression, known);
  const order = sort === undefined ? { column: "run", isFalling: false } : orderOf(sort, known);
  for (const name of columns ?? []) checkColumn(name, known);
  const asked = columns ?? [...(expression ? columnsOf(expression) : []), order.column];
  const shown = [...new Set(["run", ...asked])];
  const parts = new QueryParts(known);
  const selected = shown.map((name) => parts.column(name));
  const condition = expression ? `WHERE ${parts.expression(expression)}` : "";
  const by = `${parts.column(order.column)} ${order.isFalling ? "DESC" : "ASC"} NULLS LAST, t."run" ASC`;
  const bounds = `${limit === undefined ? "" : `LIMIT ${Math.trunc(limit)}`} OFFSET ${Math.trunc(offset)}`;
  const rows = await rowsOf(
    connection,
    `SELECT ${selected.join(", ")} FROM ${parts.from()} ${condition} ORDER BY ${by} ${bounds}`,
    parts.values,
  );
  const isAll = offset === 0 && (limit === undefined || rows.length < limit);
  const total = isAll ? rows.length : await count(connection, known, expression);
  return { total, columns: shown, rows };
}

async function count(
  connection: DuckDBConnection,
  known: readonly PlacedColumn[],
  expression: ReturnType<typeof parseExpression> | undefined,
): Promise<number> {
  const parts = new QueryParts(known);
  const condition = expression ? `WHERE ${parts.expression(expression)}` : "";
  const [row] = await rowsOf(
    connection,
    `SELECT count(*)::DOUBLE FROM ${parts.from()} ${condition}`,
    parts.values,
  );
  return row![0] as number;
}

/** Asks for rows of numbers and texts, with the values that the SQL has in place of $1, $2, … */
export async function rowsOf(
  connection: DuckDBConnection,
  sql: string,
  values: (string | number)[],
): Promise<(string | number | null)[][]> {
  const { DOUBLE, VARCHAR } = await duckdb();
  const types = values.map((value) => (typeof value === "number" ? DOUBLE : VARCHAR));
  return (await connection.runAndReadAll(sql, values, types)).getRowsJS() as (string | number | null)[][];
}

/** Reads an order: a column, with asc or desc behind it. @throws PickbenchError BadUsage for a column that does not exist */
export function orderOf(sort: string, known: readonly SurveyColumn[]) {
  const [, name, way] = /^\s*(.*?)(?:\s+(asc|desc))?\s*$/i.exec(sort)!;
  const column = name!.replace(/^\[(.*)\]$/, "$1");
  checkColumn(column, known, "--sort ");
  return { column, isFalling: way?.toLowerCase() === "desc" };
}
