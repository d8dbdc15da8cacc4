import { rounded } from "../domain/numbers.js";
import type { Shape3 } from "../domain/volume.js";
import type { EngineName } from "../engines/engine.js";
import type { Reporter } from "../system/reporter.js";
import type { Medians } from "./medians.js";
import type { Peak } from "./peak.js";

/** What is done in one timed run, as far as it can be counted. */
interface Work {
  readonly voxels?: number;
  /** Arithmetic in 10⁹ operations; its share is of the matrix product's peak. */
  readonly gflop?: number | undefined;
  /** Written or read; its share is of the memory copy's peak. */
  readonly bytes?: number;
}

/**
 * A row's fields of one timed thing: `NAME_ms`, quartiles `NAME_q1_ms` and `NAME_q3_ms`, the same of the peer behind
 * `peer_`, `NAME_ratio`, throughputs, and `NAME_peak_share`, the share of what this machine can do at most.
 */
export function measured(name: string, medians: Medians, work: Work, peak: Peak): BenchRow {
  const { ours, peer, ourQuartiles, peerQuartiles } = medians;
  const perSecond = (amount: number) => (amount / ours) * 1000;
  const { voxels, gflop, bytes } = work;
  return {
    [`${name}_ms`]: rounded(ours, 1),
    [`${name}_q1_ms`]: rounded(ourQuartiles[0], 1),
    [`${name}_q3_ms`]: rounded(ourQuartiles[1], 1),
    ...(voxels !== undefined && { [`${name}_mvoxel_per_s`]: rounded(perSecond(voxels / 1e6), 3) }),
    ...(gflop !== undefined && {
      [`${name}_gflop_per_s`]: rounded(perSecond(gflop), 1),
      [`${name}_peak_share`]: rounded(perSecond(gflop) / peak.gflopPerS, 4),
    }),
    ...(bytes !== undefined && {
      [`${name}_mb_per_s`]: rounded(perSecond(bytes / 1e6), 0),
      [`${name}_peak_share`]: rounded(perSecond(bytes / 1e6) / peak.copyMbPerS, 4),
    }),
    [`peer_${name}_ms`]: peer && rounded(peer, 1),
    [`peer_${name}_q1_ms`]: peerQuartiles && rounded(peerQuartiles[0], 1),
    [`peer_${name}_q3_ms`]: peerQuartiles && rounded(peerQuartiles[1], 1),
    [`${name}_ratio`]: ratio(ours, peer),
  };
}

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
  /** Hears what is being done or left out; what is under way is ended with the process that hears it. */
  readonly reporter: Reporter;
}

/** One thing whose speed is measured; one file each in this folder. */
export interface BenchPart {
  run(options: BenchOptions): Promise<BenchRow[]>;
}

/** Our time over the peer's; null without a peer. */
const ratio = (ours: number, peer: number | null): number | null =>
  peer === null ? null : rounded(ours / peer, 3);
