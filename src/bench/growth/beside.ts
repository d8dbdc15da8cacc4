/** What else a machine did while a process was measured: other programs' processor time, and waits for the disk. */
import { cpus } from "node:os";
import { rounded } from "../../domain/numbers.js";
import { readText } from "../../system/paths/opening.js";
import type { BenchRow } from "../measured.js";
import type { Cost } from "./series.js";

/** State of the machine's counters. */
interface Counters {
  /** When they were read, ms. */
  readonly at: number;
  /** Time that all processors together have computed, ms. */
  readonly busyMs: number;
  /** Time in which something waited for a disk, ms; null where the system does not say it. */
  readonly waitedMs: number | null;
}

async function readCounters(): Promise<Counters> {
  const busyMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const pressure = await readText("/proc/pressure/io").catch(() => "");
  const total = /^some .*total=(\d+)/m.exec(pressure)?.[1];
  return { at: performance.now(), busyMs, waitedMs: total === undefined ? null : Number(total) / 1000 };
}

/** Begins to watch the machine; the answer is asked once the processes of these costs have ended. */
export async function watchMachine(): Promise<(costs: readonly Cost[]) => Promise<BenchRow>> {
  const before = await readCounters();
  return async (costs) => besideOf(before, await readCounters(), costs, cpus().length);
}

/** Makes the fields `others_share`, of all processors, and `disk_wait_share`, of the time. */
export function besideOf(before: Counters, after: Counters, costs: readonly Cost[], cores: number): BenchRow {
  const ms = after.at - before.at;
  const own = costs.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const others = Math.max(0, after.busyMs - before.busyMs - own) / (cores * ms);
  const waited =
    after.waitedMs === null || before.waitedMs === null ? null : (after.waitedMs - before.waitedMs) / ms;
  return {
    others_share: rounded(Math.min(1, others), 2),
    disk_wait_share: waited === null ? null : rounded(Math.min(1, waited), 2),
  };
}
