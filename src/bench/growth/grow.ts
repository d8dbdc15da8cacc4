/** Measures series within a limit: the cheapest point next, until none is left or none fits. */
import { freemem } from "node:os";
import { rounded } from "../../domain/numbers.js";
import { seconds, thousands } from "../../present/text.js";
import { messageOf } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { type BenchRow, measured } from "../measured.js";
import { median, mediansOf } from "../medians.js";
import type { Peak } from "../peak.js";
import { watchMachine } from "./beside.js";
import { forecast, type Measured, type Room, whyNot } from "./forecast.js";
import type { Cost, Prepared, Series } from "./series.js";

/** Greatest number of runs of a point, and the time after which none is begun that only adds to the median. */
const mostRuns = 3;
const enoughMs = 5000;

interface GrowOptions {
  readonly limitMs: number;
  /** Greatest number of runs of a point. */
  readonly steps: number;
  readonly peak: Peak;
  readonly reporter: Reporter;
  /** Returns the free bytes of the disk that files lie on. */
  readonly freeBytes: () => Promise<number>;
  /** Clock of the limit, ms. */
  readonly now?: () => number;
}

/** A series with what was measured of it and what is to be. */
interface Track {
  readonly series: Series;
  readonly measured: Measured[];
  readonly left: number[];
}

/** Measures series; what does not fit, or fails, is a row with `left_out`, and so is all beyond it. */
export class Growth {
  readonly rows: BenchRow[] = [];
  readonly #options: GrowOptions;
  readonly #tracks: readonly Track[];
  readonly #now: () => number;
  readonly #endMs: number;

  constructor(series: readonly Series[], options: GrowOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#endMs = this.#now() + options.limitMs;
    this.#tracks = series.map((each) => ({ series: each, measured: [], left: [...each.points] }));
  }

  /** Measures until nothing is left, the time is over, or the reporter's signal says so. */
  async measure(): Promise<void> {
    const { reporter, limitMs } = this.#options;
    const total = Math.round(limitMs / 1000);
    const progress = reporter.progress("growth", total, "s");
    let doing = "";
    const show = () => progress.update(Math.max(0, total - Math.round(this.#leftMs / 1000)), doing);
    const tick = setInterval(show, 1000);
    try {
      for (let track = this.#next(); track && !reporter.signal.aborted; track = this.#next()) {
        doing = nameOf(track.series, track.left[0]!);
        show();
        await this.#measureNext(track, (line) => progress.say(`growth: ${line}`));
      }
      if (reporter.signal.aborted) progress.say(`growth: stopped; ${this.rows.length} rows are kept`);
    } finally {
      clearInterval(tick);
      progress.stop();
    }
  }

  get #leftMs(): number {
    return this.#endMs - this.#now();
  }

  /** Returns the track whose next point is expected to take least; one of which nothing is known comes first. */
  #next(): Track | undefined {
    const expected = ({ series, measured, left }: Track): number =>
      forecast(measured, left[0]!, series.axis === "threads")?.ms ?? 0;
    return this.#tracks
      .filter(({ left }) => left.length > 0)
      .reduce<Track | undefined>((a, b) => (a && expected(a) <= expected(b) ? a : b), undefined);
  }

  async #measureNext(track: Track, say: (line: string) => void): Promise<void> {
    const { series, measured: before, left } = track;
    const point = left[0]!;
    const expected = forecast(before, point, series.axis === "threads");
    const reason =
      whyNot(expected, series.bytes(point) / 1e6, await this.#room()) ?? (await this.#attempt(track, say));
    if (reason === null) return void left.shift();
    if (this.#options.reporter.signal.aborted) return;
    say(`${left.map((each) => nameOf(series, each)).join(", ")} left out: ${reason}`);
    for (const each of left.splice(0))
      this.rows.push({ grows: series.axis, command: series.command, point: each, left_out: reason });
  }

  async #room(): Promise<Room> {
    const diskMb = (await this.#options.freeBytes()) / 1e6;
    return { ms: this.#leftMs, memoryMb: freemem() / 1e6, diskMb };
  }

  /** Measures the next point. Returns why there is no result; null where there is one. */
  async #attempt(
    { series, measured: done, left }: Track,
    say: (line: string) => void,
  ): Promise<string | null> {
    const point = left[0]!;
    const limit = AbortSignal.timeout(Math.max(1, Math.round(this.#leftMs)));
    const signal = AbortSignal.any([limit, this.#options.reporter.signal]);
    const start = this.#now();
    let prepared: Prepared | undefined;
    try {
      prepared = await series.prepare(point, signal);
      const makingMs = this.#now() - start;
      const beside = await watchMachine();
      const costs = await this.#runs(prepared, signal);
      const row = this.#row(series, point, prepared, costs, await beside(costs));
      this.rows.push(row);
      const [ms, peakMb] = [median(costs.map((cost) => cost.ms)), Number(row.peak_mb)];
      done.push({ point, ms: makingMs + ms, peakMb });
      say(`${nameOf(series, point)}: ${seconds(ms / 1000)}, ${row.cpu_s} s of processor, ${row.peak_mb} MB`);
      return null;
    } catch (error) {
      if (limit.aborted)
        return `it did not end in the ${seconds((this.#now() - start) / 1000)} that were left`;
      return messageOf(error).split("\n")[0]!;
    } finally {
      await prepared?.release();
    }
  }

  async #runs(prepared: Prepared, signal: AbortSignal): Promise<Cost[]> {
    const costs: Cost[] = [];
    const most = Math.min(this.#options.steps, mostRuns);
    let spent = 0;
    while (costs.length === 0 || (costs.length < most && spent < enoughMs && !signal.aborted)) {
      const cost = await prepared.run(signal);
      costs.push(cost);
      spent += cost.ms;
    }
    return costs;
  }

  #row(
    { axis, command }: Series,
    point: number,
    { facts, work }: Prepared,
    costs: readonly Cost[],
    beside: BenchRow,
  ): BenchRow {
    const middle = (of: (cost: Cost) => number) => median(costs.map(of));
    return {
      grows: axis,
      command,
      point,
      ...facts,
      runs: costs.length,
      cpu_s: rounded(middle(({ cpuMs }) => cpuMs) / 1000, 2),
      peak_mb: rounded(
        middle(({ peakMb }) => peakMb),
        0,
      ),
      ...beside,
      ...measured(
        command,
        mediansOf(
          costs.map(({ ms }) => ms),
          null,
        ),
        work,
        this.#options.peak,
      ),
    };
  }
}

const nameOf = ({ axis, command }: Series, point: number): string => `${command} ${axis} ${thousands(point)}`;
