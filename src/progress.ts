import { stderr } from "node:process";
import cliProgress from "cli-progress";

/** Shows how far long work has come, with rate and time left: a bar on a terminal, plain lines in a log. */
export interface Progress {
  /** `done` of `total`; `note` is shown behind (a loss, a name). */
  update(done: number, note?: string): void;
  stop(): void;
}

const seconds = (value: number): string => {
  if (!Number.isFinite(value)) return "?";
  const whole = Math.round(value);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
};

const quietProgress: Progress = { update() {}, stop() {} };

/**
 * @param label what is being done
 * @param total how many units there are
 * @param unit their name, for the rate
 */
export function startProgress(label: string, total: number, unit: string, quiet = false): Progress {
  if (quiet) return quietProgress;
  return stderr.isTTY ? terminalBar(label, total, unit) : plainLines(label, total, unit);
}

function rateAndRest(started: number, done: number, total: number): { rate: string; rest: string } {
  const elapsed = (performance.now() - started) / 1000;
  const rate = done / elapsed;
  return {
    rate: rate >= 1 || done === 0 ? rate.toFixed(1) : rate.toPrecision(2),
    rest: seconds((total - done) / rate),
  };
}

function terminalBar(label: string, total: number, unit: string): Progress {
  const started = performance.now();
  const bar = new cliProgress.SingleBar(
    {
      format: `${label} {bar} {percentage}% {value}/{total} ${unit}  {rate} ${unit}/s  {rest} left  {note}`,
      hideCursor: true,
      stream: stderr,
      fps: 5,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0, { rate: "0", rest: "?", note: "" });
  return {
    update: (done, note = "") => bar.update(done, { ...rateAndRest(started, done, total), note }),
    stop: () => bar.stop(),
  };
}

/** A line when work begins, at most one every ten seconds, and one at the end. */
function plainLines(label: string, total: number, unit: string): Progress {
  const started = performance.now();
  let last = started;
  let latest: { done: number; note: string } | undefined;
  const print = (done: number, note: string) => {
    const { rate, rest } = rateAndRest(started, done, total);
    const time = done >= total ? `in ${seconds((performance.now() - started) / 1000)}` : `${rest} left`;
    stderr.write(
      `${label}: ${done}/${total} ${unit}, ${rate} ${unit}/s, ${time}${note ? `, ${note}` : ""}\n`,
    );
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
    stop() {
      if (latest) print(latest.done, latest.note);
      latest = undefined;
    },
  };
}

/** A bar whose total comes with the first report. */
export function startCounting(
  label: string,
  unit: string,
  quiet = false,
): { readonly update: (done: number, total: number) => void; readonly stop: () => void } {
  let bar: Progress | undefined;
  return {
    update(done, total) {
      bar ??= startProgress(label, total, unit, quiet);
      bar.update(done);
    },
    stop: () => bar?.stop(),
  };
}
