/** log.jsonl: a line per training step, evaluation, look, and search for hard places. */
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { readText } from "../../system/paths/opening.js";
import type { Seen } from "../watch/watcher.js";

interface Line {
  readonly network: string;
  /** Number of the step that was done last, from 0. */
  readonly step: number;
}

/** A training step. */
export interface StepLine extends Line {
  readonly loss: number;
  /** Terms of the loss by name. */
  readonly parts: Readonly<Record<string, number>>;
  readonly norm: number;
  readonly rate: number;
  readonly ms: number;
  readonly waitedMs: number;
  readonly samplesPerSecond: number;
}

/** A look at crops of the tune runs. */
export interface LookLine extends Line {
  readonly watch: Seen;
  /** What the look took; not among a step's `ms`. */
  readonly watchMs: number;
}

/** An evaluation on the tune runs. */
export interface EvaluationLine extends Line {
  readonly tuneScore: number;
  readonly best: boolean;
}

/** A search for hard places in the runs that are trained on. */
export interface MiningLine extends Line {
  /** Number of false picks by type. */
  readonly mined: Readonly<Record<string, number>>;
  /** What the search took; not among a step's `ms`. */
  readonly minedMs: number;
}

/** A line of log.jsonl. */
export type LogLine = StepLine | LookLine | EvaluationLine | MiningLine;

/** Position at which a resumed log continues: networks done and, of the current one, steps done. */
export interface LogPosition {
  readonly done: readonly string[];
  readonly current: string;
  readonly step: number;
}

/** A log that other programs can read while it grows: JSON lines, each written before the next step begins. */
export class StepLog {
  private readonly path: string;
  private readonly file: number;

  private constructor(path: string) {
    this.path = path;
    this.file = openSync(path, "a");
  }

  /**
   * Opens the log. Lines of steps that a resumed run repeats are dropped.
   *
   * @param position where the log continues; null starts anew
   */
  static async open(path: string, position: LogPosition | null): Promise<StepLog> {
    const kept = position && existsSync(path) ? keptLines(await readText(path), position) : [];
    await writeWhole(path, kept.map((line) => `${line}\n`).join(""));
    return new StepLog(path);
  }

  write(line: LogLine): void {
    try {
      writeSync(this.file, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw new PickbenchError(
        "BadUsage",
        `${this.path}: cannot be written (${messageOf(error)}); make room, then the same command goes on`,
        { path: this.path, cause: error },
      );
    }
  }

  close(): void {
    closeSync(this.file);
  }
}

function keptLines(text: string, position: LogPosition): string[] {
  return text.split("\n").filter((line) => {
    try {
      const { network, step } = JSON.parse(line) as { network: string; step: number };
      return position.done.includes(network) || (network === position.current && step < position.step);
    } catch {
      return false;
    }
  });
}

/** Reads the number of steps in a finished training's log, and the seconds they took. */
export async function loggedCourse(path: string): Promise<{ steps: number; seconds: number }> {
  const text = await readText(path).catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  const times = lines.map((line) => (JSON.parse(line) as { readonly ms?: number }).ms);
  const steps = times.filter((ms) => ms !== undefined);
  return { steps: steps.length, seconds: steps.reduce((sum, ms) => sum + ms, 0) / 1000 };
}

/** Reads the seconds that the steps before `position` took. */
export async function loggedSeconds(path: string, position: LogPosition): Promise<number> {
  const text = await readText(path).catch(() => "");
  const lines = keptLines(text, position).map((line) => JSON.parse(line) as { readonly ms?: number });
  return lines.reduce((sum, { ms = 0 }) => sum + ms, 0) / 1000;
}
