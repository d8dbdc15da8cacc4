/** Rows of delimited text: CSV and TSV with quotes. */
import { parse } from "csv-parse/sync";
import { messageOf } from "../../../system/errors.js";
import { linesOf } from "../../lines.js";
import { broken } from "../fields.js";

export type Delimiter = "," | "\t" | ";" | "|";

/** Joins fields to a row, quoted where needed (RFC 4180). */
export const delimited = (fields: readonly string[], delimiter: Delimiter): string =>
  fields.map((field) => quotedField(field, delimiter)).join(delimiter);

/** Quotes a field where needed (RFC 4180). */
export const quotedField = (field: string, delimiter: Delimiter): string =>
  /["\r\n]/.test(field) || field.includes(delimiter) ? `"${field.replaceAll('"', '""')}"` : field;

/** Returns the most frequent delimiter of a header or a row; undefined where there is none. */
export function delimiterOf(line: string): Delimiter | undefined {
  const counted = ([",", "\t", ";", "|"] as const).map((one) => ({ one, count: line.split(one).length - 1 }));
  const most = counted.reduce((a, b) => (b.count > a.count ? b : a));
  return most.count > 0 ? most.one : undefined;
}

/** Limit of fields in a row, above that of any table of positions. */
const mostFields = 4096;

/**
 * Yields the fields of each row that is not blank; files without quotes are split without a parser.
 *
 * @throws PickbenchError BadDataset for misplaced quotes or too many fields
 */
export function* rowsOf(
  path: string,
  bytes: Buffer,
  delimiter: Delimiter,
): Generator<{ fields: string[]; row: number }> {
  if (bytes.includes('"')) {
    yield* quotedRows(path, bytes, delimiter);
    return;
  }
  let row = 0;
  for (const line of linesOf(bytes)) {
    row++;
    const fields = fieldsOf(path, line, delimiter, row);
    if (fields) yield { fields, row };
  }
}

/**
 * Splits a line without quotes; undefined for a blank one.
 *
 * @throws PickbenchError BadDataset for too many fields
 */
export function fieldsOf(
  path: string,
  line: string,
  delimiter: Delimiter,
  row: number,
): string[] | undefined {
  if (line.trim() === "") return undefined;
  const fields = line.split(delimiter);
  if (fields.length > mostFields)
    throw broken(path, `row ${row}`, `${fields.length} fields`, `at most ${mostFields}`);
  return fields.map((field) => field.trim());
}

function* quotedRows(
  path: string,
  bytes: Buffer,
  delimiter: Delimiter,
): Generator<{ fields: string[]; row: number }> {
  let records: string[][];
  try {
    records = parse(bytes, {
      delimiter,
      bom: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
    });
  } catch (error) {
    throw broken(path, "the table", `cannot be read (${messageOf(error)})`, "quotes that open and close");
  }
  for (const [index, fields] of records.entries()) yield { fields, row: index + 1 };
}
