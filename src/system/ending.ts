/** What is undone where the process ends before its work does: locks, scratch files, child processes. */

const undoings = new Set<() => unknown>();

function undoAll(): void {
  for (const undo of [...undoings].reverse()) {
    try {
      undo();
    } catch {
      // The process is ending, and the next start removes what is left.
    }
  }
}

/**
 * Has `undo`, which must be synchronous, done where the process ends, the latest first. Returns what takes that back. A
 * process that is killed undoes nothing.
 */
export function undoAtEnd(undo: () => unknown): () => void {
  if (undoings.size === 0) process.on("exit", undoAll);
  undoings.add(undo);
  return () => {
    undoings.delete(undo);
    if (undoings.size === 0) process.off("exit", undoAll);
  };
}
