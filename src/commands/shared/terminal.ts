/** The terminal as the one who hears of long work: bars and lines on stderr, Ctrl-C as the wish to stop. */
import type { Reporter } from "../../system/reporter.js";
import { printLine } from "./print.js";
import { startProgress } from "./progress.js";

const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Makes a command's reporter. While stoppable work goes on, the first Ctrl-C (or a polite kill) asks it to stop where it
 * can go on later, the second ends the process at once.
 *
 * @param options `quiet`: shows no bars; lines that stay are said nevertheless
 */
export function terminalReporter({ quiet = false } = {}): Reporter {
  const stop = new AbortController();
  return {
    progress: (label, total, unit, options) => startProgress(label, total, unit, { ...options, quiet }),
    note: printLine,
    signal: stop.signal,
    stoppable: listeningWhile(stop),
    onEnd: undoingAtEnd(),
  };
}

function listeningWhile(stop: AbortController): Reporter["stoppable"] {
  const units: string[] = [];
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    printLine(`stopping after this ${units.at(-1)}; press Ctrl-C again to end at once`);
    stop.abort();
  };
  return async (unit, work) => {
    if (units.length === 0) {
      process.on("SIGINT", onSignal);
      process.on("SIGTERM", onSignal);
    }
    units.push(unit);
    try {
      return await work();
    } finally {
      units.splice(units.lastIndexOf(unit), 1);
      if (units.length === 0) {
        process.off("SIGINT", onSignal);
        process.off("SIGTERM", onSignal);
      }
    }
  };
}

/** Undoes on Ctrl-C, a polite kill or a closed terminal, and ends the process with exit code 130. */
function undoingAtEnd(): Reporter["onEnd"] {
  const undoings = new Set<() => unknown>();
  const end = (): void => {
    for (const undo of [...undoings].reverse()) undo();
    printLine("pickbench: stopped; what was under way is ended and its scratch files are removed");
    process.exit(130);
  };
  return (undo) => {
    if (undoings.size === 0) for (const signal of endSignals) process.on(signal, end);
    undoings.add(undo);
    return () => {
      undoings.delete(undo);
      if (undoings.size === 0) for (const signal of endSignals) process.off(signal, end);
    };
  };
}
