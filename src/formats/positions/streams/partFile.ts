/** Files of positions that take their positions in parts, in whatever order those of several runs come. */
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { writeWhole } from "../../../system/files.js";
import { openFile } from "../../../system/paths/opening.js";
import { beside, type Unfinished } from "../../../system/paths/replacing.js";
import { naming } from "../../../system/systemErrors.js";
import type { PartWriter, PositionFormat, WriteOptions } from "../format.js";
import type { PositionSet, TomogramPosition } from "../frames.js";
import { besides } from "../placeFiles.js";

/** A file that takes parts of its sections: the positions of each of its sets, one behind the other. */
export interface PartFile {
  /** The file, and those that are written beside it. */
  readonly paths: readonly string[];
  readonly notes: readonly string[];
  /** Bytes that are held in memory and could be written. */
  readonly held: number;
  /** Whether all positions have come. */
  readonly isComplete: boolean;
  add(section: number, part: PositionSet): void;
  /** Writes what is held to the disk. */
  spill(): Promise<void>;
  /** Puts the file in its place. */
  finish(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/**
 * Makes a file of parts.
 *
 * @param outline its sets, of whose positions some of each kind are enough
 * @param counts numbers of positions of the sets
 */
export const partFile = (
  path: string,
  format: PositionFormat,
  outline: readonly PositionSet[],
  counts: readonly number[],
  options: WriteOptions,
): PartFile =>
  format.begin
    ? new SectionedFile(path, format.begin(outline, options), counts)
    : new GatheredFile(path, format, outline, counts, options);

/** Files beside a path, by the endings that replace its own. */
const filesBeside = (path: string, beside: ReadonlyMap<string, string> = new Map()): [string, string][] =>
  [...beside].map(([end, content]) => [besides(path, end), content]);

interface Section {
  readonly start: number;
  readonly count: number;
  taken: number;
  /** Text in memory, which follows what was spilled. */
  readonly texts: Buffer[];
  /** Stretches of the scratch file. */
  readonly spilled: { readonly at: number; readonly length: number }[];
}

/**
 * A file whose text is made part by part. What comes before its turn is held, and spilled to a scratch file beside; the
 * section whose turn it is goes to the file itself.
 */
class SectionedFile implements PartFile {
  readonly paths: readonly string[];
  readonly notes: readonly string[];
  readonly #path: string;
  readonly #writer: PartWriter;
  readonly #sections: readonly Section[];
  #left: number;
  #held = 0;
  /** Number of the section whose turn it is. */
  #turn = 0;
  #partial: Unfinished | undefined;
  #scratch: Unfinished | undefined;
  #scratchLength = 0;

  constructor(path: string, writer: PartWriter, counts: readonly number[]) {
    this.#path = path;
    this.#writer = writer;
    this.paths = [path, ...filesBeside(path, writer.beside).map(([other]) => other)];
    this.notes = writer.notes ?? [];
    let start = 0;
    this.#sections = counts.map((count) => {
      const section = { start, count, taken: 0, texts: [], spilled: [] };
      start += count;
      return section;
    });
    this.#left = start;
  }

  get held(): number {
    return this.#held;
  }

  get isComplete(): boolean {
    return this.#left === 0;
  }

  add(section: number, part: PositionSet): void {
    const into = this.#sections[section]!;
    const text = this.#writer.rows(part, section, into.start + into.taken);
    into.taken += part.positions.length;
    this.#left -= part.positions.length;
    into.texts.push(text);
    this.#held += text.length;
  }

  async spill(): Promise<void> {
    const isNew = this.#partial === undefined;
    this.#partial ??= await beside(this.#path);
    await appending(this.#path, this.#partial, async (file) => {
      if (isNew) await file.writeFile(this.#writer.head);
      await this.#writeTurns(file);
    });
    const waiting = this.#sections.slice(this.#turn + 1).filter(({ texts }) => texts.length > 0);
    if (waiting.length > 0) {
      this.#scratch ??= await beside(this.#path);
      await appending(this.#path, this.#scratch, (file) => this.#setAside(file, waiting));
    }
    this.#held = 0;
  }

  async finish(): Promise<void> {
    const { head, tail } = this.#writer;
    const end = tail ? [tail] : [];
    if (this.#partial === undefined) {
      const texts = this.#sections.flatMap((section) => section.texts.splice(0));
      await writeWhole(this.#path, [head, ...texts, ...end]);
    } else {
      await this.spill();
      await appending(this.#path, this.#partial, async (file) => {
        for (const text of end) await file.writeFile(text);
        await file.sync();
      });
      await this.#partial.finish();
      this.#partial = undefined;
    }
    await this.discard();
    for (const [path, content] of filesBeside(this.#path, this.#writer.beside))
      await writeWhole(path, content);
  }

  async discard(): Promise<void> {
    await this.#partial?.discard();
    await this.#scratch?.discard();
  }

  /** Writes the section whose turn it is, and those after it while they are complete. */
  async #writeTurns(file: FileHandle): Promise<void> {
    for (; this.#turn < this.#sections.length; this.#turn++) {
      const section = this.#sections[this.#turn]!;
      if (section.spilled.length > 0) await this.#bringBack(file, section);
      for (const text of section.texts.splice(0)) await file.writeFile(text);
      if (section.taken < section.count) return;
    }
  }

  async #setAside(scratch: FileHandle, waiting: readonly Section[]): Promise<void> {
    for (const section of waiting) {
      const length = section.texts.reduce((sum, text) => sum + text.length, 0);
      section.spilled.push({ at: this.#scratchLength, length });
      for (const text of section.texts.splice(0)) await scratch.writeFile(text);
      this.#scratchLength += length;
    }
  }

  async #bringBack(file: FileHandle, section: Section): Promise<void> {
    const scratch = await openFile(this.#scratch!.partial);
    try {
      for (const { at, length } of section.spilled.splice(0))
        await pipeline(
          scratch.createReadStream({ start: at, end: at + length - 1, autoClose: false }),
          async (blocks: AsyncIterable<Buffer>) => {
            for await (const block of blocks) await file.writeFile(block);
          },
        );
    } finally {
      await scratch.close();
    }
  }
}

/** Does something with an unfinished file, to whose end it writes. Files are not kept open: there may be thousands. */
const appending = (path: string, { partial }: Unfinished, write: (file: FileHandle) => Promise<void>) =>
  naming(path, async () => {
    const file = await open(partial, "a");
    try {
      await write(file);
    } finally {
      await file.close();
    }
  });

/** A file of a format that needs all its positions at once. */
class GatheredFile implements PartFile {
  readonly paths: readonly string[];
  readonly notes: readonly string[];
  readonly held = 0;
  readonly #path: string;
  readonly #format: PositionFormat;
  readonly #options: WriteOptions;
  readonly #sets: readonly { readonly outline: PositionSet; positions: TomogramPosition[] }[];
  #left: number;

  constructor(
    path: string,
    format: PositionFormat,
    outline: readonly PositionSet[],
    counts: readonly number[],
    options: WriteOptions,
  ) {
    const written = format.write(outline, options);
    this.#path = path;
    this.#format = format;
    this.#options = options;
    this.paths = [path, ...filesBeside(path, written.beside).map(([other]) => other)];
    this.notes = written.notes ?? [];
    this.#sets = outline.map((set) => ({ outline: set, positions: [] }));
    this.#left = counts.reduce((sum, count) => sum + count, 0);
  }

  get isComplete(): boolean {
    return this.#left === 0;
  }

  add(section: number, { positions }: PositionSet): void {
    this.#left -= positions.length;
    const into = this.#sets[section]!.positions;
    for (const position of positions) into.push(position);
  }

  async spill(): Promise<void> {}

  async finish(): Promise<void> {
    const sets = this.#sets.map(({ outline, positions }) => ({ ...outline, positions }));
    for (const set of this.#sets) set.positions = [];
    const { bytes, beside: others } = this.#format.write(sets, this.#options);
    await writeWhole(this.#path, bytes);
    for (const [path, content] of filesBeside(this.#path, others)) await writeWhole(path, content);
  }

  async discard(): Promise<void> {}
}
