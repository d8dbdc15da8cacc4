/** Expressions as SQL of DuckDB beside the functions that compile.ts makes, which are checked against SQLite. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { columnsOf, compileCondition } from "../../src/domain/expression/compile.js";
import { parseExpression } from "../../src/domain/expression/parse.js";
import { appendRows, identifier, type OpenDatabase, openDatabase } from "../../src/survey/database/duckdb.js";
import type { PlacedColumn } from "../../src/survey/find/columns.js";
import { findTomograms } from "../../src/survey/find/find.js";
import { QueryParts } from "../../src/survey/find/sql.js";
import { columns, conditions, rows } from "../support/expressions.js";
import fc from "../support/properties.js";

let database: OpenDatabase;
const table = fc.sample(rows, { seed: 8, numRuns: 40 });
const known: PlacedColumn[] = [
  { name: "run", type: "text", says: "", place: { table: "tomograms", column: "run", keys: {} } },
  ...columns.map(
    ({ name, type }): PlacedColumn => ({
      name,
      type,
      says: "",
      place: { table: "tomograms", column: name, keys: {} },
    }),
  ),
];

beforeAll(async () => {
  database = await openDatabase();
  const types = columns.map(
    ({ name, type }) => `${identifier(name)} ${type === "text" ? "VARCHAR" : "DOUBLE"}`,
  );
  await database.connection.run(`CREATE TABLE tomograms (id INTEGER, run VARCHAR, ${types.join(", ")})`);
  await appendRows(
    database.connection,
    "tomograms",
    table.map((row, at) => [
      at,
      `TS_${String(at).padStart(3, "0")}`,
      ...columns.map((_, column) => row[column] ?? null),
    ]),
  );
});
afterAll(() => database.close());

const answers = async (text: string): Promise<(boolean | null)[]> => {
  const parts = new QueryParts(known);
  const sql = parts.expression(parseExpression(text));
  const { DOUBLE, VARCHAR } = await import("@duckdb/node-api");
  const types = parts.values.map((value) => (typeof value === "number" ? DOUBLE : VARCHAR));
  const read = await database.connection.runAndReadAll(
    `SELECT ${sql} FROM ${parts.from()} ORDER BY t.id`,
    parts.values,
    types,
  );
  return read.getRowsJS().map(([value]) => value as boolean | null);
};

test("answer every row alike, missing values included", async () => {
  const written = fc.sample(conditions, { seed: 9, numRuns: 400 });
  const counts = { true: 0, false: 0, null: 0 };
  for (const { text } of written) {
    const condition = compileCondition(text, parseExpression(text), columns);
    const ours = table.map((row) => condition(row) ?? null);
    for (const answer of ours) counts[String(answer) as keyof typeof counts]++;
    expect(await answers(text), text).toEqual(ours);
  }
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(1000);
});

test.each([
  ["1e308 * 10 is missing", true],
  ["1 / (1e308 * 10) is missing", true],
  ["0 / 0 is missing", true],
  ["'%' = '\\%'", false],
  ["'100%' like '100\\%'", false],
  ["'x'' or 1=1 --' = type", null],
])("%s is %s", async (text, expected) => {
  const first = (await answers(text))[table.findIndex((row) => row[3] === undefined)]!;
  expect(first ?? null).toBe(expected);
});

test("a hundred divisions within one another are answered, as nothing is written twice", async () => {
  const deep = `${"1 / (".repeat(90)}2${")".repeat(90)} > 0`;
  expect(await answers(deep)).toContain(true);
});

test("finding sorts, with missing values last, and counts beyond the limit", async () => {
  const all = await findTomograms(database.connection, known, undefined, { sort: "score desc" });
  const scores = all.rows.map((row) => row[all.columns.indexOf("score")] as number | null);
  const there = scores.filter((score) => score !== null);
  expect(there).toEqual(there.toSorted((a, b) => b - a));
  expect(scores.slice(there.length).every((score) => score === null)).toBe(true);
  const some = await findTomograms(database.connection, known, "score > 0", { limit: 2, offset: 1 });
  const whole = await findTomograms(database.connection, known, "score > 0");
  expect(some.total).toBe(whole.total);
  expect(some.rows).toEqual(whole.rows.slice(1, 3));
  expect(columnsOf(parseExpression("score > 0"))).toEqual(["score"]);
});

test.each([
  ["scor > 1", {}, "there is no column scor; did you mean score?"],
  ["score > 1; drop table tomograms", {}, '";" means nothing here'],
  [undefined, { sort: "scroe" }, '--sort "scroe": the survey has no such column; did you mean score?'],
  [undefined, { sort: "score desc; drop table tomograms" }, "the survey has no such column"],
  [undefined, { columns: ['run" from files --'] }, "the survey has no such column"],
])("%s %o is refused", async (where, options, message) => {
  await expect(findTomograms(database.connection, known, where, options)).rejects.toThrow(message);
});
