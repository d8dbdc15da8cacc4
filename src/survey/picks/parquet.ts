/** Writing of a run's picks as Parquet, which pandas and others read as they lie. */
import { rm } from "node:fs/promises";
import { openFile } from "../../system/paths/opening.js";
import { replaced } from "../../system/paths/replacing.js";
import { appendRows, literal, type OpenDatabase, openDatabase } from "../database/duckdb.js";
import type { PickRow } from "./runPicks.js";

/** Columns of the files, with their types in DuckDB. */
const picksColumns = {
  source: "VARCHAR",
  type: "VARCHAR",
  x: "FLOAT",
  y: "FLOAT",
  z: "FLOAT",
  score: "FLOAT",
  verdict: "VARCHAR",
} as const satisfies Record<keyof PickRow, string>;

const mark = "PAR1";

/** Tells whether a file is there and ends as Parquet does: one that was cut does not. */
export async function isWholeParquet(path: string): Promise<boolean> {
  const file = await openFile(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { size } = await file.stat();
    const end = Buffer.alloc(mark.length);
    await file.read(end, 0, end.length, Math.max(0, size - end.length));
    return end.toString("latin1") === mark;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** Writes files of picks, one after another. */
export class PicksWriter {
  #database: Promise<OpenDatabase> | undefined;

  /** Writes a run's picks; where there are none, an earlier file is removed. */
  async write(path: string, rows: readonly PickRow[]): Promise<void> {
    if (rows.length === 0) {
      await rm(path, { force: true });
      return;
    }
    this.#database ??= begun();
    const { connection } = await this.#database;
    await connection.run("DELETE FROM picks");
    const names = Object.keys(picksColumns) as (keyof PickRow)[];
    await appendRows(
      connection,
      "picks",
      rows.map((row) => names.map((name) => row[name])),
    );
    await replaced(path, async (partial) => {
      await connection.run(`COPY picks TO ${literal(partial)} (FORMAT parquet, COMPRESSION zstd)`);
    });
  }

  async close(): Promise<void> {
    (await this.#database)?.close();
  }
}

async function begun(): Promise<OpenDatabase> {
  const database = await openDatabase(undefined, { threads: "1" });
  const columns = Object.entries(picksColumns).map(([name, type]) => `${name} ${type}`);
  await database.connection.run(`CREATE TABLE picks (${columns.join(", ")})`);
  return database;
}
