/** What is undone where the user ends the work, the latest first. */
const undoings = new Set<() => unknown>();
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Has `undo` done where the user ends the process (Ctrl-C, a polite kill, a closed terminal), which then ends with exit
 * code 130. What is given back takes that back.
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
