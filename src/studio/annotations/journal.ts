/** The journal of a run's annotations: lines that are on the disk before an edit is acknowledged. */
import { dirname } from "node:path";
import { jsonIn } from "../../formats/json.js";
import { appendLines } from "../../system/addedLines.js";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { readIfThere } from "../../system/paths/opening.js";
import { makeFolders } from "../../system/paths/replacing.js";

/** A journal, of which one process at a time may hold one. */
export class Journal<Line> {
  readonly path: string;
  #bytes: number;

  private constructor(path: string, bytes: number) {
    this.path = path;
    this.#bytes = bytes;
  }

  /**
   * Opens the journal at a path, which need not exist; what a kill left of a line at its end is passed over.
   *
   * @throws PickbenchError BadDataset where a line is broken
   */
  static async open<Line>(path: string): Promise<{ journal: Journal<Line>; lines: Line[] }> {
    await makeFolders(dirname(path));
    const text = (await readIfThere(path))?.toString("utf8") ?? "";
    const lines = text
      .slice(0, text.lastIndexOf("\n") + 1)
      .split("\n")
      .slice(0, -1)
      .map((line, at) => {
        const value = jsonIn(line);
        if (value !== null && typeof value === "object") return value as Line;
        throw new PickbenchError(
          "BadDataset",
          `${path}: line ${at + 1} is damaged; mend it, or move the file away, which gives up the edits in it`,
          { path },
        );
      });
    return { journal: new Journal<Line>(path, text.length), lines };
  }

  /** Bytes that it holds, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds lines, on the disk before it returns. @throws Error of the system */
  async append(lines: readonly Line[]): Promise<void> {
    await appendLines(this.path, lines);
    for (const line of lines) this.#bytes += JSON.stringify(line).length + 1;
  }

  /** Replaces all lines by one that holds what came of them. */
  async restart(line: Line): Promise<void> {
    const text = `${JSON.stringify(line)}\n`;
    await writeWhole(this.path, text);
    this.#bytes = text.length;
  }
}
