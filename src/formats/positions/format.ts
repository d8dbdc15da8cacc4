import { PickbenchError } from "../../system/errors.js";
import type { FrameName, PositionSet } from "./frames.js";

/** What a format may be able to carry besides x and y. */
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

/** What tables of columns carry. */
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

/** A file to read: its bytes, and the files beside it. */
export interface Source {
  readonly path: string;
  readonly bytes: Buffer;
  /** Text of a file in the same folder; undefined where there is none. */
  readonly beside: (name: string) => string | undefined;
  /** How the user says the file counts; goes before what the format says. */
  readonly frame?: FrameName;
}

/** What the user adds for writing. */
export interface WriteOptions {
  /** Edge of boxes in voxels, where positions bring none. */
  readonly box?: number;
}

/** A file to write, and files that belong beside it: their names' ends go in place of the file's own. */
interface Written {
  readonly bytes: Buffer;
  readonly beside?: ReadonlyMap<string, string>;
  /** What its writer has to tell the user. */
  readonly notes?: readonly string[];
}

/** A format of position files: what it is, how to know it, its reader and its writer. */
export interface PositionFormat {
  readonly name: string;
  /** With its article, as in "a crYOLO .box file". */
  readonly title: string;
  /** The first is the one to write. */
  readonly extensions: readonly string[];
  readonly carries: ReadonlySet<Carried>;
  /** What each position must have. */
  readonly needs?: readonly ("type" | "run")[];
  /** Families of extra columns that it carries on. */
  readonly extra?: readonly ("star" | "dynamo" | "table")[];
  /** Whether bytes are of this format, whatever the file is called. */
  readonly recognises: (bytes: Buffer) => boolean;
  /**
   * Reads the positions of each run the file names, in the order of the file.
   *
   * @throws BadDataset with the place of what is broken
   */
  readonly read: (source: Source) => PositionSet[] | Promise<PositionSet[]>;
  /** The frames it may be written in, the best one first; which is taken depends on what is known. */
  readonly frames: readonly FrameName[];
  /** @param sets in one of `frames`; several only where it carries several runs */
  readonly write: (sets: readonly PositionSet[], options: WriteOptions) => Written;
}

/** One sentence on a place in a file. */
export const broken = (path: string, place: string, got: string, wanted: string): PickbenchError =>
  new PickbenchError("BadDataset", `${path}, ${place}: ${got}, wanted ${wanted}: mend the file`, { path });

/** A finite number. @throws BadDataset saying what stands there */
export function numberOf(text: string | undefined, path: string, place: () => string, what: string): number {
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw broken(path, place(), `${what} is ${JSON.stringify(text?.slice(0, 40) ?? "missing")}`, "a number");
}

/** At most six digits after the point, as RELION and others print. */
export const fixed = (value: number): string => value.toFixed(6);

/** Positions by run, in the order in which runs come. */
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
