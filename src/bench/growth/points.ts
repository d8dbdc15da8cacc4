/** Points of growth read back from the bench's rows. */
import type { BenchRow } from "../measured.js";
import { type AxisName, axisNames } from "./axes.js";

/** What a measured point came to. */
export interface GrowthPoint {
  /** Size of the work, in units of the axis. */
  readonly amount: number;
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakMb: number;
  readonly threads: number;
  /** Share of all processors that other programs took meanwhile. */
  readonly others: number;
  /** Share of the time in which something waited for a disk; null where the system does not say it. */
  readonly diskWait: number | null;
  /** Share of the machine's peak: of arithmetic, or of a memory copy for what is counted in bytes. */
  readonly peakShare: number | null;
  readonly counts: "arithmetic" | "bytes" | null;
}

/** A command along an axis: what was measured, rising, and what was left out. */
export interface GrowthLine {
  readonly axis: AxisName;
  readonly command: string;
  readonly points: readonly GrowthPoint[];
  readonly leftOut: readonly { readonly amount: number; readonly reason: string }[];
}

/** Field of a row that says the size of the work. */
const amountField: Readonly<Record<AxisName, string>> = {
  voxels: "voxels",
  tomograms: "tomograms",
  features: "features",
  picks: "rows",
  threads: "threads",
};

/** Sorts the rows of growth into lines, in the order of the axes. */
export function linesOf(rows: readonly BenchRow[]): GrowthLine[] {
  return axisNames.flatMap((axis) => {
    const own = rows.filter((row) => row.grows === axis);
    return [...new Set(own.map(({ command }) => String(command)))].map((command) => {
      const [left, there] = parted(own.filter((row) => row.command === command));
      return {
        axis,
        command,
        points: there.map((row) => pointOf(row, axis)).sort((a, b) => a.amount - b.amount),
        leftOut: left.map((row) => ({ amount: Number(row.point), reason: String(row.left_out) })),
      };
    });
  });
}

function parted(rows: readonly BenchRow[]): [left: BenchRow[], there: BenchRow[]] {
  const isLeft = (row: BenchRow): boolean => row.left_out !== undefined;
  return [rows.filter(isLeft), rows.filter((row) => !isLeft(row))];
}

function pointOf(row: BenchRow, axis: AxisName): GrowthPoint {
  const field = (suffix: string) => row[`${row.command}_${suffix}`];
  const share = field("peak_share");
  return {
    amount: Number(row[amountField[axis]]),
    seconds: Number(field("ms")) / 1000,
    processorSeconds: Number(row.cpu_s),
    peakMb: Number(row.peak_mb),
    threads: Number(row.threads),
    others: Number(row.others_share),
    diskWait: typeof row.disk_wait_share === "number" ? row.disk_wait_share : null,
    peakShare: typeof share === "number" ? share : null,
    counts: typeof share !== "number" ? null : field("gflop_per_s") === undefined ? "bytes" : "arithmetic",
  };
}
