/** Position formats: the contract that each program's format fulfils, and helpers of their readers and writers. */
import { PickbenchError } from "../../system/errors.js";
import { shortestText, sixDigitsText } from "../decimalText.js";
import type { FrameName, PositionSet, TomogramPosition } from "./frames.js";

/** Facts that a format may be able to carry besides x and y. */
export type Carried =
  | "z"
  | "type"
  | "several types"
  | "score"
  | "instance"
  | "orientation"
  | "translation"
  | "run"
  | "several runs"
  | "author";

/** Facts that tables of columns carry. */
export const allOfTables: ReadonlySet<Carried> = new Set([
  "z",
  "type",
  "several types",
  "score",
  "instance",
  "orientation",
  "run",
  "several runs",
]);

/** A file to read: its bytes, and access to the files beside it. */
export interface Source {
  readonly path: string;
  readonly bytes: Buffer;
  /** Returns the text of a file in the same folder; undefined where there is no such file. */
  readonly beside: (name: string) => string | undefined;
  /** Frame of the positions as the user gives it; overrides the format's own. */
  readonly frame?: FrameName;
}

/** The user's options for writing. */
export interface WriteOptions {
  /** Edge of boxes in voxels for positions that have no box. */
  readonly box?: number;
}

/** A file to write, and the files beside it, by the endings that replace the file's own. */
interface Written {
  readonly bytes: Buffer;
  readonly beside?: ReadonlyMap<string, string>;
  /** Notes of the writer for the user. */
  readonly notes?: readonly string[];
}

/** A file of positions that is read part by part. */
export interface PartSource {
  readonly path: string;
  /** Frame of the positions as the user gives it; overrides the format's own. */
  readonly frame?: FrameName;
}

/** Takes some of a run's positions, in the order of the file. */
export type PartTaker = (part: PositionSet) => Promise<void>;

/** What stands around the positions of a file, and the text of some of them. */
export interface PartWriter {
  readonly head: Buffer;
  /**
   * @param part some positions of one set
   * @param at place of the set among the sets of the file
   * @param first number of the file's positions before these
   */
  readonly rows: (part: PositionSet, at: number, first: number) => Buffer;
  readonly tail?: Buffer;
  readonly beside?: ReadonlyMap<string, string>;
  readonly notes?: readonly string[];
}

/** Makes the writer of a whole file of that of its parts. */
export const wholeOf =
  (begin: (sets: readonly PositionSet[], options: WriteOptions) => PartWriter) =>
  (sets: readonly PositionSet[], options: WriteOptions): Written => {
    const { head, rows, tail, ...others } = begin(sets, options);
    const parts = [head];
    let first = 0;
    for (const [at, set] of sets.entries()) {
      parts.push(rows(set, at, first));
      first += set.positions.length;
    }
    return { bytes: Buffer.concat(tail ? [...parts, tail] : parts), ...others };
  };

/** A format of position files: its name, its recognition, its reader and its writer. */
export interface PositionFormat {
  readonly name: string;
  /** Title with its article, such as "a crYOLO .box file". */
  readonly title: string;
  /** File extensions, with the dot; the first one is written. */
  readonly extensions: readonly string[];
  readonly carries: ReadonlySet<Carried>;
  /** Facts that each position must have. */
  readonly needs?: readonly ("type" | "run")[];
  /** Set where each position needs a box. */
  readonly hasBoxes?: true;
  /** Families of extra columns that the format can carry. */
  readonly extra?: readonly ("star" | "dynamo" | "table")[];
  /** Tells whether bytes are of this format, whatever the file's name. */
  readonly recognises: (bytes: Buffer) => boolean;
  /**
   * Reads the positions of each run that the file names, in the order of the file.
   *
   * @throws PickbenchError BadDataset with the place of the fault
   */
  readonly read: (source: Source) => PositionSet[] | Promise<PositionSet[]>;
  /**
   * Reads the positions as `read` does, part by part, so that memory does not grow with the file; absent where the format
   * needs the whole file.
   *
   * @returns false where this file needs to be read whole, whatever was taken of it
   * @throws PickbenchError as `read`
   */
  readonly readParts?: (source: PartSource, take: PartTaker) => Promise<boolean>;
  /** Frames the format may be written in, the best one first; the choice depends on what is known. */
  readonly frames: readonly FrameName[];
  /**
   * Writes positions.
   *
   * @param sets in one of `frames`; several only where the format carries several runs
   */
  readonly write: (sets: readonly PositionSet[], options: WriteOptions) => Written;
  /**
   * Begins to write positions part by part, to the same bytes as `write`; absent where the format needs all of a file.
   *
   * @param outline the file's sets, of whose positions some of each kind are enough
   */
  readonly begin?: (outline: readonly PositionSet[], options: WriteOptions) => PartWriter;
}

/** What of a format decides how positions are converted for it. */
export type Carrier = Pick<PositionFormat, "title" | "frames" | "carries" | "extra" | "needs" | "hasBoxes">;

/** Memory, which holds all that any format says. */
export const memory: Carrier = {
  title: "memory",
  frames: ["angstrom"],
  carries: new Set([...allOfTables, "translation", "author"]),
  extra: ["star", "dynamo", "table"],
};

/** Makes the error of a broken place in a file, in one sentence. */
export const broken = (path: string, place: string, got: string, wanted: string): PickbenchError =>
  new PickbenchError("BadDataset", `${path}, ${place}: ${got}, wanted ${wanted}: mend the file`, { path });

const decimal = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const plainNumber = new RegExp(`^${decimal}$`);
/** A complex number as MATLAB and Python write it, with its real part. */
const complexNumber = new RegExp(
  String.raw`^\(?(${decimal}|[+-]?nan|[+-]?inf)[+-](?:${decimal}|nan|inf)[ij]\)?$`,
  "i",
);
/** How programs write that there is no number: pandas and starfile, NumPy, C, MATLAB, R, Python, JSON, spreadsheets. */
const absentNumber = /^(?:|<na>|n\/?a|#n\/a|[+-]?nan|[+-]?inf(?:inity)?|none|null|-+)$/i;
/** How programs write that there is no text; "none" and "NA" may be names. */
const absentText = /^(?:|<NA>|[nN]a[nN])$/;

/** Returns the real part of a number that MATLAB or Python wrote as complex; any other text as it is. */
export const realPart = (text: string): string => complexNumber.exec(text)?.[1] ?? text;

/** Tells whether a text says that there is no number. */
export const isAbsent = (text: string | undefined): boolean =>
  text === undefined || absentNumber.test(realPart(text));

/** Tells whether a text is a number, or says that there is none: what a reader takes in a column that it does not need. */
export const isNumberOrAbsent = (text: string): boolean => isAbsent(text) || plainNumber.test(realPart(text));

/** Returns a name that is there. */
export const textOrAbsent = (text: string | undefined): string | undefined =>
  text === undefined || absentText.test(text) ? undefined : text;

/**
 * Parses a finite decimal number that must be there.
 *
 * @throws PickbenchError BadDataset with the text that is no number
 */
export function numberOf(text: string | undefined, path: string, place: () => string, what: string): number {
  const value = text !== undefined && plainNumber.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw broken(path, place(), `${what} is ${JSON.stringify(text?.slice(0, 40) ?? "missing")}`, "a number");
}

/**
 * Parses a number that may be absent.
 *
 * @throws PickbenchError BadDataset for a text that neither is a number nor says that there is none
 */
export function optionalNumberOf(
  text: string | undefined,
  path: string,
  place: () => string,
  what: string,
): number | undefined {
  return isAbsent(text) ? undefined : numberOf(realPart(text!), path, place, what);
}

/**
 * Returns three numbers, or undefined where one of them is absent.
 *
 * @throws PickbenchError BadDataset for a text that neither is a number nor says that there is none
 */
export function optionalThree(
  texts: readonly (string | undefined)[],
  path: string,
  place: () => string,
  what: readonly string[],
): [number, number, number] | undefined {
  const values = texts.map((text, i) => optionalNumberOf(text, path, place, what[i]!));
  return values.includes(undefined) ? undefined : (values as [number, number, number]);
}

/**
 * Prints a number that goes into a file.
 *
 * @throws PickbenchError BadDataset where the arithmetic of the conversion has overflowed
 */
export function printed(value: number, print: (value: number) => string = shortestText): string {
  if (Number.isFinite(value)) return print(value);
  throw new PickbenchError(
    "BadDataset",
    `a number to be written is ${value}, too large for its unit; correct the positions, or --spacing and --size`,
  );
}

/** Prints a number of a MATLAB table: 0 in a column that nobody fills, NaN where others have one. */
export const numberIn = (isFilled: boolean, value: number | undefined): string =>
  value === undefined ? (isFilled ? "NaN" : "0") : printed(value);

/** Prints a number with six digits after the point, as RELION and others do. @throws PickbenchError as `printed` */
export const fixed = (value: number): string => printed(value, sixDigitsText);

/** Positions that are gathered before they are handed on. */
const positionsPerPart = 1 << 13;

/** Positions grouped by run and handed on in parts, so that few are held at a time. */
export class RunParts {
  readonly #make: (run: string | undefined, positions: TomogramPosition[]) => PositionSet;
  readonly #take: PartTaker;
  #runs = new RunTable<TomogramPosition>();
  #count = 0;
  #hasTaken = false;

  constructor(
    make: (run: string | undefined, positions: TomogramPosition[]) => PositionSet,
    take: PartTaker,
  ) {
    this.#make = make;
    this.#take = take;
  }

  add(run: string | undefined, position: TomogramPosition): void {
    this.#runs.add(run, position);
    this.#count++;
  }

  get isFull(): boolean {
    return this.#count >= positionsPerPart;
  }

  async handOn(): Promise<void> {
    const parts = this.#runs.map(this.#make);
    this.#runs = new RunTable();
    this.#count = 0;
    this.#hasTaken = true;
    for (const part of parts) await this.#take(part);
  }

  /** Hands on the rest; of a file without positions, one empty part. */
  async end(): Promise<void> {
    if (this.#count > 0 || !this.#hasTaken) await this.handOn();
  }
}

/** Rows grouped by run, in the order in which the runs first come. */
export class RunTable<Row> {
  readonly rows = new Map<string | undefined, Row[]>();

  add(run: string | undefined, row: Row): void {
    const list = this.rows.get(run);
    if (list) list.push(row);
    else this.rows.set(run, [row]);
  }

  map(make: (run: string | undefined, rows: Row[]) => PositionSet): PositionSet[] {
    return [...(this.rows.size > 0 ? this.rows : new Map([[undefined, []]]))].map(([run, rows]) =>
      make(run, rows),
    );
  }
}
