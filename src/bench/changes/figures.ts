/** What a row of the bench says of one thing that it timed: figures that can be compared with another run's. */
import { allowedTime, type BenchRow } from "../measured.js";

/** What a figure is: our time over the peer's, the share of the machine's peak, or milliseconds. */
export type Basis = "ratio" | "peak share" | "ms";

/** A median, with the quartiles of its repetitions. */
export interface Figure {
  readonly value: number;
  readonly q1: number;
  readonly q3: number;
  /** Number of repetitions; null in results of versions that do not say it. */
  readonly repetitions: number | null;
}

/** Bounds of what a ratio, a share or the ms of 30 years can be: what lies beyond was measured by nobody. */
const [least, most] = [1e-12, 1e12];

/** Returns a row's figure of one thing; null where the row has none, or none that can be. */
export const figureOf = (row: BenchRow, name: string, basis: Basis): Figure | null =>
  positive(readers[basis]((suffix) => numberIn(row, suffix.replace("NAME", name)), row));

type Read = (field: string) => number;

/** Numbers of a figure, NaN where the row has none. */
interface Raw {
  readonly value: number;
  readonly q1: number;
  readonly q3: number;
  readonly repetitions: number;
}

const readers: Readonly<Record<Basis, (read: Read, row: BenchRow) => Raw>> = {
  ratio: (read, row) => (row.peer === allowedTime ? nothing : ratioOf(read)),
  "peak share": (read) => {
    const [value, ms] = [read("NAME_peak_share"), read("NAME_ms")];
    const at = (quartile: number) => (value * ms) / quartile;
    return {
      ...{ value, q1: at(read("NAME_q3_ms")), q3: at(read("NAME_q1_ms")) },
      repetitions: read("NAME_repetitions"),
    };
  },
  ms: (read) => ({
    ...{ value: read("NAME_ms"), q1: read("NAME_q1_ms"), q3: read("NAME_q3_ms") },
    repetitions: read("NAME_repetitions"),
  }),
};

const nothing: Raw = { value: Number.NaN, q1: Number.NaN, q3: Number.NaN, repetitions: Number.NaN };

/** Results of versions that did not time in pairs have no quartiles of ratios: those of both times bound them. */
function ratioOf(read: Read): Raw {
  const [value, repetitions] = [read("NAME_ratio"), read("NAME_repetitions")];
  if (Number.isNaN(repetitions)) {
    const [q1, q3] = [
      read("NAME_q1_ms") / read("peer_NAME_q3_ms"),
      read("NAME_q3_ms") / read("peer_NAME_q1_ms"),
    ];
    return { value, q1, q3, repetitions };
  }
  return { value, q1: read("NAME_ratio_q1"), q3: read("NAME_ratio_q3"), repetitions };
}

function numberIn(row: BenchRow, field: string): number {
  const value = row[field];
  return typeof value === "number" ? value : Number.NaN;
}

function positive({ value, q1, q3, repetitions }: Raw): Figure | null {
  const isFigure = [value, q1, q3].every((each) => each > least && each < most) && q1 <= q3;
  return isFigure ? { value, q1, q3, repetitions: Number.isNaN(repetitions) ? null : repetitions } : null;
}

/** What a thing costs, the greater the worse, between the bounds of what its repetitions can tell. */
export interface Cost {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Repetitions of a result that does not say how many: what was usual then. */
const usualRepetitions = 7;

/**
 * Returns what a figure says of the cost: a share of the peak is a speed. The bounds are the quartiles, and where these
 * are narrower the notch of a box plot, 1.57 times the distance of the quartiles over the root of the number
 * (McGill, Tukey and Larsen, 1978): a few repetitions have narrow quartiles by chance.
 */
export function costOf({ value, q1, q3, repetitions }: Figure, basis: Basis): Cost {
  const [middle, first, third] = basis === "peak share" ? [1 / value, 1 / q3, 1 / q1] : [value, q1, q3];
  const notch = (1.57 * (third - first)) / Math.sqrt(repetitions ?? usualRepetitions);
  return { value: middle, low: Math.min(first, middle - notch), high: Math.max(third, middle + notch) };
}
