/** What is measured along an axis: a command, the points, and how the files of a point are made. */
import type { Reporter } from "../../system/reporter.js";
import type { BenchOptions, BenchRow, Work } from "../measured.js";
import type { AxisName } from "./axes.js";

/** Cost of a whole process. */
export interface Cost {
  readonly ms: number;
  /** CPU time of all threads together. */
  readonly cpuMs: number;
  /** Greatest resident memory, 10⁶ bytes. */
  readonly peakMb: number;
}

/** A point whose files are there. */
export interface Prepared {
  /** Fields that say what is measured. */
  readonly facts: BenchRow;
  /** What is counted of the work, as far as it is known: arithmetic, or bytes of the files that are read. */
  readonly work: Work;
  /** Runs the command as a process, from start to end. @param signal ends it at once; its reason is thrown then */
  run(signal: AbortSignal): Promise<Cost>;
  /** Removes the files. */
  release(): Promise<void>;
}

/** A command along an axis. */
export interface Series {
  readonly axis: AxisName;
  readonly command: string;
  /** Sizes of the work, rising; each is a point. */
  readonly points: readonly number[];
  /** Returns the greatest bytes of a point's files, its results among them. */
  bytes(point: number): number;
  prepare(point: number, signal: AbortSignal): Promise<Prepared>;
}

/** What series are made of. */
export interface SeriesContext
  extends Pick<BenchOptions, "engine" | "threads" | "volume" | "checkpoints" | "allowCode"> {
  /** Folder of their files. */
  readonly folder: string;
  readonly reporter: Reporter;
}
