/** Rows of the bench: how a timed measurement becomes fields, and the interface of the parts. */
import { rounded } from "../domain/numbers.js";
import type { Shape3 } from "../domain/volume.js";
import type { EngineName } from "../engines/engine.js";
import type { Reporter } from "../system/reporter.js";
import type { GrowthChoice } from "./growth/axes.js";
import type { Medians } from "./medians.js";
import type { Peak } from "./peak.js";

/** Countable work of one timed run. */
export interface Work {
  readonly voxels?: number;
  /** Arithmetic in 10⁹ operations, compared with the peak of the matrix product. */
  readonly gflop?: number | undefined;
  /** Bytes written or read, compared with the peak of the memory copy. */
  readonly bytes?: number;
}

/**
 * Makes a row's fields of one measurement: `NAME_ms`, quartiles `NAME_q1_ms` and `NAME_q3_ms`, the peer's with the
 * prefix `peer_`, `NAME_ratio` with its quartiles over the turns, `NAME_repetitions`, throughputs, and `NAME_peak_share`,
 * the share of this machine's peak.
 */
export function measured(name: string, medians: Medians, work: Work, peak: Peak): BenchRow {
  const { ours, peer, ourQuartiles, peerQuartiles, ratio, repetitions } = medians;
  const perSecond = (amount: number) => (amount / ours) * 1000;
  const { voxels, gflop, bytes } = work;
  return {
    [`${name}_ms`]: rounded(ours, 3),
    [`${name}_q1_ms`]: rounded(ourQuartiles[0], 3),
    [`${name}_q3_ms`]: rounded(ourQuartiles[1], 3),
    ...(voxels !== undefined && { [`${name}_mvoxel_per_s`]: rounded(perSecond(voxels / 1e6), 3) }),
    ...(gflop !== undefined && {
      [`${name}_gflop_per_s`]: rounded(perSecond(gflop), 1),
      [`${name}_peak_share`]: rounded(perSecond(gflop) / peak.gflopPerS, 4),
    }),
    ...(bytes !== undefined && {
      [`${name}_mb_per_s`]: rounded(perSecond(bytes / 1e6), 0),
      [`${name}_peak_share`]: rounded(perSecond(bytes / 1e6) / peak.copyMbPerS, 4),
    }),
    [`peer_${name}_ms`]: peer && rounded(peer, 3),
    [`peer_${name}_q1_ms`]: peerQuartiles && rounded(peerQuartiles[0], 3),
    [`peer_${name}_q3_ms`]: peerQuartiles && rounded(peerQuartiles[1], 3),
    [`${name}_repetitions`]: repetitions,
    [`${name}_ratio`]: ratio ? significant(ratio.median) : peer && significant(ours / peer),
    [`${name}_ratio_q1`]: ratio && significant(ratio.quartiles[0]),
    [`${name}_ratio_q3`]: ratio && significant(ratio.quartiles[1]),
  };
}

/**
 * A row of the bench: a name or a number a column, null where there was nothing to measure. `NAME_ms` is the median
 * time of NAME, `peer_NAME_ms` the peer's, `NAME_ratio` ours over the peer's; `measured` makes these and related fields.
 */
export type BenchRow = Readonly<Record<string, string | number | null>>;

/** Stands as a row's peer where that is no program but a time: the ratio to it is of one machine, as the time is. */
export const allowedTime = "challenge";

/** Options from the command line; each part uses those that concern it. */
export interface BenchOptions {
  readonly nets: readonly string[];
  /** Edges of cubic patches, in voxels. */
  readonly sizes: readonly number[];
  /** Size of a tomogram, in place of the part's own. */
  readonly volume: Shape3 | undefined;
  /** Paths of the checkpoints that predict; without any, a network with its initial weights. */
  readonly checkpoints: readonly string[];
  /** Architecture files of the checkpoints, whose code may be run. */
  readonly allowCode: readonly string[];
  /** A data set whose first tomogram is predicted, in place of a tomogram of noise. */
  readonly data: string | undefined;
  /** Å per voxel of its tomograms, over what their files say. */
  readonly spacing: number | undefined;
  readonly engine: EngineName;
  readonly threads: number;
  /** How often each thing is timed in turn with its peer; the median is reported. */
  readonly steps: number;
  /** Whether to time the Python peers as well. */
  readonly peers: boolean;
  /** Longest time of a part that heeds it, ms. */
  readonly limitMs: number;
  /** What of growth is measured; all of it, to its usual ends, if absent. */
  readonly growth?: GrowthChoice;
  /** Measured peak of this machine. */
  readonly peak: Peak;
  /** Hears what is being done or left out; what is under way is ended with the process that hears it. */
  readonly reporter: Reporter;
}

/** A part of the bench: one thing whose speed is measured, one file each in parts/. */
export interface BenchPart {
  run(options: BenchOptions): Promise<BenchRow[]>;
}

/** A ratio may be a hundredth or a hundred: digits count, not decimals. */
const significant = (value: number): number => Number(value.toPrecision(4));
