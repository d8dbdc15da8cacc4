/** Follows log.jsonl while a training writes it: reads what is new, and keeps its curves. */
import { lstat } from "node:fs/promises";
import { plural } from "../../present/text.js";
import { openFile } from "../../system/paths/opening.js";
import { largestLog, logLineIn, type ReadLine } from "../../train/watch/readLog.js";
import { figuresOf } from "../../train/watch/sinks/metrics.js";
import { type Curve, rounded, Series } from "./series.js";

/** A curve with what it is of. */
export interface NamedCurve extends Curve {
  readonly network: string;
  /** Such as `train/loss`. */
  readonly figure: string;
}

/** What of a log has not been asked for yet. */
export interface Grown {
  /** Changes where the log begins anew. */
  readonly version: number;
  /** Lines until now: what to ask for the next time. */
  readonly lines: number;
  /** Whether the curves are whole, in place of what was there before; else they are what comes behind it. */
  readonly isWhole: boolean;
  readonly curves: readonly NamedCurve[];
  /** What of the log cannot be read, a sentence each. */
  readonly notes: readonly string[];
}

/** Figures of one line. */
interface Figures {
  readonly number: number;
  readonly network: string;
  readonly step: number;
  readonly figures: readonly (readonly [name: string, value: number])[];
}

/** Lines that are kept one by one, for who asks again soon. */
const mostRecent = 4096;
/** Bytes of a line; a longer one is no line of a log. */
const longestLine = 2 ** 20;
const block = 2 ** 20;
const newline = 0x0a;

/** What nobody looks at as a curve. */
const leftOut: readonly string[] = ["train/waited_ms", "train/mined_ms"];

export class LogFollower {
  readonly #path: string;
  #version = 0;
  #file = "";
  #offset = 0;
  #lines = 0;
  /** The begin of a line whose end is not there yet; null where it is too long. */
  #rest: Buffer | null = Buffer.alloc(0);
  #series = new Map<string, { readonly network: string; readonly figure: string; readonly series: Series }>();
  #recent: Figures[] = [];
  #faults = 0;
  #firstFault: string | undefined;
  #fault: string | undefined;
  #reading: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Reads what is new, and returns what comes behind a line.
   *
   * @param since number of lines and version as they were returned before; all is returned where they are of another log
   */
  async grown(since = 0, version = -1): Promise<Grown> {
    this.#reading ??= this.#catchUp().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
    const first = this.#recent[0]?.number ?? this.#lines;
    const isBehind = version === this.#version && since <= this.#lines && since >= first;
    return {
      version: this.#version,
      lines: this.#lines,
      isWhole: !isBehind,
      curves: isBehind ? this.#behind(since) : this.#whole(),
      notes: this.#notes(),
    };
  }

  #whole(): NamedCurve[] {
    return [...this.#series.values()].map(({ network, figure, series }) => ({
      network,
      figure,
      ...series.curve(),
    }));
  }

  #behind(since: number): NamedCurve[] {
    const curves = new Map<string, { network: string; figure: string; steps: number[]; values: number[] }>();
    for (const { number, network, step, figures } of this.#recent) {
      if (number < since) continue;
      for (const [figure, value] of figures) {
        const key = JSON.stringify([network, figure]);
        const curve = curves.get(key) ?? { network, figure, steps: [], values: [] };
        curves.set(key, curve);
        curve.steps.push(step);
        curve.values.push(rounded(value));
      }
    }
    return [...curves.values()].map((curve) => ({ ...curve, mean: 1 }));
  }

  #notes(): string[] {
    const notes = this.#fault === undefined ? [] : [this.#fault];
    if (this.#faults > 0)
      notes.push(`${plural(this.#faults, "line")} of the log cannot be read: ${this.#firstFault}`);
    return notes;
  }

  async #catchUp(): Promise<void> {
    const there = await lstat(this.#path).catch(() => undefined);
    this.#fault = faultOf(there);
    if (!there?.isFile()) return;
    const file = `${there.dev} ${there.ino}`;
    if (file !== this.#file || there.size < this.#offset) this.#beginAnew(file);
    if (there.size === this.#offset) return;
    const handle = await openFile(this.#path);
    try {
      const end = Math.min(there.size, largestLog);
      const buffer = Buffer.alloc(Math.min(block, end - this.#offset));
      while (this.#offset < end) {
        const length = Math.min(buffer.length, end - this.#offset);
        const { bytesRead } = await handle.read(buffer, 0, length, this.#offset);
        if (bytesRead === 0) break;
        this.#offset += bytesRead;
        this.#take(buffer.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  }

  #beginAnew(file: string): void {
    this.#version++;
    this.#file = file;
    this.#offset = 0;
    this.#lines = 0;
    this.#rest = Buffer.alloc(0);
    this.#series = new Map();
    this.#recent = [];
    this.#faults = 0;
  }

  #take(bytes: Buffer): void {
    let from = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      const line = this.#rest && Buffer.concat([this.#rest, bytes.subarray(from, end)]);
      this.#line(line && line.length <= longestLine ? line.toString("utf8") : undefined);
      this.#rest = Buffer.alloc(0);
      from = end + 1;
    }
    const left = bytes.subarray(from);
    if (this.#rest) {
      const isLong = this.#rest.length + left.length > longestLine;
      this.#rest = isLong ? null : Buffer.concat([this.#rest, left]);
    }
  }

  /** @param text undefined where it is too long to be read */
  #line(text: string | undefined): void {
    const number = this.#lines++;
    if (text === "") return;
    const found = text === undefined ? undefined : logLineIn(text);
    if (found) this.#add(number, found);
    if (found || this.#faults++ > 0) return;
    const what =
      text === undefined
        ? `is longer than ${longestLine} bytes`
        : "is neither a step, an evaluation, a look nor a search for false picks";
    this.#firstFault = `line ${number + 1} ${what}`;
  }

  #add(number: number, { line }: ReadLine): void {
    const { network, step } = line;
    const figures = figuresOf(line).filter(([figure]) => !leftOut.includes(figure));
    for (const [figure, value] of figures) this.#seriesOf(network, figure)?.add(step, value);
    this.#recent.push({ number, network, step, figures });
    if (this.#recent.length >= 2 * mostRecent) this.#recent = this.#recent.slice(-mostRecent);
  }

  /** A log with names without end has curves of the first ones alone. */
  #seriesOf(network: string, figure: string): Series | undefined {
    const key = JSON.stringify([network, figure]);
    const known = this.#series.get(key);
    if (known) return known.series;
    if (this.#series.size >= mostCurves) return undefined;
    const series = new Series();
    this.#series.set(key, { network, figure, series });
    return series;
  }
}

/** Networks times figures: a mixture of 5 networks with 20 types has some 300. */
const mostCurves = 1000;

function faultOf(there: { isFile(): boolean; readonly size: number } | undefined): string | undefined {
  if (there === undefined) return "there is no log yet";
  if (!there.isFile()) return "its log.jsonl is no file, so nothing of it is shown";
  if (there.size > largestLog)
    return `its log has ${there.size} bytes; only the first ${largestLog} are shown`;
  return undefined;
}
