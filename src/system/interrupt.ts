/** Signals of the user: a request to stop work, and clean-up when the process ends. */

/** A listener for the user's request to stop. */
export interface StopListener {
  readonly asked: () => boolean;
  /** Aborted once the user asks to stop. */
  readonly signal: AbortSignal;
  readonly stopListening: () => void;
}

/**
 * Listens for Ctrl-C (and a polite kill): the first asks the work to stop where it can go on later, the second ends the
 * process at once.
 *
 * @param unit name of what is still finished, for the message to the user
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
/** Clean-up functions to run when the user ends the process, the latest first. */
const undoings = new Set<() => unknown>();
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Calls `undo` when the user ends the process (Ctrl-C, a polite kill, a closed terminal); the process then ends with
 * exit code 130. Returns a function that cancels this.
 */
export function whenStopped(undo: () => unknown): () => void {
  if (undoings.size === 0) for (const signal of signals) process.on(signal, stop);
  undoings.add(undo);
  return () => {
    undoings.delete(undo);
    if (undoings.size === 0) for (const signal of signals) process.off(signal, stop);
  };
}

function stop(): void {
  for (const undo of [...undoings].reverse()) undo();
  process.stderr.write(
    "\npickbench: stopped; what was under way is ended and its scratch files are removed\n",
  );
  process.exit(130);
}
