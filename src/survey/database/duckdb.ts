/** DuckDB, embedded: opening of databases, chunks of rows, literals. Loaded when it is first needed. */
import { availableParallelism } from "node:os";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { undoAtEnd } from "../../system/ending.js";
import { PickbenchError } from "../../system/errors.js";

/** Memory that DuckDB may take; the rest of the process takes about 150 MB. */
const memoryLimit = "400MB";

/** A database that is open. */
export interface OpenDatabase {
  readonly connection: DuckDBConnection;
  close(): void;
}

/**
 * Opens a database; one in memory where no path is given. It reads and writes no file but itself where it is read-only. Where
 * the process ends, what it computes is broken off: its threads would keep the process from ending.
 *
 * @throws Error of DuckDB where the file is damaged, or another process writes it
 */
export async function openDatabase(
  path = ":memory:",
  options: Readonly<Record<string, string>> = {},
): Promise<OpenDatabase> {
  const { DuckDBInstance } = await duckdb();
  const threads = String(Math.min(4, availableParallelism()));
  const instance = await DuckDBInstance.create(path, {
    ...{ memory_limit: memoryLimit, threads, ieee_floating_point_ops: "false" },
    ...options,
  });
  const connection = await instance.connect();
  const forget = undoAtEnd(() => connection.interrupt());
  return {
    connection,
    close() {
      forget();
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Loads DuckDB. @throws PickbenchError Unsupported where it has no binary for this machine, or was not installed */
export async function duckdb(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    throw new PickbenchError(
      "Unsupported",
      "the survey's database needs @duckdb/node-api, which does not load on this machine; install pickbench again with its optional packages",
      { cause },
    );
  }
}

/** Rows of one chunk at most. */
const chunkRows = 2048;

/** Appends rows to a table. */
export async function appendRows(
  connection: DuckDBConnection,
  table: string,
  rows: readonly (readonly DuckDBValue[])[],
): Promise<void> {
  const { DuckDBDataChunk } = await duckdb();
  const appender = await connection.createAppender(table);
  const types = Array.from({ length: appender.columnCount }, (_, at) => appender.columnType(at));
  for (let from = 0; from < rows.length; from += chunkRows) {
    const part = rows.slice(from, from + chunkRows);
    const chunk = DuckDBDataChunk.create(types, part.length);
    chunk.setRows(part);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/** Quotes a name as an identifier of SQL. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Quotes a text as a literal of SQL, where DuckDB takes no parameter: names of files. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
