/** Intervals and differences of a leaderboard's rows, in several threads where they are many. */
import { availableParallelism } from "node:os";
import type { Weighted } from "../domain/particles.js";
import type { ScoreReport } from "../score/score.js";
import { type ScoreInterval, scoreInterval } from "../score/statistics/interval.js";
import { builtModule } from "../system/threads/threads.js";
import { compareReports, type ReportedDifference } from "./reportedComparison.js";

/** A row whose interval is asked for. */
export interface IntervalTask {
  readonly report: ScoreReport;
  readonly particles: readonly Weighted[];
  readonly isScoreAlone: boolean;
}

/** A row whose difference to the first is asked for. */
export interface DifferenceTask {
  readonly report: ScoreReport;
  readonly first: ScoreReport;
  readonly particles: readonly Weighted[];
}

export const intervalsOf = (tasks: readonly IntervalTask[]): (ScoreInterval | null)[] =>
  tasks.map(({ report, ...options }) => scoreInterval(report, options));

export const differencesOf = (tasks: readonly DifferenceTask[]): ReportedDifference[] =>
  tasks.map(({ report, first, particles }) => compareReports(report, first, particles));

/** What computes statistics of rows: `intervalsOf` and `differencesOf`, here or in threads. */
export interface RowStatistics {
  /** Computes intervals, in another thread if one has little to do. */
  intervals(tasks: readonly IntervalTask[]): Promise<(ScoreInterval | null)[]>;
  /** Computes differences, a share of them in every thread. */
  differences(tasks: readonly DifferenceTask[]): Promise<ReportedDifference[]>;
  close(): Promise<void>;
}

/** Rows from which on starting threads takes less time than they save. */
const fewestForThreads = 200;

/** Tasks that wait in each thread before this one does some: enough that a thread never waits for the next. */
const mostWaiting = 3;

/** Prepares for so many rows. */
export async function openStatistics(rows: number): Promise<RowStatistics> {
  const threads = rows < fewestForThreads ? 0 : Math.min(availableParallelism(), 8) - 1;
  return threads === 0 ? inThisThread : inThreads(threads);
}

const inThisThread: RowStatistics = {
  intervals: async (tasks) => intervalsOf(tasks),
  differences: async (tasks) => differencesOf(tasks),
  close: async () => {},
};

async function inThreads(threads: number): Promise<RowStatistics> {
  const { openPool } = await import("../system/threads/pool.js");
  const pool = openPool(builtModule(import.meta.url, "./worker.js"), { threads });
  let waiting = 0;
  return {
    async intervals(tasks) {
      if (waiting >= mostWaiting * threads) return intervalsOf(tasks);
      waiting++;
      try {
        return await pool.run(tasks, "intervals");
      } finally {
        waiting--;
      }
    },
    async differences(tasks) {
      const share = Math.ceil(tasks.length / (threads + 1));
      const others = Array.from({ length: threads }, (_, at) =>
        pool.run<ReportedDifference[]>(tasks.slice((at + 1) * share, (at + 2) * share), "differences"),
      );
      const own = differencesOf(tasks.slice(0, share));
      return [own, ...(await Promise.all(others))].flat();
    },
    close: () => pool.close(),
  };
}
