/** Threads that read a leaderboard's submissions and compare them: this one alone where they are few. */
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

/** What reads and compares submissions. */
export interface RowThreads {
  /** Reads folders, in the order of their names. */
  entries(task: EntriesTask): Promise<ReadFolders>;
  /** Computes differences, a share of them in every thread. */
  differences(tasks: readonly DifferenceTask[]): Promise<ReportedDifference[]>;
  close(): Promise<void>;
}

/** Rows from which on starting threads takes less time than they save. */
const fewestForThreads = 200;

/** Folders that this thread reads before it turns to what the others ask: few, since they wait for it. */
const ownAtOnce = 4;

/** Folders that another thread is given at a time. */
const givenAtOnce = 24;

/** Prepares for so many rows. */
export async function openRowThreads(rows: number): Promise<RowThreads> {
  const threads = rows < fewestForThreads ? 0 : Math.min(availableParallelism(), 8) - 1;
  return threads === 0 ? inThisThread : inThreads(threads);
}

const inThisThread: RowThreads = {
  entries: (task) => readBy([own], task),
  differences: async (tasks) => differencesOf(tasks),
  close: async () => {},
};

async function inThreads(threads: number): Promise<RowThreads> {
  const { openPool } = await import("../system/threads/pool.js");
  const pool = openPool(builtModule(import.meta.url, "./worker.js"), { threads });
  const other: Reader = { read: (task) => pool.run(task, "entries"), atOnce: givenAtOnce };
  return {
    entries: (task) => readBy([own, ...Array.from({ length: threads }, () => other)], task),
    async differences(tasks) {
      const share = Math.ceil(tasks.length / (threads + 1));
      const others = Array.from({ length: threads }, (_, at) =>
        pool.run<ReportedDifference[]>(tasks.slice((at + 1) * share, (at + 2) * share), "differences"),
      );
      const here = differencesOf(tasks.slice(0, share));
      return [here, ...(await Promise.all(others))].flat();
    },
    close: () => pool.close(),
  };
}

/** What reads folders, so many at a time. */
interface Reader {
  read(task: EntriesTask): Promise<ReadFolders>;
  readonly atOnce: number;
}

const own: Reader = {
  async read(task) {
    const folders = await readEntries(task);
    // Small files are read without waiting: without this, no thread's answer would be seen before the end.
    await nextTurn();
    return folders;
  },
  atOnce: ownAtOnce,
};

/** Reads folders, of which each reader takes the next as soon as it has read some; in the order of names. */
async function readBy(readers: readonly Reader[], { names, ...others }: EntriesTask): Promise<ReadFolders> {
  const read: ReadFolders[] = [];
  let next = 0;
  await Promise.all(
    readers.map(async (reader) => {
      while (next < names.length) {
        const start = next;
        next += reader.atOnce;
        read[start] = await reader.read({ ...others, names: names.slice(start, next) });
      }
    }),
  );
  return {
    entries: read.flatMap(({ entries }) => entries),
    unranked: read.flatMap(({ unranked }) => unranked),
  };
}
