/** Where each tomogram of a watched folder stands, by the ledger's lines. */
import type { WatchEvent } from "./ledger.js";

/** States of a tomogram. */
export const states = ["arriving", "waiting", "running", "failed", "aside", "done"] as const;
export type State = (typeof states)[number];

/** Where a tomogram stands. */
export interface Standing {
  readonly run: string;
  readonly state: State;
  /** The last change, ISO. */
  readonly at: string;
  /** When it was first seen, ISO. */
  readonly seen: string;
  readonly path: string | undefined;
  /** Of the tomogram as it is, or was when it was complete. */
  readonly stamp: string | undefined;
  /** Attempts that were begun, and of them those that failed. */
  readonly attempt: number;
  readonly failures: number;
  /** Why it failed, came back, or what it lacks. */
  readonly reason: string | undefined;
  /** Time from `at` until it is tried again. */
  readonly retrySeconds: number | undefined;
  /** Time of the attempt that did it. */
  readonly seconds: number | undefined;
  /** Stamp of what it became after it was done. */
  readonly changed: string | undefined;
}

/** Returns where all tomograms stand, in the order in which they were first seen. */
export function standingsOf(events: readonly WatchEvent[]): Map<string, Standing> {
  const all = new Map<string, Standing>();
  for (const event of events) all.set(event.run, after(all.get(event.run), event));
  return all;
}

/** Returns where a tomogram stands after a change. */
export function after(before: Standing | undefined, event: WatchEvent): Standing {
  const { run, at, state } = event;
  const known = before ?? { ...unknown, run, state: "arriving" as const, at, seen: at };
  switch (state) {
    case "arriving":
      return { ...known, state, at, reason: event.missing };
    case "waiting": {
      const { path, stamp, reason } = event;
      const failures = event.isNew ? 0 : known.failures;
      return { ...known, failures, state, at, path, stamp, reason, retrySeconds: undefined };
    }
    case "running":
      return { ...known, state, at, attempt: event.attempt };
    case "done": {
      const { attempt, stamp, seconds } = event;
      return { ...known, state, at, attempt, stamp, seconds, reason: undefined, changed: undefined };
    }
    case "failed": {
      const { reason, retrySeconds } = event;
      return { ...known, state, at, reason, retrySeconds, failures: known.failures + 1 };
    }
    case "aside": {
      const failures = known.failures + (event.attempt === undefined ? 0 : 1);
      return { ...known, state, at, reason: event.reason, retrySeconds: undefined, failures };
    }
    case "changed":
      return { ...known, changed: event.stamp };
  }
}

const unknown = {
  path: undefined,
  stamp: undefined,
  attempt: 0,
  failures: 0,
  reason: undefined,
  retrySeconds: undefined,
  seconds: undefined,
  changed: undefined,
};
