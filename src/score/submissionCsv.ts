import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { parse } from "csv-parse";
import { type ErrorTag, messageOf, PickbenchError } from "../errors.js";
import { challengeParticles, type Particle, type Pick } from "../particles.js";
import { angstrom } from "../units.js";

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

export interface ReadOptions extends CsvRules {
  /** Known types; another type is an error. */
  readonly particles?: readonly Particle[];
  /** If given, rows of other experiments are left out, before their type is looked at. */
  readonly experiments?: { has(experiment: string): boolean };
}

/**
 * Reads a CSV of picks by experiment, in the order of its rows. A header alone means no picks.
 *
 * @throws PickbenchError with the row for anything that is not a whole, well-formed row of a known type
 */
export async function readSubmission(path: string, options: ReadOptions = {}): Promise<Map<string, Pick[]>> {
  const known = new Set((options.particles ?? challengeParticles).map(({ name }) => name));
  const picks = new Map<string, Pick[]>();
  await readRows(
    path,
    (experiment, type, x, y, z, row) => {
      if (options.experiments && !options.experiments.has(experiment)) return;
      if (!known.has(type))
        throw fault(path, options, row, `unknown particle type "${type}"`, [...known].join(", "));
      const pick = { type, x: angstrom(x), y: angstrom(y), z: angstrom(z) };
      const list = picks.get(experiment);
      if (list) list.push(pick);
      else picks.set(experiment, [pick]);
    },
    options,
  );
  return picks;
}

/** Streams the rows of a CSV, each checked save for its type; memory does not grow with the file. */
export async function readRows(path: string, each: RowReader, rules: CsvRules = {}): Promise<void> {
  await checkIsText(path, rules);
  const parser = createReadStream(path, { highWaterMark: 1 << 20 }).pipe(
    parse({ bom: true, relax_column_count: true }),
  );
  let columns: Columns | undefined;
  const ids = new SeenIds();
  let row = 0;
  try {
    for await (const fields of parser as AsyncIterable<string[]>) {
      row++;
      if (columns === undefined) columns = columnsOf(fields, path, rules);
      else if (fields.length > 1 || fields[0]!.trim() !== "")
        readRow(fields, row, columns, ids, each, path, rules);
    }
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw new PickbenchError(
      tagOf(rules),
      `row ${row + 1} of ${path} is no CSV (${messageOf(error)}); repair or rewrite it`,
      {
        path,
        cause: error,
      },
    );
  }
  if (columns === undefined) throw emptyFile(path, rules);
}

interface Columns {
  readonly count: number;
  readonly at: Readonly<Record<Column, number>>;
}

function columnsOf(header: readonly string[], path: string, rules: CsvRules): Columns {
  const names = header.map((name) => name.trim());
  if (names.length === 1 && names[0] === "") throw emptyFile(path, rules);
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

function readRow(
  fields: readonly string[],
  row: number,
  { count, at }: Columns,
  ids: SeenIds,
  each: RowReader,
  path: string,
  rules: CsvRules,
): void {
  if (fields.length !== count)
    throw fault(path, rules, row, `${fields.length} field${fields.length === 1 ? "" : "s"}`, `${count}`);
  const text = (name: "id" | "experiment" | "particle_type"): string => {
    const value = fields[at[name]]!.trim();
    if (value === "") throw fault(path, rules, row, `an empty ${name}`, "a value");
    return value;
  };
  const number = (name: "x" | "y" | "z"): number => {
    const value = fields[at[name]]!;
    const parsed = decimal.test(value) ? Number(value) : Number.NaN;
    if (!Number.isFinite(parsed))
      throw fault(path, rules, row, `${name} = "${value}"`, "a finite number in Å");
    return parsed;
  };
  if (at.id >= 0) {
    const id = text("id");
    if (!ids.add(id)) throw fault(path, rules, row, `the id ${id} a second time`, "every id once");
  }
  each(text("experiment"), text("particle_type"), number("x"), number("y"), number("z"), row);
}

const decimal = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

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

/** Refuses what is plainly not text before a parser makes nonsense of it. */
async function checkIsText(path: string, rules: CsvRules): Promise<void> {
  const head = Buffer.alloc(4096);
  let length: number;
  try {
    const file = await open(path);
    try {
      length = (await file.read(head, 0, head.length, 0)).bytesRead;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new PickbenchError(tagOf(rules), `cannot read ${path} (${messageOf(error)}); name a CSV file`, {
      path,
      cause: error,
    });
  }
  const start = head.subarray(0, length);
  if (start[0] === 0x1f && start[1] === 0x8b)
    throw new PickbenchError(
      tagOf(rules),
      `${path} is compressed by gzip, wanted plain CSV; unpack it first`,
      { path },
    );
  if (start.includes(0))
    throw new PickbenchError(
      tagOf(rules),
      `${path} holds binary data, wanted a CSV in UTF-8; save it as such`,
      { path },
    );
}

const tagOf = ({ kind }: CsvRules): ErrorTag => (kind === "truth" ? "BadDataset" : "BadSubmission");

const emptyFile = (path: string, rules: CsvRules): PickbenchError =>
  new PickbenchError(
    tagOf(rules),
    `${path} is empty, wanted at least the header ${submissionColumns.join(",")}; write it again`,
    { path },
  );

const fault = (path: string, rules: CsvRules, row: number, got: string, wanted: string): PickbenchError =>
  new PickbenchError(tagOf(rules), `row ${row} of ${path} has ${got}, wanted ${wanted}; correct that row`, {
    path,
  });
