/**
 * Where a training's figures go besides its log: no sink may slow or end a training, whatever happens to it. The room
 * `sinks` hands a training's figures to its log and to other programs.
 */
import type { LogLine } from "../../fit/stepLog.js";

/** How a training ended. */
export type Outcome = "finished" | "stopped" | "failed";

/** Receives the lines of a log as they are written. Never throws, never waits, and holds a bounded amount of memory. */
export interface Sink {
  write(line: LogLine): void;
  /** Hands on what is held, for a few seconds at most. */
  close(outcome: Outcome): Promise<void>;
}

/** Returns what a promise gives, or undefined once so many ms have passed; what comes later is ignored. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
