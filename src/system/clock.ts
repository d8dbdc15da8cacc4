/** Time: that of the day, which only says when something was, and that which runs evenly, which says how long it took. */
import { setTimeout as wait } from "node:timers/promises";

/** Returns the time in ms since 1970-01-01 UTC. */
export const wallClock = (): number => Date.now();

/** Time for whoever waits, so that tests can let it pass. */
export interface Clock {
  /** ms since 1970-01-01 UTC; jumps where the machine's clock is set. */
  readonly wall: () => number;
  /** ms since some moment; never jumps. */
  readonly elapsed: () => number;
  /** Waits so many ms, or until `woken` is aborted. */
  readonly sleep: (ms: number, woken: AbortSignal) => Promise<void>;
}

/** The machine's own. */
export const systemClock: Clock = {
  wall: wallClock,
  elapsed: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
};
