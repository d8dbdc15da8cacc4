/** Rows of a CSV file, streamed as byte ranges of their fields. */
import { closeSync, readSync } from "node:fs";
import { Readable } from "node:stream";
import { openFileSync } from "../../system/paths/opening.js";

/** Fields of one row as ranges of the file's bytes; the next row overwrites them. */
export interface Fields {
  readonly bytes: Buffer;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly count: number;
}

/** Receiver of rows with their numbers, counted from 1. */
export interface RowTaker {
  take(fields: Fields, row: number): void;
  /**
   * Takes the row at bytes[start], which reaches to its line feed or to `end`, unsplit where it is written plainly. Returns
   * the start of the next row; −1, with nothing done, where the row is to be split for `take`.
   */
  takePlain?(bytes: Buffer, start: number, end: number, row: number): number;
  /** Is waited for after every block of rows. */
  betweenBlocks?(): Promise<void> | undefined;
}

/** A fault of the file as a CSV; the reader of a particular kind of CSV words it for its user. */
export class CsvFault extends Error {}

/** Most fields of a row whose places are kept; further fields are only counted. */
const mostFields = 1024;
const blockBytes = 1 << 18;
const longestRow = 1 << 20;
const [quote, comma, lineFeed, carriageReturn, space, tab] = [0x22, 0x2c, 0x0a, 0x0d, 0x20, 0x09];

const isBlank = (byte: number): boolean => byte === space || byte === carriageReturn || byte === tab;

/**
 * Streams the rows of a CSV (UTF-8, with or without byte order mark, LF or CRLF), fields trimmed of spaces, blank rows
 * left out but counted. Plain rows are split here, byte by byte and without strings, which is many times faster than any
 * parser that makes strings; from the first block with a quote in it, csv-parse reads the rest. Memory stays at a few
 * blocks. Blocks are read synchronously: passing them from another thread would take longer.
 *
 * @throws CsvFault where the file is no CSV; errors of the file system pass unchanged
 */
export async function readCsvRows(path: string, taker: RowTaker): Promise<void> {
  const file = openFileSync(path);
  try {
    await new RowSplitter(file, taker).run();
  } finally {
    closeSync(file);
  }
}

class RowSplitter {
  readonly #file: number;
  readonly #taker: RowTaker;
  readonly #starts = new Int32Array(mostFields);
  readonly #ends = new Int32Array(mostFields);
  /** One object for all rows: making one a row would cost more than splitting the row. */
  readonly #fields: { -readonly [Key in keyof Fields]: Fields[Key] } = {
    bytes: Buffer.alloc(0),
    starts: this.#starts,
    ends: this.#ends,
    count: 0,
  };
  #row = 0;

  constructor(file: number, taker: RowTaker) {
    this.#file = file;
    this.#taker = taker;
  }

  /** Reads block by block, with room before each block for the row that the previous block cut. */
  async run(): Promise<void> {
    const bytes = Buffer.allocUnsafe(longestRow + blockBytes);
    let start = longestRow;
    let filled = this.#read(bytes);
    refuseBinary(bytes.subarray(start, filled));
    if (bytes.subarray(start, Math.min(start + 3, filled)).equals(byteOrderMark)) start += 3;
    for (;;) {
      const isLast = filled === longestRow;
      const text = bytes.subarray(start, filled);
      if (text.includes(quote)) return this.#parseRest(text);
      const end = isLast ? filled : Math.max(start, bytes.lastIndexOf(lineFeed, filled - 1) + 1);
      while (start < end) start = this.#nextRow(bytes, start, end);
      const pause = this.#taker.betweenBlocks?.();
      if (pause) await pause;
      if (isLast) return;
      if (filled - end > longestRow)
        throw new CsvFault(`row ${this.#row + 1} is longer than ${longestRow} bytes`);
      start = longestRow - bytes.copy(bytes, longestRow - (filled - end), end, filled);
      filled = this.#read(bytes);
    }
  }

  /** Reads a block; returns where its bytes end, which at the end of the file is where they would start. */
  #read(bytes: Buffer): number {
    return longestRow + readSync(this.#file, bytes, longestRow, blockBytes, null);
  }

  /** Takes the row at `start`; returns the start of the next row. */
  #nextRow(bytes: Buffer, start: number, end: number): number {
    const next = this.#taker.takePlain?.(bytes, start, end, this.#row + 1) ?? -1;
    if (next < 0) return this.#splitRow(bytes, start, end);
    this.#row++;
    return next;
  }

  /** Splits the row at `start`, which ends at a line feed or at `end`; returns the start of the next row. */
  #splitRow(bytes: Buffer, start: number, end: number): number {
    let from = start;
    let count = 0;
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte > comma) continue;
      if (byte === lineFeed) break;
      if (byte !== comma) continue;
      this.#setField(bytes, count++, from, at);
      from = at + 1;
    }
    this.#setField(bytes, count++, from, at);
    this.#emit(bytes, count);
    return at + 1;
  }

  #setField(bytes: Buffer, field: number, start: number, end: number): void {
    if (field >= mostFields) return;
    let from = start;
    let to = end;
    while (from < to && isBlank(bytes[from]!)) from++;
    while (to > from && isBlank(bytes[to - 1]!)) to--;
    this.#starts[field] = from;
    this.#ends[field] = to;
  }

  #emit(bytes: Buffer, count: number): void {
    this.#row++;
    if (count === 1 && this.#starts[0] === this.#ends[0]) return;
    this.#fields.bytes = bytes;
    this.#fields.count = count;
    this.#taker.take(this.#fields, this.#row);
  }

  async #parseRest(head: Buffer): Promise<void> {
    const { CsvError, parse } = await import("csv-parse");
    const parser = Readable.from(this.#blocksFrom(head)).pipe(
      parse({ relax_column_count: true, max_record_size: longestRow }),
    );
    const before = this.#row;
    try {
      for await (const fields of parser as AsyncIterable<string[]>) {
        const encoded = fields.map((field) => Buffer.from(field));
        const bytes = Buffer.concat(encoded);
        let from = 0;
        for (const [field, { length }] of encoded.entries()) {
          this.#setField(bytes, field, from, from + length);
          from += length;
        }
        this.#emit(bytes, fields.length);
        const pause = this.#taker.betweenBlocks?.();
        if (pause) await pause;
      }
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      throw new CsvFault(
        `row ${before + Number(error.lines)} has a quote that does not belong or is not closed`,
        {
          cause: error,
        },
      );
    }
  }

  *#blocksFrom(head: Buffer): Generator<Buffer> {
    yield head;
    for (;;) {
      const bytes = Buffer.allocUnsafe(blockBytes);
      const filled = readSync(this.#file, bytes, 0, blockBytes, null);
      if (filled === 0) return;
      yield bytes.subarray(0, filled);
    }
  }
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Refuses files that are plainly not text. */
function refuseBinary(start: Buffer): void {
  if (start[0] === 0x1f && start[1] === 0x8b) throw new CsvFault("it is compressed by gzip");
  if (start.includes(0)) throw new CsvFault("it holds binary data");
}
