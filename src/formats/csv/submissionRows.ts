/** The challenge's CSV of picks, read row by row and checked: submissions and truths. */
import { type ErrorTag, messageOf, PickbenchError } from "../../system/errors.js";
import { parseDecimal, readDecimal } from "./decimal.js";
import { Names, SeenIds } from "./intern.js";
import { CsvFault, type Fields, type RowTaker, readCsvRows } from "./rows.js";

/** The challenge's columns; coordinates in Å from the volume's corner. */
export const submissionColumns = ["id", "experiment", "particle_type", "x", "y", "z"] as const;
type Column = (typeof submissionColumns)[number];

/**
 * Receives one checked row; `row` counts from 1, the header being row 1. `place` is x, y, z in Å, overwritten by the next
 * row: numbers passed one by one would be allocated on the heap.
 */
export type RowReader = (experiment: string, type: string, place: Float64Array, row: number) => void;

/** Takes what rows hold in further columns. */
export interface BesideReader {
  /** Hears the names of the further columns. */
  header(names: readonly string[]): void;
  /** Takes a row before it is checked and handed on, with the places of the further columns' fields; they stay until then. */
  row(fields: Fields, places: readonly number[]): void;
}

/** How a CSV is read. */
export interface CsvRules {
  /** Kind of file, for its errors. */
  readonly kind?: "submission" | "truth";
  /** Hears what the header has beside the challenge's columns, which is not read, and of a submission without ids. */
  readonly note?: (line: string) => void;
}

/** How a CSV is read with its further columns. */
export interface WholeCsvRules extends CsvRules {
  /** Reads the columns beside the challenge's, of which nothing is noted then. */
  readonly beside?: BesideReader;
  /** Is waited for after every block of rows. */
  readonly betweenBlocks?: () => Promise<void> | undefined;
}

/**
 * Streams the rows of a CSV, each checked except for its particle type; memory does not grow with the file.
 *
 * @throws PickbenchError BadSubmission, or BadDataset for a truth, with the row at fault, or where the file is unreadable
 */
export async function readRows(path: string, each: RowReader, rules: WholeCsvRules = {}): Promise<void> {
  const checker = new RowChecker(each, path, rules);
  try {
    await readCsvRows(path, checker);
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    const text =
      error instanceof CsvFault
        ? `${path} is no CSV that can be read: ${error.message}, wanted plain text; write it again`
        : `cannot read ${path} (${messageOf(error)}); name a CSV file`;
    throw new PickbenchError(tagOf(rules), text, { path, cause: error });
  }
  if (!checker.hasHeader)
    throw new PickbenchError(
      tagOf(rules),
      `${path} is empty, wanted at least the header ${submissionColumns.join(",")}; write it again`,
      { path },
    );
}

const [comma, lineFeed, carriageReturn] = [0x2c, 0x0a, 0x0d];

/** Receiver that checks rows against the first one, the header. */
class RowChecker implements RowTaker {
  #columns: Columns | undefined;
  /** Whether the columns are in their usual order, with or without the id. */
  #isUsual = false;
  readonly #each: RowReader;
  readonly #path: string;
  readonly #rules: WholeCsvRules;
  readonly #ids = new SeenIds();
  readonly #experiments = new Names();
  readonly #types = new Names();
  readonly #place = new Float64Array(3);

  constructor(each: RowReader, path: string, rules: WholeCsvRules) {
    this.#each = each;
    this.#path = path;
    this.#rules = rules;
  }

  betweenBlocks(): Promise<void> | undefined {
    return this.#rules.betweenBlocks?.();
  }

  get hasHeader(): boolean {
    return this.#columns !== undefined;
  }

  /** Reads a row with one look at every byte; rows with blanks, unusual numbers or any fault are left to `take`. */
  takePlain(bytes: Buffer, start: number, end: number, row: number): number {
    if (!this.#isUsual) return -1;
    const hasId = this.#columns!.at.id === 0;
    const idEnd = hasId ? this.#ids.readNumber(bytes, start, end) : start - 1;
    if (hasId && (idEnd < 0 || bytes[idEnd] !== comma)) return -1;
    const experimentEnd = this.#experiments.readPlain(bytes, idEnd + 1, end);
    if (experimentEnd < 0) return -1;
    const typeEnd = this.#types.readPlain(bytes, experimentEnd + 1, end);
    if (typeEnd < 0) return -1;
    const place = this.#place;
    const xEnd = readDecimal(bytes, typeEnd + 1, end, place, 0);
    if (xEnd < 0 || bytes[xEnd] !== comma) return -1;
    const yEnd = readDecimal(bytes, xEnd + 1, end, place, 1);
    if (yEnd < 0 || bytes[yEnd] !== comma) return -1;
    const zEnd = readDecimal(bytes, yEnd + 1, end, place, 2);
    const next = zEnd < 0 ? -1 : afterLineEnd(bytes, zEnd, end);
    if (next < 0 || (hasId && !this.#ids.addNumber())) return -1;
    this.#each(this.#experiments.latest, this.#types.latest, place, row);
    return next;
  }

  take(fields: Fields, row: number): void {
    if (this.#columns === undefined) {
      this.#columns = columnsOf(fields, this.#path, this.#rules);
      this.#isUsual = isUsual(this.#columns);
      return;
    }
    const { count, at, others } = this.#columns;
    if (fields.count !== count)
      throw this.#fault(row, `${fields.count} field${fields.count === 1 ? "" : "s"}`, `${count}`);
    this.#rules.beside?.row(fields, others);
    if (at.id >= 0) this.#checkId(fields, at.id, row);
    const experiment = this.#name("experiment", this.#experiments, fields, at.experiment, row);
    const type = this.#name("particle_type", this.#types, fields, at.particle_type, row);
    this.#place[0] = this.#number("x", fields, at.x, row);
    this.#place[1] = this.#number("y", fields, at.y, row);
    this.#place[2] = this.#number("z", fields, at.z, row);
    this.#each(experiment, type, this.#place, row);
  }

  #checkId(fields: Fields, field: number, row: number): void {
    const start = fields.starts[field]!;
    const end = fields.ends[field]!;
    if (start === end) throw this.#fault(row, "an empty id", "a whole number");
    if (!this.#ids.add(fields.bytes, start, end))
      throw this.#fault(row, `the id ${textOf(fields, field)} a second time`, "every id once");
  }

  #name(column: Column, names: Names, fields: Fields, field: number, row: number): string {
    const name = names.read(fields.bytes, fields.starts[field]!, fields.ends[field]!);
    if (name === "") throw this.#fault(row, `an empty ${column}`, "a name");
    return name;
  }

  #number(column: Column, fields: Fields, field: number, row: number): number {
    const value = parseDecimal(fields.bytes, fields.starts[field]!, fields.ends[field]!);
    if (Number.isNaN(value))
      throw this.#fault(row, `${column} = "${textOf(fields, field)}"`, "a finite number in Å");
    return value;
  }

  #fault(row: number, got: string, wanted: string): PickbenchError {
    return fault(this.#path, this.#rules, row, got, wanted);
  }
}

/** Returns the start of the next row where a field that ends at `at` is its row's last; else −1. */
function afterLineEnd(bytes: Buffer, at: number, end: number): number {
  if (at === end) return end;
  const lineEnd = bytes[at] === carriageReturn && at + 1 < end ? at + 1 : at;
  return bytes[lineEnd] === lineFeed ? lineEnd + 1 : -1;
}

/** Returns a field's text. */
export const textOf = ({ bytes, starts, ends }: Fields, field: number): string =>
  bytes.toString("utf8", starts[field]!, ends[field]!);

interface Columns {
  readonly count: number;
  readonly at: Readonly<Record<Column, number>>;
  /** Places of all other columns. */
  readonly others: readonly number[];
}

/** Tells whether columns are in the order of `submissionColumns` and no others, the id first or left out. */
const isUsual = ({ at, count }: Columns): boolean =>
  count <= submissionColumns.length &&
  submissionColumns.every((name, i) => at[name] === i + count - submissionColumns.length);

function columnsOf(header: Fields, path: string, rules: WholeCsvRules): Columns {
  const names = Array.from({ length: Math.min(header.count, header.starts.length) }, (_, i) =>
    textOf(header, i),
  );
  const isKnown = (name: string) => (submissionColumns as readonly string[]).includes(name);
  const missing = needed.filter((name) => !names.includes(name));
  const others = names.filter((name) => !isKnown(name));
  const repeated = names.filter((name, i) => isKnown(name) && names.indexOf(name) !== i);
  if (missing.length > 0 || repeated.length > 0) {
    const faults = [
      ...missing.map((name) => `lacks "${name}"`),
      ...repeated.map((name) => `has "${name}" twice`),
      ...(missing.length > 0 && others.length > 0 ? [`has ${quoted(others)}`] : []),
    ].join(" and ");
    throw new PickbenchError(
      tagOf(rules),
      `the header of ${path} ${faults}, wanted the columns ${submissionColumns.join(",")}, of which id may be left out; correct the first row`,
      { path },
    );
  }
  rules.beside?.header(others);
  if (others.length > 0 && rules.beside === undefined)
    rules.note?.(`${path}: columns beside the challenge's are not read: ${quoted(others)}`);
  if (rules.kind !== "truth" && !names.includes("id"))
    rules.note?.(`${path}: no id column, which is read so here, but the challenge's own scorer wants one`);
  const at = Object.fromEntries(submissionColumns.map((name) => [name, names.indexOf(name)])) as Record<
    Column,
    number
  >;
  const places = [...names.keys()].filter((place) => !isKnown(names[place]!));
  return { count: header.count, at, others: places };
}

/** Names columns in quotes, the first few of many; an index column, as pandas writes it, has an empty name. */
const quoted = (names: readonly string[]): string =>
  names
    .slice(0, 6)
    .map((name) => (name === "" ? "an index without a name" : JSON.stringify(name)))
    .join(", ") + (names.length > 6 ? ` and ${names.length - 6} more` : "");

const needed = submissionColumns.filter((name) => name !== "id");

const tagOf = ({ kind }: WholeCsvRules): ErrorTag => (kind === "truth" ? "BadDataset" : "BadSubmission");

/** Makes the error of a faulty row, in one sentence. */
export const fault = (
  path: string,
  rules: WholeCsvRules,
  row: number,
  got: string,
  wanted: string,
): PickbenchError =>
  new PickbenchError(tagOf(rules), `row ${row} of ${path} has ${got}, wanted ${wanted}; correct that row`, {
    path,
  });
