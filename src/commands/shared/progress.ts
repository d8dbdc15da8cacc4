/** How far long work has come: a bar that fits the terminal, plain lines in a log. */
import { createRequire } from "node:module";
import { stderr } from "node:process";
import { printableLine } from "../../present/printable.js";
import { seconds } from "../../present/text.js";
import type { Progress } from "../../system/reporter.js";
import { LiveTable } from "./liveTable.js";
import { print, printLine } from "./print.js";

const quietProgress: Progress = { update() {}, say: printLine, stop() {} };

/** Work shown by a bar or a log line. */
interface Work {
  readonly label: string;
  readonly total: number;
  readonly unit: string;
  /** Number of units done before, as by a resumed run; they do not count for the rate. */
  readonly from: number;
}

/** How far it has come. */
interface State {
  readonly done: number;
  /** A loss, a name, what is being done right now. */
  readonly note: string;
  /** Since it began. */
  readonly seconds: number;
}

/**
 * Starts a progress display.
 *
 * @param label what is being done
 * @param total number of units
 * @param unit name of the units, for the rate; seconds ("s") have no rate
 */
export function startProgress(
  label: string,
  total: number,
  unit: string,
  { quiet = false, from = 0, isAside = false } = {},
): Progress {
  if (quiet) return quietProgress;
  const work = { label: printableLine(label), total, unit, from };
  return stderr.isTTY ? terminalBar(work) : plainLines(work, isAside);
}

/** The rate and the time left; no rate of seconds. */
function rateAndRest({ total, unit, from }: Work, { done, seconds: elapsed }: State) {
  const rate = (done - from) / elapsed;
  const figure = rate >= 1 || rate === 0 ? rate.toFixed(1) : rate.toPrecision(2);
  return { rate: unit === "s" ? "" : `${figure} ${unit}/s`, rest: seconds((total - done) / rate) };
}

const widestBar = 24;
const leastBar = 8;

/**
 * Returns a bar's line, at most so many columns wide. What counts most stays longest: the label, the share done, the
 * time left, the note; then the counts, the rate, and a bar of at least eight columns.
 */
export function barLine(work: Work, state: State, columns: number): string {
  const { label, total, unit } = work;
  const { done, note } = state;
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const { rate, rest } = rateAndRest(work, state);
  const least = [label, `${Math.floor(100 * share)}%`, done >= total ? "" : `${rest} left`, note];
  const [name, percent, left, last] = least as [string, string, string, string];
  const counts = `${done}/${total} ${unit}`;
  const texts = [
    [percent, counts, rate, left, last],
    [percent, counts, left, last],
    [percent, left, last],
  ].map((parts) => parts.filter((part) => part !== "").join(", "));
  for (const text of texts) {
    const room = Math.min(widestBar, columns - name.length - text.length - 2);
    if (room >= leastBar) return `${name} ${bar(share, room)} ${text}`;
  }
  return `${shortened(name, Math.max(leastBar, columns - texts[2]!.length - 1))} ${texts[2]}`.slice(
    0,
    columns,
  );
}

const shortened = (text: string, columns: number): string =>
  text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;

function bar(share: number, width: number): string {
  const full = Math.round(share * width);
  return `${"█".repeat(full)}${"░".repeat(width - full)}`;
}

/** The package of bars is loaded with the first one, as most commands never show any. */
function terminalBar(work: Work): Progress {
  const { SingleBar } = createRequire(import.meta.url)("cli-progress") as typeof import("cli-progress");
  const started = performance.now();
  const shown = new SingleBar({
    format: (_, { value }, { note }) => {
      const elapsed = (performance.now() - started) / 1000;
      return barLine(work, { done: value, note, seconds: elapsed }, (stderr.columns ?? 80) - 1);
    },
    hideCursor: true,
    forceRedraw: true,
    stream: stderr,
    fps: 5,
  });
  shown.start(work.total, work.from, { note: "" });
  const table = new LiveTable(stderr);
  return {
    update(done, note = "") {
      shown.update(done, { note: printableLine(note) });
      table.draw(performance.now());
    },
    table: (rows) => table.show(rows),
    say: printLine,
    stop() {
      shown.stop();
      table.end();
    },
  };
}

/** Prints a line at most every ten seconds, and one at the end; none there of work that is aside. */
function plainLines(work: Work, isAside: boolean): Progress {
  const { label, total, unit } = work;
  const started = performance.now();
  let last = started;
  let latest: { done: number; note: string } | undefined;
  const tell = (done: number, note: string) => {
    const elapsed = (performance.now() - started) / 1000;
    const { rate, rest } = rateAndRest(work, { done, note, seconds: elapsed });
    const time = done >= total ? `in ${seconds(elapsed)}` : `${rest} left`;
    const told = note && `, ${printableLine(note)}`;
    print("stderr", `${label}: ${done}/${total} ${unit}${rate && `, ${rate}`}, ${time}${told}`);
  };
  return {
    update(done, note = "") {
      latest = { done, note };
      const now = performance.now();
      if (now - last < 10_000) return;
      last = now;
      latest = undefined;
      tell(done, note);
    },
    say: printLine,
    stop() {
      if (latest && !isAside) tell(latest.done, latest.note);
      latest = undefined;
    },
  };
}
