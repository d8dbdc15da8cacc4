/** Position formats: the contract that each program's format fulfils. */
import type { FrameName, PositionSet } from "./frames.js";
import type { PartSource, PartTaker } from "./parts.js";

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
