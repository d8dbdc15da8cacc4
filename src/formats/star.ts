/** STAR files: reading with the number of the faulty line, and writing as RELION does. */
import { PickbenchError } from "../system/errors.js";
import { linesOf, TextBytes } from "./lines.js";

/** One loop of a block: the columns' names without the underscore, and rows of one value a column. */
export interface StarLoop {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A data block; values are the text in the file, without quotes. */
export interface StarBlock {
  /** The text after `data_`, which may be empty. */
  readonly name: string;
  /** Single values by name, without the underscore. */
  readonly values: ReadonlyMap<string, string>;
  readonly loops: readonly StarLoop[];
}

/** Receives the content of a STAR file in its order. */
export interface StarVisitor {
  block(name: string): void;
  value(name: string, value: string, line: number): void;
  loop(columns: readonly string[]): void;
  /** Receives a row, one value a column; `line` counts from 1. */
  row(values: string[], line: number): void;
}

/** Limit of names in a block, above what any program writes. */
const mostColumns = 4096;

/**
 * Reads a STAR file (Hall, J. Chem. Inf. Comput. Sci. 31, 1991) as programs for cryo-EM write them: data blocks, single
 * values, loops, comments, single and double quotes (which close before a blank), and text between lines that begin with
 * a semicolon. A row may run over several lines, and a line may hold several rows, but a row ends where a line ends: so a
 * missing or surplus value is noticed in its line.
 *
 * @throws PickbenchError BadDataset with the line
 */
export function readStar(path: string, bytes: Buffer, visitor: StarVisitor): void {
  const reader = new StarReader(path, visitor);
  for (const line of linesOf(bytes)) reader.line(line);
  reader.end();
}

/** Visitor that collects the blocks of a STAR file. */
export class StarBlocks implements StarVisitor {
  readonly blocks: {
    name: string;
    values: Map<string, string>;
    loops: { columns: string[]; rows: string[][] }[];
  }[] = [];

  block(name: string): void {
    this.blocks.push({ name, values: new Map(), loops: [] });
  }

  value(name: string, value: string): void {
    this.blocks.at(-1)!.values.set(name, value);
  }

  loop(columns: readonly string[]): void {
    this.blocks.at(-1)!.loops.push({ columns: [...columns], rows: [] });
  }

  row(values: string[]): void {
    this.blocks.at(-1)!.loops.at(-1)!.rows.push(values);
  }
}

/**
 * Reads a STAR file whole.
 *
 * @throws PickbenchError BadDataset with the line
 */
export function parseStar(path: string, bytes: Buffer): StarBlock[] {
  const found = new StarBlocks();
  readStar(path, bytes, found);
  return found.blocks;
}

interface Token {
  readonly text: string;
  /** Whether the text was quoted: quoted text is always a value. */
  readonly isQuoted: boolean;
}

class StarReader {
  readonly #path: string;
  readonly #visitor: StarVisitor;
  #line = 0;
  #hasBlock = false;
  #names = new Set<string>();
  /** Columns of the loop whose rows are read; undefined outside of loops. */
  #columns: string[] | undefined;
  #isHeader = false;
  #row: string[] = [];
  /** Name of a single value that has not been read yet. */
  #pending: string | undefined;
  /** Lines of the text between semicolons that is being read; undefined outside of texts. */
  #text: string[] | undefined;

  constructor(path: string, visitor: StarVisitor) {
    this.#path = path;
    this.#visitor = visitor;
  }

  line(line: string): void {
    this.#line++;
    if (this.#text) {
      if (!line.startsWith(";")) {
        this.#text.push(line);
        return;
      }
      const text = this.#text.join("\n");
      this.#text = undefined;
      this.#value(text);
      this.#tokens(line.slice(1));
    } else if (line.startsWith(";") && (this.#pending !== undefined || this.#columns)) {
      this.#text = [line.slice(1)];
      return;
    } else if (!this.#plainRow(line)) this.#tokens(line);
    if (this.#columns && this.#row.length > this.#columns.length) this.#splitRow();
  }

  end(): void {
    if (this.#text) throw this.#fault("a text that no line beginning with ; closes", "one");
    this.#endBlock();
  }

  /** Reads a plain row, as most lines of most files are; returns false for any other line. */
  #plainRow(line: string): boolean {
    if (
      !this.#columns ||
      this.#row.length > 0 ||
      /["'#]|(?:^|\s)(?:_|data_|loop_|save_|global_|stop_)/i.test(line)
    )
      return false;
    const trimmed = line.trim();
    if (trimmed === "") return true;
    if (this.#columns.length === 0) return false;
    this.#beginRows();
    const values = trimmed.split(/\s+/);
    if (values.length === this.#columns.length) this.#visitor.row(values, this.#line);
    else this.#row = values;
    this.#completeRow();
    return true;
  }

  #tokens(line: string): void {
    for (const token of tokensOf(line, (what) => this.#fault(what, "its quote closed before a blank"))) {
      if (token.isQuoted) this.#value(token.text);
      else if (/^data_/i.test(token.text)) this.#startBlock(token.text.slice(5));
      else if (/^loop_$/i.test(token.text)) this.#startLoop();
      else if (/^(save_|global_|stop_)/i.test(token.text))
        throw this.#fault(`${token.text.slice(0, 40)}, which pickbench does not read`, "data blocks alone");
      else if (token.text.startsWith("_") && token.text.length > 1) this.#name(token.text.slice(1));
      else this.#value(token.text);
    }
    this.#completeRow();
  }

  #startBlock(name: string): void {
    this.#endBlock();
    this.#hasBlock = true;
    this.#names = new Set();
    this.#visitor.block(name);
  }

  #startLoop(): void {
    if (!this.#hasBlock) throw this.#fault("a loop before the first data_ line", "a data block");
    this.#endLoop();
    this.#columns = [];
    this.#isHeader = true;
  }

  #name(name: string): void {
    if (!this.#hasBlock)
      throw this.#fault(`_${name.slice(0, 40)} before the first data_ line`, "a data block");
    if (this.#pending !== undefined)
      throw this.#fault(`_${this.#pending.slice(0, 40)} without a value`, "one");
    if (this.#columns && !this.#isHeader) this.#endLoop();
    if (this.#names.has(name)) throw this.#fault(`_${name.slice(0, 40)} a second time`, "every name once");
    if (this.#names.size >= mostColumns)
      throw this.#fault("too many names", `at most ${mostColumns} in a block`);
    this.#names.add(name);
    if (this.#columns) this.#columns.push(name);
    else this.#pending = name;
  }

  #value(value: string): void {
    if (this.#pending !== undefined) {
      this.#visitor.value(this.#pending, value, this.#line);
      this.#pending = undefined;
      return;
    }
    if (!this.#columns || this.#columns.length === 0)
      throw this.#fault(`the value ${JSON.stringify(value.slice(0, 40))} without a name`, "a name before it");
    this.#beginRows();
    this.#row.push(value);
  }

  #beginRows(): void {
    if (!this.#isHeader) return;
    this.#isHeader = false;
    this.#visitor.loop(this.#columns!);
  }

  #completeRow(): void {
    if (!this.#columns || this.#row.length !== this.#columns.length || this.#row.length === 0) return;
    this.#visitor.row(this.#row, this.#line);
    this.#row = [];
  }

  #splitRow(): void {
    const { length } = this.#columns!;
    if (this.#row.length % length !== 0)
      throw this.#fault(`${this.#row.length} values`, `${length}, one a column, or whole rows`);
    for (let at = 0; at < this.#row.length; at += length)
      this.#visitor.row(this.#row.slice(at, at + length), this.#line);
    this.#row = [];
  }

  #endLoop(): void {
    if (!this.#columns) return;
    if (this.#isHeader && this.#columns.length > 0) this.#beginRows();
    if (this.#row.length > 0)
      throw this.#fault(`a last row of ${this.#row.length} values`, `${this.#columns.length}, one a column`);
    this.#columns = undefined;
  }

  #endBlock(): void {
    if (this.#pending !== undefined)
      throw this.#fault(`_${this.#pending.slice(0, 40)} without a value`, "one");
    this.#endLoop();
  }

  #fault(got: string, wanted: string): PickbenchError {
    return new PickbenchError(
      "BadDataset",
      `${this.#path}, line ${this.#line}: ${got}, wanted ${wanted}: mend the STAR file`,
      { path: this.#path },
    );
  }
}

function* tokensOf(line: string, fault: (what: string) => PickbenchError): Generator<Token> {
  let at = 0;
  for (;;) {
    while (at < line.length && isBlank(line[at]!)) at++;
    if (at >= line.length || line[at] === "#") return;
    const quote = line[at]!;
    if (quote !== '"' && quote !== "'") {
      const start = at;
      while (at < line.length && !isBlank(line[at]!)) at++;
      yield { text: line.slice(start, at), isQuoted: false };
      continue;
    }
    let end = line.indexOf(quote, at + 1);
    while (end >= 0 && end + 1 < line.length && !isBlank(line[end + 1]!)) end = line.indexOf(quote, end + 1);
    if (end < 0) throw fault(`a value that opens with ${quote}`);
    yield { text: line.slice(at + 1, end), isQuoted: true };
    at = end + 1;
  }
}

const isBlank = (character: string): boolean => /\s/.test(character);

/**
 * Writes blocks as RELION lays them out.
 *
 * @throws PickbenchError BadDataset for a value that no quotes of STAR can hold
 */
export function writeStar(blocks: Iterable<StarBlock>, comment?: string): Buffer {
  const text = new TextBytes();
  for (const { name, values, loops } of blocks) {
    text.line("");
    if (comment !== undefined) text.line(`# ${comment}`);
    text.line("");
    text.line(`data_${name}`);
    text.line("");
    for (const [key, value] of values) text.line(withValue(`_${key}`, starValue(value)));
    for (const loop of loops) writeLoop(text, loop);
  }
  return text.bytes();
}

function writeLoop(text: TextBytes, { columns, rows }: StarLoop): void {
  text.line("loop_");
  for (const [index, column] of columns.entries()) text.line(`_${column} #${index + 1}`);
  for (const row of rows) text.line(starRow(row));
}

/** Returns the text of a loop's row. @throws PickbenchError as `writeStar` */
export const starRow = (values: readonly string[]): string => joinedRow(values.map(starValue));

/** Joins the values of a row, each quoted where needed. */
export const joinedRow = (texts: readonly string[]): string =>
  texts.some((text) => text.startsWith("\n")) ? texts.reduce(withValue) : texts.join(" ");

/** Appends a value to a row; a text between semicolons begins on a line of its own. */
const withValue = (before: string, value: string): string =>
  value.startsWith("\n") || before.endsWith("\n;")
    ? `${before}${value.startsWith("\n") ? "" : "\n"}${value}`
    : `${before} ${value}`;

/**
 * Quotes a value where needed: bare, in quotes, or as a text between semicolons.
 *
 * @throws PickbenchError as `writeStar`
 */
export function starValue(value: string): string {
  if (/^[^\s_#'";$[\]][^\s]*$/.test(value) && !/^(data_|loop_$|save_|global_|stop_)/i.test(value))
    return value;
  if (!value.includes("\n")) {
    if (!/"(?=\s)/.test(value)) return `"${value}"`;
    if (!/'(?=\s)/.test(value)) return `'${value}'`;
  }
  if (value.includes("\n;"))
    throw new PickbenchError(
      "BadDataset",
      `the value ${JSON.stringify(value.slice(0, 60))} has a line that begins with a semicolon, which STAR cannot hold; shorten it`,
    );
  return `\n;${value}\n;`;
}
