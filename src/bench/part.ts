import type { EngineName } from "../engines/engine.js";
import type { Shape3 } from "../volume.js";
import type { Peak } from "./peak.js";

/**
 * One measurement: a name or a number a column, null where there was nothing to measure. `NAME_ms` is the median of what
 * NAME took, `peer_NAME_ms` the peer's, `NAME_ratio` the one over the other; measured.ts makes these and those beside.
 */
export type BenchRow = Readonly<Record<string, string | number | null>>;

/** What the command line chose; each part takes what concerns it. */
export interface BenchOptions {
  readonly nets: readonly string[];
  /** Edges of cubic patches, voxels. */
  readonly sizes: readonly number[];
  /** Of a tomogram, over the part's own. */
  readonly volume: Shape3 | undefined;
  /** Checkpoints that predict; a network with its first weights where there are none. */
  readonly checkpoints: readonly string[];
  /** A data set whose first tomogram is predicted, over one of noise. */
  readonly data: string | undefined;
  readonly engine: EngineName;
  readonly threads: number;
  /** Timed repetitions; the median is reported. */
  readonly steps: number;
  /** Whether to time the Python peers beside. */
  readonly peers: boolean;
  /** What this machine can do at most. */
  readonly peak: Peak;
  /** Says what is being done, or what is left out, to people. */
  readonly note: (line: string) => void;
}

/** One thing whose speed is measured; one file each in this folder. */
export interface BenchPart {
  run(options: BenchOptions): Promise<BenchRow[]>;
}

/** A number as a row shows it. */
export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Our time over the peer's; null without a peer. */
export const ratio = (ours: number, peer: number | null): number | null =>
  peer === null ? null : rounded(ours / peer, 3);
