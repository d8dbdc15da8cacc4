/** The user's wish to stop. */
export interface StopListener {
  readonly asked: () => boolean;
  /** Aborted when it is asked. */
  readonly signal: AbortSignal;
  readonly stopListening: () => void;
}

/**
 * Listens for Ctrl-C (and a polite kill): the first asks the work to stop where it can go on later, the second ends the
 * process at once.
 *
 * @param unit what is still finished, as the user is told
 */
export function listenForStop(unit = "step"): StopListener {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    process.stderr.write(`\nstopping after this ${unit}; press Ctrl-C again to end at once\n`);
    stop.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    asked: () => stop.signal.aborted,
    signal: stop.signal,
    stopListening() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
