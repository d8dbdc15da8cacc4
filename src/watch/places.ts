/** What stands in a watcher's folder of outputs, beside a folder for each run. */
import { join } from "node:path";

/** The names there, which no run can have. */
const names = {
  ledger: "ledger.jsonl",
  page: "watch.html",
  lock: "watch.lock",
  /** The workflow, and the one that follows, as they were when the watcher began. */
  workflow: "workflow.yaml",
  following: "then.yaml",
  /** Folder in which the workflow that follows works. */
  follower: "then",
  /** Asks the watcher to end once what runs is done. */
  stop: "stop",
  /** What other processes ask for. */
  requests: "retry.jsonl",
  /** Plan of the tasks that a queue does. */
  queue: "watch.queue",
} as const;

/** Returns the path of one of them. */
export const placeIn = (out: string, what: keyof typeof names): string => join(out, names[what]);

/** Tells whether a run's name is one of them, whatever the case. */
export const isTaken = (run: string): boolean => Object.values<string>(names).includes(run.toLowerCase());
