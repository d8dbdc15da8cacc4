/** SQL for those who want it: one statement on a database that is read-only and cut off from files and settings. */
import { messageOf, PickbenchError } from "../../system/errors.js";
import { openDatabase } from "../database/duckdb.js";

/** What SQL answered. */
export interface SurveyAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** Whether there is more than was asked for. */
  readonly isCut: boolean;
}

/** Seconds after which a statement is broken off. */
const usualSqlSeconds = 300;

/** Rows where no limit is given. */
const usualSqlRows = 1000;

/**
 * Answers a statement. It may take `seconds`, and 4 GB of disk beside the database.
 *
 * @throws PickbenchError BadUsage with what DuckDB says of it
 */
export async function askSql(
  path: string,
  text: string,
  limit = usualSqlRows,
  seconds = usualSqlSeconds,
): Promise<SurveyAnswer> {
  const database = await openDatabase(path, {
    access_mode: "READ_ONLY",
    enable_external_access: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    max_temp_directory_size: "4GB",
    lock_configuration: "true",
  });
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    database.connection.interrupt();
  }, seconds * 1000);
  try {
    const { connection } = database;
    const statements = await connection.extractStatements(text);
    if (statements.count !== 1) throw new Error(`it has ${statements.count} statements, wanted one`);
    const statement = await statements.prepare(0);
    const reader = await statement.streamAndReadUntil(limit + 1);
    const rows = reader.getRowsJson();
    return {
      columns: reader.deduplicatedColumnNames(),
      rows: rows.slice(0, limit),
      isCut: rows.length > limit,
    };
  } catch (error) {
    if (isLate)
      throw new PickbenchError(
        "BadUsage",
        `the SQL was broken off after ${seconds} s without an answer; ask for less, or take the picks' Parquet files`,
        { cause: error },
      );
    const [line] = messageOf(error).split("\n");
    throw new PickbenchError("BadUsage", `the SQL cannot be answered: ${line}; write one SELECT`, {
      cause: error,
    });
  } finally {
    clearTimeout(late);
    database.close();
  }
}
