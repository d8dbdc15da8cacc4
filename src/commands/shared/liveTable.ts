/** A table of figures below a progress bar, drawn anew in place as the bar is. */
import { printableLine } from "../../present/printable.js";
import type { FigureRow } from "../../system/reporter.js";

/** Most lines of one row; figures for which there is no room are left out. */
const mostLines = 2;

/**
 * Returns a table's lines, each at most so many columns wide: titles in a column of their own, figures behind, on a
 * second line where one does not hold them.
 */
export function tableLines(rows: readonly FigureRow[], columns: number): string[] {
  const titles = Math.max(0, ...rows.map(({ title }) => title.length));
  const room = columns - titles - 4;
  return rows.flatMap(({ title, figures }) => {
    const lines: string[] = [];
    let line = "";
    for (const [name, value] of figures) {
      const text = printableLine(name === "" ? value : `${name} ${value}`).slice(0, Math.max(0, room));
      if (line !== "" && line.length + 2 + text.length > room) {
        lines.push(line);
        line = "";
      }
      line = line === "" ? text : `${line}  ${text}`;
    }
    return [...lines, line]
      .slice(0, mostLines)
      .map((each, at) => `  ${(at === 0 ? title : "").padEnd(titles)}  ${each}`.slice(0, columns).trimEnd());
  });
}

/** Time in ms between two drawings. */
const everyMs = 250;

const clearRest = "\u001b[K";
const clearBelow = "\u001b[J";

/** The stream that the bar is drawn on. */
interface Screen {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/**
 * The table of one bar. The cursor is in the bar's line before and after each drawing, which is one write and clears no
 * line before it is written, so that nothing flickers. It is drawn though nothing changed: a line that was said in
 * between has moved the bar down.
 */
export class LiveTable {
  private readonly screen: Screen;
  private rows: (() => readonly FigureRow[]) | undefined;
  private drawn = Number.NEGATIVE_INFINITY;

  constructor(screen: Screen) {
    this.screen = screen;
  }

  show(rows: () => readonly FigureRow[]): void {
    this.rows = rows;
  }

  /** Draws the table, where it is time to. */
  draw(now: number): void {
    if (!this.rows || now - this.drawn < everyMs) return;
    const { columns = 80, rows: height = 24 } = this.screen;
    const lines = tableLines(this.rows(), columns - 1);
    if (lines.length === 0 || lines.length + 2 > height) return;
    this.drawn = now;
    const text = lines.map((line) => `\r\n${line}${clearRest}`).join("");
    this.screen.write(`${text}${clearBelow}\u001b[${lines.length}A\r`);
  }

  /** Takes the table away; the cursor is in the line below the bar. */
  end(): void {
    if (this.drawn > Number.NEGATIVE_INFINITY) this.screen.write(clearBelow);
    this.rows = undefined;
  }
}
