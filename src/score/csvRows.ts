import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";

/**
 * The fields of one row: ranges of a text whose characters are the file's bytes (Latin-1), since cutting numbers out
 * of it is cheap and only names need decoding. The arrays are overwritten by the next row.
 */
export interface Fields {
  readonly text: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly count: number;
}

/** Something wrong with the file as a CSV; the reader of a particular kind of CSV words it for its user. */
export class CsvFault extends Error {}

/** More fields than this in a row are counted, but not told apart. */
const mostFields = 64;
const blockBytes = 1 << 20;
const [quote, comma, lineFeed, carriageReturn, space, tab] = [0x22, 0x2c, 0x0a, 0x0d, 0x20, 0x09];

const isBlank = (character: number): boolean =>
  character === space || character === carriageReturn || character === tab;

/**
 * Streams the rows of a CSV (UTF-8, with or without byte order mark, LF or CRLF), fields trimmed of spaces, blank rows
 * left out but counted. Plain rows are split here, character by character, which is several times faster than any parser that
 * makes strings; from the first block with a quote in it, csv-parse reads the rest. Memory stays at a few blocks.
 *
 * @param each called with every row and its number, counted from 1
 * @throws CsvFault for what is no CSV; whatever the file system throws
 */
export async function readCsvRows(path: string, each: (fields: Fields, row: number) => void): Promise<void> {
  const file = await open(path);
  try {
    await new RowSplitter(file, each).run();
  } finally {
    await file.close();
  }
}

class RowSplitter {
  readonly #file: FileHandle;
  readonly #each: (fields: Fields, row: number) => void;
  readonly #bytes = Buffer.allocUnsafe(2 * blockBytes);
  readonly #starts = new Int32Array(mostFields);
  readonly #ends = new Int32Array(mostFields);
  #row = 0;

  constructor(file: FileHandle, each: (fields: Fields, row: number) => void) {
    this.#file = file;
    this.#each = each;
  }

  async run(): Promise<void> {
    let kept = 0;
    for (let block = 0; ; block++) {
      const { bytesRead } = await this.#file.read(this.#bytes, kept, blockBytes);
      const filled = this.#bytes.subarray(0, kept + bytesRead);
      let start = 0;
      if (block === 0) {
        refuseBinary(filled);
        start = filled.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
      }
      if (filled.includes(quote, start)) return this.#parseRest(Buffer.from(filled.subarray(start)));
      const end = bytesRead === 0 ? filled.length : filled.lastIndexOf(lineFeed) + 1;
      this.#splitRows(filled.toString("latin1", start, end));
      if (bytesRead === 0) return;
      kept = filled.length - Math.max(end, start);
      if (kept > blockBytes) throw new CsvFault(`row ${this.#row + 1} is longer than ${blockBytes} bytes`);
      this.#bytes.copyWithin(0, filled.length - kept, filled.length);
    }
  }

  /** `text` ends with the end of a row. */
  #splitRows(text: string): void {
    let from = 0;
    let count = 0;
    for (let at = 0; at < text.length; at++) {
      const character = text.charCodeAt(at);
      if (character !== comma && character !== lineFeed) continue;
      this.#setField(text, count++, from, at);
      from = at + 1;
      if (character === comma) continue;
      this.#emit(text, count);
      count = 0;
    }
    if (from === text.length && count === 0) return;
    this.#setField(text, count++, from, text.length);
    this.#emit(text, count);
  }

  #setField(text: string, field: number, start: number, end: number): void {
    if (field >= mostFields) return;
    let from = start;
    let to = end;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    this.#starts[field] = from;
    this.#ends[field] = to;
  }

  #emit(text: string, count: number): void {
    this.#row++;
    if (count === 1 && this.#starts[0] === this.#ends[0]) return;
    this.#each({ text, starts: this.#starts, ends: this.#ends, count }, this.#row);
  }

  async #parseRest(head: Buffer): Promise<void> {
    const { CsvError, parse } = await import("csv-parse");
    const parser = Readable.from(this.#blocksAfter(head)).pipe(
      parse({ relax_column_count: true, max_record_size: blockBytes }),
    );
    const before = this.#row;
    try {
      for await (const fields of parser as AsyncIterable<string[]>) {
        const latin = fields.map((field) => Buffer.from(field).toString("latin1"));
        const text = latin.join("");
        let from = 0;
        for (const [field, { length }] of latin.entries()) {
          this.#setField(text, field, from, from + length);
          from += length;
        }
        this.#emit(text, fields.length);
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

  async *#blocksAfter(head: Buffer): AsyncGenerator<Buffer> {
    yield head;
    for (;;) {
      const block = Buffer.allocUnsafe(blockBytes);
      const { bytesRead } = await this.#file.read(block, 0, blockBytes);
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
    }
  }
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Refuses what is plainly not text before nonsense is made of it. */
function refuseBinary(start: Buffer): void {
  if (start[0] === 0x1f && start[1] === 0x8b) throw new CsvFault("it is compressed by gzip");
  if (start.includes(0)) throw new CsvFault("it holds binary data");
}
