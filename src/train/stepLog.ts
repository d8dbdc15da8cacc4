import { createWriteStream, existsSync, type WriteStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeWhole } from "../files.js";

/** A line of log.jsonl: a step, or an evaluation. */
export type LogLine =
  | {
      readonly network: string;
      readonly step: number;
      readonly loss: number;
      readonly norm: number;
      readonly rate: number;
      readonly ms: number;
      readonly waitedMs: number;
    }
  | { readonly network: string; readonly step: number; readonly tuneScore: number; readonly best: boolean };

/** A log that a program can read while it grows: JSON lines. */
export class StepLog {
  private readonly stream: WriteStream;

  private constructor(stream: WriteStream) {
    this.stream = stream;
  }

  /**
   * Opens the log; lines of steps that a resumed run will take again are dropped. `position` is where it goes on:
   * networks done and, of the current one, steps done; null begins anew.
   */
  static async open(
    path: string,
    position: { readonly done: readonly string[]; readonly current: string; readonly step: number } | null,
  ): Promise<StepLog> {
    await mkdir(dirname(path), { recursive: true });
    const kept = position && existsSync(path) ? keptLines(await readFile(path, "utf8"), position) : [];
    await writeWhole(path, kept.map((line) => `${line}\n`).join(""));
    return new StepLog(createWriteStream(path, { flags: "a" }));
  }

  write(line: LogLine): void {
    this.stream.write(`${JSON.stringify(line)}\n`);
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.stream.on("error", reject);
      this.stream.end(resolve);
    });
  }
}

function keptLines(
  text: string,
  position: { readonly done: readonly string[]; readonly current: string; readonly step: number },
): string[] {
  return text.split("\n").filter((line) => {
    try {
      const { network, step } = JSON.parse(line) as { network: string; step: number };
      return position.done.includes(network) || (network === position.current && step < position.step);
    } catch {
      return false;
    }
  });
}
