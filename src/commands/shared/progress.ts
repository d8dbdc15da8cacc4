import { stderr } from "node:process";
import cliProgress from "cli-progress";
import { seconds } from "../../present/text.js";
import type { Progress } from "../../system/reporter.js";

/** Writes a line to stderr. */
export const printLine = (line: string): void => {
  stderr.write(`${line}\n`);
};

const quietProgress: Progress = { update() {}, say: printLine, stop() {} };

/** What a bar or a log line is about. */
interface Work {
  readonly label: string;
  readonly total: number;
  readonly unit: string;
  /** How much was done before, as by a run that is resumed: it does not count for the rate. */
  readonly from: number;
}

/**
 * @param label what is being done
 * @param total how many units there are
 * @param unit their name, for the rate; seconds ("s") have none
 */
export function startProgress(
  label: string,
  total: number,
  unit: string,
  { quiet = false, from = 0 } = {},
): Progress {
  if (quiet) return quietProgress;
  const work = { label, total, unit, from };
  return stderr.isTTY ? terminalBar(work) : plainLines(work);
}

/** The rate, as text in front of a comma, and the time left. */
function rateAndRest(
  started: number,
  done: number,
  { total, unit, from }: Work,
): { rate: string; rest: string } {
  const rate = (done - from) / ((performance.now() - started) / 1000);
  const figure = rate >= 1 || rate === 0 ? rate.toFixed(1) : rate.toPrecision(2);
  return { rate: unit === "s" ? "" : `, ${figure} ${unit}/s`, rest: seconds((total - done) / rate) };
}

/** Takes away what the terminal shows in the cursor's line. */
const clearLine = "\u001b[2K";

function terminalBar(work: Work): Progress {
  const started = performance.now();
  const bar = new cliProgress.SingleBar(
    {
      format: `${work.label} {bar} {percentage}% {value}/{total} ${work.unit}{rate}, {rest} left  {note}`,
      hideCursor: true,
      stream: stderr,
      fps: 5,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(work.total, work.from, { rate: "", rest: "?", note: "" });
  return {
    update: (done, note = "") => bar.update(done, { ...rateAndRest(started, done, work), note }),
    say: (line) => printLine(`\r${clearLine}${line}`),
    stop: () => bar.stop(),
  };
}

/** A line when work begins, at most one every ten seconds, and one at the end. */
function plainLines(work: Work): Progress {
  const { label, total, unit } = work;
  const started = performance.now();
  let last = started;
  let latest: { done: number; note: string } | undefined;
  const print = (done: number, note: string) => {
    const { rate, rest } = rateAndRest(started, done, work);
    const time = done >= total ? `in ${seconds((performance.now() - started) / 1000)}` : `${rest} left`;
    stderr.write(`${label}: ${done}/${total} ${unit}${rate}, ${time}${note ? `, ${note}` : ""}\n`);
  };
  return {
    update(done, note = "") {
      latest = { done, note };
      const now = performance.now();
      if (now - last < 10_000) return;
      last = now;
      latest = undefined;
      print(done, note);
    },
    say: printLine,
    stop() {
      if (latest) print(latest.done, latest.note);
      latest = undefined;
    },
  };
}
