import { type ErrorTag, messageOf, PickbenchError } from "../errors.js";
import { CsvFault, type Fields, readCsvRows } from "./csvRows.js";
import { parseDecimal } from "./decimal.js";

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

  #checkId({ text, starts, ends }: Fields, row: number): void {
    const field = this.#columns.at.id;
    const id = text.slice(starts[field]!, ends[field]!);
    if (id === "") throw this.#fault(row, "an empty id", "a whole number");
    if (!this.#ids.add(id)) throw this.#fault(row, `the id ${id} a second time`, "every id once");
  }

  #name(column: "experiment" | "particle_type", names: Names, fields: Fields, row: number): string {
    const name = names.read(fields, this.#columns.at[column]);
    if (name === "") throw this.#fault(row, `an empty ${column}`, "a name");
    return name;
  }

  #number(column: "x" | "y" | "z", fields: Fields, row: number): number {
    const field = this.#columns.at[column];
    const value = parseDecimal(fields.text, fields.starts[field]!, fields.ends[field]!);
    if (Number.isNaN(value))
      throw this.#fault(row, `${column} = "${textOf(fields, field)}"`, "a finite number in Å");
    return value;
  }

  #fault(row: number, got: string, wanted: string): PickbenchError {
    return fault(this.#path, this.#rules, row, got, wanted);
  }
}

const textOf = ({ text, starts, ends }: Fields, field: number): string =>
  Buffer.from(text.slice(starts[field]!, ends[field]!), "latin1").toString("utf8");

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

/** Decodes names, each once. Names met in a row keep one string, so that looking them up stays cheap. */
class Names {
  readonly #met = new Map<string, string>();
  #latest = "";
  #latestName = "";

  read({ text, starts, ends }: Fields, field: number): string {
    const start = starts[field]!;
    const end = ends[field]!;
    if (end - start === this.#latest.length && text.startsWith(this.#latest, start)) return this.#latestName;
    const raw = text.slice(start, end);
    let name = this.#met.get(raw);
    if (name === undefined) {
      name = Buffer.from(raw, "latin1").toString("utf8");
      this.#met.set(Buffer.from(raw, "latin1").toString("latin1"), name);
    }
    this.#latest = raw;
    this.#latestName = name;
    return name;
  }
}

/** Ids met so far: whole numbers in a bit set, so that ten million of them take a megabyte; others as text. */
class SeenIds {
  #bits = new Uint32Array(1024);
  readonly #others = new Set<string>();

  /** False if it was there already. */
  add(id: string): boolean {
    const value = Number(id);
    if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 30 && String(value) === id)) {
      const size = this.#others.size;
      return this.#others.add(id).size > size;
    }
    const word = value >>> 5;
    if (word >= this.#bits.length) {
      const grown = new Uint32Array(Math.max(word + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    const bit = 1 << (value & 31);
    if (this.#bits[word]! & bit) return false;
    this.#bits[word]! |= bit;
    return true;
  }
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
