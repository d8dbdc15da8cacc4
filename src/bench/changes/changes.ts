/** What changed between two runs of the bench beyond noise. The folder `changes` compares results of the bench. */
import { findAlike, type HistoryEntry, isSubject } from "../history.js";
import { allowedTime, type BenchRow } from "../measured.js";
import { timedNames } from "../table.js";
import { type Basis, costOf, type Figure, figureOf } from "./figures.js";
import { isSameMachine } from "./processor.js";

/** Something that was timed: a row of the bench and one name in it. */
export interface Subject {
  readonly part: string;
  /** Fields that tell what was measured, such as the network and the size. */
  readonly facts: BenchRow;
  readonly name: string;
}

/** `unsure`: timed too few times to tell. */
export type Verdict = "slower" | "faster" | "same" | "unsure";

/** What became of one thing that both runs timed. */
export interface Change extends Subject {
  readonly by: Basis;
  /** What ours was timed beside, where the ratio is compared. */
  readonly peer: string | null;
  readonly before: Figure;
  readonly after: Figure;
  /** How much longer it takes, as a share of the time before; negative where it is faster. */
  readonly change: number;
  /** The least change that the spread of both leaves, of the same sign; 0 where their ranges meet. */
  readonly atLeast: number;
  readonly verdict: Verdict;
  /** What the times say without a peer, wherever they were taken; null where either has none. */
  readonly timeVerdict: Verdict | null;
}

/** Two runs beside each other. */
export interface Comparison {
  readonly sameMachine: boolean;
  readonly changes: readonly Change[];
  readonly onlyBefore: readonly Subject[];
  readonly onlyAfter: readonly Subject[];
  readonly notCompared: readonly (Subject & { readonly why: string })[];
}

/** Fewest repetitions whose spread is believed. */
const fewestRepetitions = 5;

/**
 * Compares what two runs timed. A thing is compared by its ratio to the same version of the same peer; else by its share
 * of the machine's peak, and on the same machine by its time as well, since the peak was measured but once; else, on the
 * same machine, by its time alone. It has changed where the ranges of both, wider than their quartiles where repetitions
 * are few, do not meet, and the medians differ by more than a share.
 *
 * @param beyond least share that counts as a change, such as 0.05
 */
export function compareRuns(before: HistoryEntry, after: HistoryEntry, beyond: number): Comparison {
  const sameMachine = isSameMachine(before.machine, after.machine);
  const changes: Change[] = [];
  const [onlyAfter, notCompared]: [Subject[], (Subject & { why: string })[]] = [[], []];
  const met = new Set<string>();
  for (const row of after.rows)
    for (const name of timedNames(row)) {
      const subject = subjectOf(row, name);
      const earlier = findAlike(before.rows, row);
      if (earlier === null || !timedNames(earlier).includes(name)) {
        onlyAfter.push(subject);
        continue;
      }
      met.add(keyOf(earlier, name));
      const bases = comparable(earlier, row, { before, after, sameMachine });
      const change = firstChange({ earlier, row }, subject, bases, beyond);
      if (change) changes.push(change);
      else notCompared.push({ ...subject, why: whyNot(earlier, row, name) });
    }
  const onlyBefore = before.rows.flatMap((row) =>
    timedNames(row).flatMap((name) => (met.has(keyOf(row, name)) ? [] : [subjectOf(row, name)])),
  );
  return { sameMachine, changes, onlyBefore, onlyAfter, notCompared };
}

function subjectOf(row: BenchRow, name: string): Subject {
  const { part, ...rest } = row;
  const facts = Object.entries(rest).filter(([field, value]) => isSubject(field, value));
  return { part: String(part), facts: Object.fromEntries(facts), name };
}

const keyOf = (row: BenchRow, name: string): string => JSON.stringify([subjectOf(row, name), row.peer]);

interface Runs {
  readonly before: HistoryEntry;
  readonly after: HistoryEntry;
  readonly sameMachine: boolean;
}

/** Lists by what two rows can be compared, the best first. */
function comparable(earlier: BenchRow, row: BenchRow, { before, after, sameMachine }: Runs): Basis[] {
  const peer = String(row.peer);
  const [was, is] = [before.versions[peer], after.versions[peer]];
  const samePeer = row.peer === earlier.peer && (!was || !is || was === is);
  return [...(samePeer ? (["ratio"] as const) : []), "peak share", ...(sameMachine ? (["ms"] as const) : [])];
}

interface Rows {
  readonly earlier: BenchRow;
  readonly row: BenchRow;
}

function firstChange(
  { earlier, row }: Rows,
  subject: Subject,
  bases: readonly Basis[],
  beyond: number,
): Change | null {
  for (const by of bases) {
    const [before, after] = [figureOf(earlier, subject.name, by), figureOf(row, subject.name, by)];
    if (before === null || after === null) continue;
    const peer = by === "ratio" ? String(row.peer) : null;
    const found = judged(before, after, by, beyond);
    const timeVerdict = timeVerdictOf({ earlier, row }, subject, beyond);
    const isConfirmed = by !== "peak share" || !bases.includes("ms") || timeVerdict === found.verdict;
    const verdict = isConfirmed ? found.verdict : "same";
    return { ...subject, by, peer, before, after, ...found, verdict, timeVerdict };
  }
  return null;
}

function timeVerdictOf({ earlier, row }: Rows, { name }: Subject, beyond: number): Verdict | null {
  const [before, after] = [figureOf(earlier, name, "ms"), figureOf(row, name, "ms")];
  return before && after && judged(before, after, "ms", beyond).verdict;
}

function judged(
  before: Figure,
  after: Figure,
  by: Basis,
  beyond: number,
): Pick<Change, "change" | "atLeast" | "verdict"> {
  const [was, is] = [costOf(before, by), costOf(after, by)];
  const change = is.value / was.value - 1;
  const isApart = is.low > was.high || is.high < was.low;
  const atLeast = isApart ? (change > 0 ? is.low / was.high : is.high / was.low) - 1 : 0;
  const fewest = Math.min(...[before, after].map(({ repetitions }) => repetitions ?? fewestRepetitions));
  if (fewest < fewestRepetitions) return { change, atLeast, verdict: "unsure" };
  const isBeyond = isApart && Math.abs(change) > beyond;
  return { change, atLeast, verdict: isBeyond ? (change > 0 ? "slower" : "faster") : "same" };
}

function whyNot(earlier: BenchRow, row: BenchRow, name: string): string {
  const isThere = (each: BenchRow) => figureOf(each, name, "ms") !== null;
  if (!isThere(earlier)) return "no time between 0 and 30 years with its quartiles is noted before";
  if (!isThere(row)) return "no time between 0 and 30 years with its quartiles is noted after";
  const isAlone = row.peer === allowedTime || row.peer === null || row.peer === undefined;
  return isAlone
    ? "it has neither a peer nor a share of the peak, and the times are of two machines"
    : `it has no share of the peak, no ratio to the same version of ${row.peer}, and the times are of two machines`;
}
