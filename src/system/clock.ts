/** The time of day, which only says when something was: no result depends on it. */

/** Returns the time in ms since 1970-01-01 UTC. */
export const wallClock = (): number => Date.now();
