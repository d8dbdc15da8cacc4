import type { Medians } from "./medians.js";
import { type BenchRow, ratio, rounded } from "./part.js";
import type { Peak } from "./peak.js";

/** What is done in one timed run, as far as it can be counted. */
export interface Work {
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
