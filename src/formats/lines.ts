/** Text as bytes, line by line, for files longer than a string can be. */
import { closeSync, readSync } from "node:fs";
import { openFileSync } from "../system/paths/opening.js";

const blockBytes = 1 << 20;
const lineFeed = 0x0a;

/**
 * Yields the lines of a text in UTF-8, without their ends (LF or CRLF) and without a byte order mark. The text is decoded
 * block by block, so that memory stays at a few blocks however long it is.
 */
export function* linesOf(bytes: Buffer): Generator<string> {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (start < bytes.length) {
    const end = blockEnd(bytes, start);
    const lines = bytes.toString("utf8", start, end).split("\n");
    if (bytes[end - 1] === lineFeed) lines.pop();
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
    start = end;
  }
}

/** Yields a file in blocks of whole lines; memory stays at a block, or at a line that is longer. */
export function* lineBlocksOf(path: string): Generator<Buffer> {
  const file = openFileSync(path);
  let line: Buffer[] = [];
  try {
    for (;;) {
      const block = Buffer.allocUnsafe(blockBytes);
      const filled = readSync(file, block, 0, blockBytes, null);
      if (filled === 0) break;
      const end = block.lastIndexOf(lineFeed, filled - 1) + 1;
      if (end > 0) {
        yield Buffer.concat([...line, block.subarray(0, end)]);
        line = [Buffer.from(block.subarray(end, filled))];
      } else line.push(block.subarray(0, filled));
    }
    const rest = Buffer.concat(line);
    if (rest.length > 0) yield rest;
  } finally {
    closeSync(file);
  }
}

/** Returns the place after the last line feed within a block from `start`, or after a line longer than a block. */
function blockEnd(bytes: Buffer, start: number): number {
  if (bytes.length - start <= blockBytes) return bytes.length;
  const last = bytes.lastIndexOf(lineFeed, start + blockBytes);
  if (last >= start) return last + 1;
  const next = bytes.indexOf(lineFeed, start + blockBytes);
  return next < 0 ? bytes.length : next + 1;
}

/** Text that grows line by line, kept as bytes so that it may be longer than a string can be. */
export class TextBytes {
  readonly #blocks: Buffer[] = [];
  #text = "";

  line(text: string): void {
    this.#text += `${text}\n`;
    if (this.#text.length > blockBytes) this.#flush();
  }

  bytes(): Buffer {
    this.#flush();
    return Buffer.concat(this.#blocks);
  }

  #flush(): void {
    this.#blocks.push(Buffer.from(this.#text));
    this.#text = "";
  }
}

/** Splits a line at blanks. */
export function wordsOf(line: string): string[] {
  const trimmed = line.trim();
  return trimmed === "" ? [] : trimmed.split(/\s+/);
}
