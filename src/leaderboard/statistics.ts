/** What takes time in a leaderboard, reading submissions and comparing them, in several threads where they are many. */
import { availableParallelism } from "node:os";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Weighted } from "../domain/particles.js";
import type { ScoreReport } from "../score/score.js";
import { builtModule } from "../system/threads/threads.js";
import { type EntriesTask, type ReadFolders, readEntries } from "./entries.js";
import { compareReports, type ReportedDifference } from "./reportedComparison.js";

/** A row whose difference to the first is asked for. */
export interface DifferenceTask {
  readonly report: ScoreReport;
  readonly first: ScoreReport;
  readonly particles: readonly Weighted[];
}

export const differencesOf = (tasks: readonly DifferenceTask[]): ReportedDifference[] =>
  tasks.map(({ report, first, particles }) => compareReports(report, first, particles));

/** What reads and compares submissions, here or in threads. */
export interface RowStatistics {
  /** Reads folders, in the order of their names. */
  entries(task: EntriesTask): Promise<ReadFolders>;
  /** Computes differences, a share of them in every thread. */
  differences(tasks: readonly DifferenceTask[]): Promise<ReportedDifference[]>;
  close(): Promise<void>;
}

/** Rows from which on starting threads takes less time than they save. */
const fewestForThreads = 200;

/** Number of folders that a thread reads at once: few, since a thread that has read some waits for this one's turn. */
const atOnce = 8;

/** Batches of folders that each thread is given at a time: the second waits while the first is read. */
const givenToThread = 2;

/** Prepares for so many rows. */
export async function openStatistics(rows: number): Promise<RowStatistics> {
  const threads = rows < fewestForThreads ? 0 : Math.min(availableParallelism(), 8) - 1;
  return threads === 0 ? inThisThread : inThreads(threads);
}

const inThisThread: RowStatistics = {
  entries: (task) => readBy([readEntries], task),
  differences: async (tasks) => differencesOf(tasks),
  close: async () => {},
};

async function inThreads(threads: number): Promise<RowStatistics> {
  const { openPool } = await import("../system/threads/pool.js");
  const pool = openPool(builtModule(import.meta.url, "./worker.js"), { threads });
  const inThread = (task: EntriesTask): Promise<ReadFolders> => pool.run(task, "entries");
  return {
    entries: (task) =>
      readBy([readEntries, ...Array.from({ length: threads * givenToThread }, () => inThread)], task),
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

type Reader = (task: EntriesTask) => Promise<ReadFolders>;

/** Reads folders in batches, of which each reader takes the next as soon as it has read one. */
async function readBy(readers: readonly Reader[], { names, ...others }: EntriesTask): Promise<ReadFolders> {
  const starts = Array.from({ length: Math.ceil(names.length / atOnce) }, (_, at) => at * atOnce);
  const read: ReadFolders[] = [];
  const next = starts.entries();
  await Promise.all(
    readers.map(async (reader) => {
      for (const [at, start] of next) {
        read[at] = await reader({ ...others, names: names.slice(start, start + atOnce) });
        // Small files are read without waiting: without this, no thread's answer would be seen before the end.
        await nextTurn();
      }
    }),
  );
  return {
    entries: read.flatMap(({ entries }) => entries),
    unranked: read.flatMap(({ unranked }) => unranked),
  };
}
