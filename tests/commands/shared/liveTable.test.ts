import { describe, expect, test } from "vitest";
import { LiveTable, tableLines } from "../../../src/commands/shared/liveTable.js";
import type { FigureRow } from "../../../src/system/reporter.js";

/** As much of a terminal as a bar and a table need: what its lines show. */
class Terminal {
  readonly columns = 80;
  readonly rows = 24;
  readonly lines: string[] = [""];
  private y = 0;
  private x = 0;

  write(text: string): void {
    for (const [token, count, kind] of text.matchAll(/\p{Cc}\[(\d*)([A-Z])|[\s\S]/gu)) {
      const line = this.lines[this.y]!;
      if (kind === "A") this.y -= Number(count);
      else if (kind === "K") this.lines[this.y] = count === "2" ? "" : line.slice(0, this.x);
      else if (kind === "J") {
        this.lines[this.y] = line.slice(0, this.x);
        this.lines.splice(this.y + 1);
      } else if (token === "\r") this.x = 0;
      else if (token === "\n") {
        this.y++;
        this.lines[this.y] ??= "";
      } else {
        this.lines[this.y] = line.slice(0, this.x).padEnd(this.x) + token + line.slice(this.x + 1);
        this.x++;
      }
    }
  }

  /** Draws a bar in the cursor's line, as the package of bars does. */
  bar(text: string): void {
    this.write(`\r${text}\u001b[K`);
  }
}

const types = ["apo-ferritin", "beta-amylase", "beta-galactosidase", "ribosome", "thyroglobulin"];
const rows: readonly FigureRow[] = [
  {
    title: "loss",
    figures: [
      ["", "0.1234"],
      ["tversky", "0.1000"],
    ],
  },
  { title: "crops' F4", figures: [...types, "virus-like-particle"].map((type) => [type, "0.50"] as const) },
];

describe("a table of figures", () => {
  test("fits its columns, on two lines a row at most", () => {
    expect(tableLines(rows, 79)).toEqual([
      "  loss       0.1234  tversky 0.1000",
      "  crops' F4  apo-ferritin 0.50  beta-amylase 0.50  beta-galactosidase 0.50",
      "             ribosome 0.50  thyroglobulin 0.50  virus-like-particle 0.50",
    ]);
    for (const columns of [20, 40, 60, 79])
      for (const line of tableLines(rows, columns)) expect(line.length).toBeLessThanOrEqual(columns);
    expect(tableLines(rows, 40)).toHaveLength(3);
    expect(tableLines([{ title: "a", figures: [["\u001b[2Jb", "1"]] }], 40).join()).not.toContain("\u001b");
  });

  test("stays below its bar, also after a line was said, and is gone in the end", () => {
    const terminal = new Terminal();
    const table = new LiveTable(terminal);
    let loss = "0.5";
    table.show(() => [{ title: "loss", figures: [["", loss]] }, ...rows.slice(1)]);
    terminal.bar("training 1");
    table.draw(0);
    terminal.bar("training 2");
    const shown = tableLines(rows.slice(1), 79);
    expect(terminal.lines).toEqual(["training 2", "  loss       0.5", ...shown]);
    loss = "0.25";
    table.draw(100);
    expect(terminal.lines[1]).toBe("  loss       0.5");
    terminal.write("\r\u001b[2Ksaid\r\n");
    terminal.bar("training 3");
    table.draw(300);
    expect(terminal.lines).toEqual(["said", "training 3", "  loss       0.25", ...shown]);
    terminal.bar("training 4");
    terminal.write("\r\n");
    table.end();
    expect(terminal.lines).toEqual(["said", "training 4", ""]);
  });

  test("is not drawn where the terminal is too low for it, nor before there is anything to show", () => {
    const written: string[] = [];
    const table = new LiveTable({ columns: 80, rows: 4, write: (text) => written.push(text) });
    table.draw(0);
    table.show(() => []);
    table.draw(300);
    table.show(() => rows);
    table.draw(600);
    table.end();
    expect(written).toEqual([]);
  });
});
