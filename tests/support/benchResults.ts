/** Results of the bench, made up: runs, and rows with given figures; and what it measures within seconds. */
import type { HistoryEntry } from "../../src/bench/history.js";
import type { BenchRow } from "../../src/bench/measured.js";

const processor = { arch: "x64", block: 16, model: "AuthenticAMD 25/17" };
export const benchMachine: HistoryEntry["machine"] = {
  ...{ cpu: "AMD EPYC", cores: 2, memoryBytes: 16e9, os: "linux 6", processor },
};

/** A run of the bench with these rows. */
export const benchRun = (rows: readonly BenchRow[], changes: Partial<HistoryEntry> = {}): HistoryEntry => ({
  date: "2026-01-02T03:04:05.678Z",
  code: { commit: "0123456789", dirty: false },
  versions: { pickbench: "0.1.0", node: "20.0.0", onnxruntime: "1.30.0", torch: "1.13.0", scipy: "1.10.1" },
  machine: benchMachine,
  peak: { gflopPerS: 200, copyMbPerS: 10_000, threads: 2 },
  rows: rows.map((row) => ({ ...row })),
  ...changes,
});

/** Fields of one thing that was timed beside a peer, with a spread of so much about its ratio. */
export const ratioFields = (name: string, ratio: number, spread = 0.02, repetitions = 7): BenchRow => ({
  [`${name}_ms`]: 100 * ratio,
  [`${name}_q1_ms`]: 100 * ratio * (1 - spread),
  [`${name}_q3_ms`]: 100 * ratio * (1 + spread),
  [`peer_${name}_ms`]: 100,
  [`peer_${name}_q1_ms`]: 100,
  [`peer_${name}_q3_ms`]: 100,
  [`${name}_repetitions`]: repetitions,
  [`${name}_ratio`]: ratio,
  [`${name}_ratio_q1`]: ratio * (1 - spread),
  [`${name}_ratio_q3`]: ratio * (1 + spread),
});

/** Fields of one thing that was timed alone. */
export const timeFields = (name: string, ms: number, share: number | null, spread = 0.02): BenchRow => ({
  [`${name}_ms`]: ms,
  [`${name}_q1_ms`]: ms * (1 - spread),
  [`${name}_q3_ms`]: ms * (1 + spread),
  ...(share !== null && { [`${name}_peak_share`]: share }),
  [`${name}_repetitions`]: 7,
  [`${name}_ratio`]: null,
});

/** Arguments of `pickbench bench` for a network that takes no time. */
export const smallNetwork = ["networks", "--net", "plain", "--size", "8"] as const;
