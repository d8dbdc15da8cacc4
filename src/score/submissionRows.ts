import { type ErrorTag, messageOf, PickbenchError } from "../errors.js";
import { CsvFault, type Fields, readCsvRows } from "./csvRows.js";
import { parseDecimal } from "./decimal.js";
import { SeenIds } from "./seenIds.js";

/** The challenge's columns; coordinates in Å from the volume's corner. */
export const submissionColumns = ["id", "experiment", "particle_type", "x", "y", "z"] as const;
type Column = (typeof submissionColumns)[number];

/** One checked row; `row` counts from 1, the header being row 1. */
export type RowReader = (
  experiment: string,
  type: string,
  x: number,
  y: number,
  z: number,
  row: number,
) => void;

export interface CsvRules {
  /** A submission needs its id column; a truth may go without. */
  readonly kind?: "submission" | "truth";
}

/** Streams the rows of a CSV, each checked save for its type; memory does not grow with the file. */
export async function readRows(path: string, each: RowReader, rules: CsvRules = {}): Promise<void> {
  let checker: RowChecker | undefined;
  try {
    await readCsvRows(path, (fields, row) => {
      if (checker === undefined) checker = new RowChecker(fields, each, path, rules);
      else checker.check(fields, row);
    });
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    const text =
      error instanceof CsvFault
        ? `${path} is no CSV that can be read: ${error.message}, wanted plain text; write it again`
        : `cannot read ${path} (${messageOf(error)}); name a CSV file`;
    throw new PickbenchError(tagOf(rules), text, { path, cause: error });
  }
  if (checker === undefined)
    throw new PickbenchError(
      tagOf(rules),
      `${path} is empty, wanted at least the header ${submissionColumns.join(",")}; write it again`,
      { path },
    );
}

/** Checks rows against the header that it is made with. */
class RowChecker {
  readonly #columns: Columns;
  readonly #each: RowReader;
  readonly #path: string;
  readonly #rules: CsvRules;
  readonly #ids = new SeenIds();
  readonly #experiments = new Names();
  readonly #types = new Names();

  constructor(header: Fields, each: RowReader, path: string, rules: CsvRules) {
    this.#columns = columnsOf(header, path, rules);
    this.#each = each;
    this.#path = path;
    this.#rules = rules;
  }

  check(fields: Fields, row: number): void {
    const { count, at } = this.#columns;
    if (fields.count !== count)
      throw this.#fault(row, `${fields.count} field${fields.count === 1 ? "" : "s"}`, `${count}`);
    if (at.id >= 0) this.#checkId(fields, row);
    this.#each(
      this.#name("experiment", this.#experiments, fields, row),
      this.#name("particle_type", this.#types, fields, row),
      this.#number("x", fields, row),
      this.#number("y", fields, row),
      this.#number("z", fields, row),
      row,
    );
  }

  #checkId(fields: Fields, row: number): void {
    const field = this.#columns.at.id;
    const start = fields.starts[field]!;
    const end = fields.ends[field]!;
    if (start === end) throw this.#fault(row, "an empty id", "a whole number");
    if (!this.#ids.add(fields.bytes, start, end))
      throw this.#fault(row, `the id ${textOf(fields, field)} a second time`, "every id once");
  }

  #name(column: "experiment" | "particle_type", names: Names, fields: Fields, row: number): string {
    const name = names.read(fields, this.#columns.at[column]);
    if (name === "") throw this.#fault(row, `an empty ${column}`, "a name");
    return name;
  }

  #number(column: "x" | "y" | "z", fields: Fields, row: number): number {
    const field = this.#columns.at[column];
    const value = parseDecimal(fields.bytes, fields.starts[field]!, fields.ends[field]!);
    if (Number.isNaN(value))
      throw this.#fault(row, `${column} = "${textOf(fields, field)}"`, "a finite number in Å");
    return value;
  }

  #fault(row: number, got: string, wanted: string): PickbenchError {
    return fault(this.#path, this.#rules, row, got, wanted);
  }
}

const textOf = ({ bytes, starts, ends }: Fields, field: number): string =>
  bytes.toString("utf8", starts[field]!, ends[field]!);

interface Columns {
  readonly count: number;
  readonly at: Readonly<Record<Column, number>>;
}

function columnsOf(header: Fields, path: string, rules: CsvRules): Columns {
  const names = Array.from({ length: Math.min(header.count, header.starts.length) }, (_, i) =>
    textOf(header, i),
  );
  const needed = submissionColumns.filter((name) => name !== "id" || rules.kind !== "truth");
  const missing = needed.filter((name) => !names.includes(name));
  const surplus = names.filter(
    (name, i) => !(submissionColumns as readonly string[]).includes(name) || names.indexOf(name) !== i,
  );
  if (missing.length > 0 || surplus.length > 0) {
    const faults = [
      ...missing.map((name) => `lacks "${name}"`),
      ...surplus.map((name) => `has a surplus "${name}"`),
    ].join(" and ");
    throw new PickbenchError(
      tagOf(rules),
      `the header of ${path} ${faults}, wanted the columns ${needed.join(",")}; correct the first row`,
      { path },
    );
  }
  const at = Object.fromEntries(submissionColumns.map((name) => [name, names.indexOf(name)])) as Record<
    Column,
    number
  >;
  return { count: names.length, at };
}

/** A name and the bytes it was read from. */
interface Met {
  readonly bytes: Buffer;
  readonly name: string;
}

/** Decodes names, each once. Names met in a row keep one string, so that looking them up stays cheap. */
class Names {
  readonly #met = new Map<number, Met[]>();
  #latest: Met = { bytes: Buffer.alloc(0), name: "" };

  read({ bytes, starts, ends }: Fields, field: number): string {
    const start = starts[field]!;
    const end = ends[field]!;
    if (!areEqual(this.#latest.bytes, bytes, start, end)) this.#latest = this.#find(bytes, start, end);
    return this.#latest.name;
  }

  #find(bytes: Buffer, start: number, end: number): Met {
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    const alike = this.#met.get(hash) ?? [];
    const known = alike.find((met) => areEqual(met.bytes, bytes, start, end));
    if (known) return known;
    const added = {
      bytes: Buffer.from(bytes.subarray(start, end)),
      name: bytes.toString("utf8", start, end),
    };
    this.#met.set(hash, [...alike, added]);
    return added;
  }
}

function areEqual(name: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let at = end - 1; at >= start; at--) if (name[at - start] !== bytes[at]) return false;
  return true;
}

const tagOf = ({ kind }: CsvRules): ErrorTag => (kind === "truth" ? "BadDataset" : "BadSubmission");

/** One sentence on a row. */
export const fault = (
  path: string,
  rules: CsvRules,
  row: number,
  got: string,
  wanted: string,
): PickbenchError =>
  new PickbenchError(tagOf(rules), `row ${row} of ${path} has ${got}, wanted ${wanted}; correct that row`, {
    path,
  });
