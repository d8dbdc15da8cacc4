/** What a ledger says of a watched folder as a whole. */
import { meanOf } from "../domain/numbers.js";
import { isRunning } from "../system/owner.js";
import { readLedger, type WatchBegun } from "./ledger.js";
import { type Standing, type State, standingsOf, states } from "./standing.js";

/** Where a watched folder stands. */
export interface WatchSummary {
  readonly out: string;
  readonly data: string | null;
  readonly workflow: string | null;
  /** Number of the watcher's process; null where none runs. */
  readonly watching: number | null;
  /** How many tomograms are in each state. */
  readonly counts: Readonly<Record<State, number>>;
  readonly running: readonly { readonly run: string; readonly attempt: number; readonly since: string }[];
  /** Those that failed and are tried again, and those that were set aside. */
  readonly failed: readonly {
    readonly run: string;
    readonly state: "failed" | "aside";
    readonly failures: number;
    readonly reason: string | null;
    /** ISO time of the next attempt; null of what is set aside. */
    readonly nextTry: string | null;
  }[];
  readonly arriving: readonly { readonly run: string; readonly missing: string }[];
  /** Runs that changed after they were done. */
  readonly changed: readonly string[];
  /** ISO time at which one was last seen for the first time. */
  readonly lastArrival: string | null;
  readonly doneInLastHour: number;
  /** Time that an attempt takes that ends well. */
  readonly meanSeconds: number | null;
  /** Lines of the ledger that were cut off. */
  readonly damagedLines: number;
}

/**
 * Reads a ledger, which a watcher may be writing to.
 *
 * @param now ms since 1970
 * @returns undefined where nothing was watched into that folder
 */
export async function summaryOf(out: string, now: number): Promise<WatchSummary | undefined> {
  const { events, begun, damaged } = await readLedger(out);
  if (begun.length === 0 && events.length === 0) return undefined;
  return summarised(out, [...standingsOf(events).values()], { begun: begun.at(-1), damaged, now });
}

interface Around {
  readonly begun: WatchBegun | undefined;
  readonly damaged: number;
  readonly now: number;
}

function summarised(out: string, all: readonly Standing[], { begun, damaged, now }: Around): WatchSummary {
  const isIn = (...wanted: State[]) => all.filter(({ state }) => wanted.includes(state));
  const done = isIn("done");
  const times = done.flatMap(({ seconds }) => seconds ?? []);
  const hour = 3_600_000;
  return {
    out,
    data: begun?.data ?? null,
    workflow: begun?.workflow ?? null,
    watching: begun && isRunning(begun) !== false ? begun.pid : null,
    counts: countsOf(all),
    running: isIn("running").map(({ run, attempt, at }) => ({ run, attempt, since: at })),
    failed: isIn("failed", "aside").map(({ run, state, failures, reason = null, at, retrySeconds }) => ({
      ...{ run, state: state as "failed" | "aside", failures, reason },
      nextTry:
        retrySeconds === undefined ? null : new Date(Date.parse(at) + 1000 * retrySeconds).toISOString(),
    })),
    arriving: isIn("arriving").map(({ run, reason }) => ({ run, missing: reason ?? "" })),
    changed: all.filter(({ changed }) => changed !== undefined).map(({ run }) => run),
    lastArrival: all.reduce<string | null>((last, { seen }) => (last && last > seen ? last : seen), null),
    doneInLastHour: done.filter(({ at }) => Math.abs(now - Date.parse(at)) < hour).length,
    meanSeconds: times.length === 0 ? null : meanOf(times),
    damagedLines: damaged,
  };
}

/** Counts tomograms by state. */
export const countsOf = (all: readonly Standing[]): Record<State, number> =>
  Object.fromEntries(
    states.map((state) => [state, all.filter((each) => each.state === state).length]),
  ) as Record<State, number>;
