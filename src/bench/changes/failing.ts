/** Which changes of a comparison are to fail whoever asked for it. */

import type { HistoryEntry } from "../history.js";
import type { Change, Comparison } from "./changes.js";
import { isSameKind, processorText } from "./processor.js";

/** When a comparison fails. */
export interface FailingRule {
  /** Share by which a thing may become slower. */
  readonly share: number;
  /**
   * Whether chance must be excluded as far as can be, as where nobody looks on: only ratios to a peer count, by the least
   * change that their spread leaves, where the time alone has risen too, on as many cores of the same kind of processor,
   * with much the same peak.
   */
  readonly careful: boolean;
}

/** What fails, and why nothing can. */
export interface Failing {
  readonly failed: readonly Change[];
  /** Why nothing was to fail; null where it was. */
  readonly excused: string | null;
}

/**
 * Share that the lower of two peaks must be of the other. Otherwise one of the machines was busy, which slows down one side
 * of a ratio more than the other (docs/benchmarks.md).
 */
const leastPeak = 0.8;

/** Finds the changes of a comparison that fail by a rule. */
export function failingOf(
  { changes }: Comparison,
  before: HistoryEntry,
  after: HistoryEntry,
  { share, careful }: FailingRule,
): Failing {
  const slower = changes.filter(({ verdict }) => verdict === "slower");
  if (!careful) return { failed: slower.filter(({ change }) => change > share), excused: null };
  const excused = excuse(before, after);
  const failed = slower.filter(
    ({ by, atLeast, timeVerdict }) => by === "ratio" && atLeast > share && timeVerdict === "slower",
  );
  return { failed: excused === null ? failed : [], excused };
}

function excuse(before: HistoryEntry, after: HistoryEntry): string | null {
  if (!isSameKind(before.machine, after.machine))
    return `${kindText(after.machine)}, but ${kindText(before.machine)} before: nothing fails between kinds of processors`;
  const peaks = [before.peak.gflopPerS, after.peak.gflopPerS];
  if (Math.min(...peaks) >= leastPeak * Math.max(...peaks)) return null;
  const [was, is] = peaks.map((peak) => peak.toFixed(0));
  return `the machine's peak is ${is} GFLOP/s, was ${was}: it is or was busy with other work, and nothing fails`;
}

/** Names a machine's kind: cores, and what they are. */
export function kindText({ processor, cores, cpu }: HistoryEntry["machine"]): string {
  const count = cores === 1 ? "one core" : `${cores} cores`;
  return `${count} of ${cpu}${processor ? ` (${processorText(processor)})` : ""}`;
}
