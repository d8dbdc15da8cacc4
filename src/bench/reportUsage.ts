/**
 * Reports a process's peak memory and CPU time on file descriptor 3 at exit, and ends it where whoever measures it is gone;
 * loaded by `node --import`.
 */
import { readFileSync, writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { endWithParent } from "../system/parent.js";

if (isMainThread) {
  endWithParent(process.ppid).unref();
  process.once("exit", () => {
    const { user, system } = process.cpuUsage();
    writeSync(3, JSON.stringify({ peakBytes: peakBytes(), cpuMs: (user + system) / 1000 }));
  });
}

/**
 * Returns the greatest resident memory in bytes. Linux starts a new process with its parent's maximum in getrusage(2),
 * but not in /proc.
 */
function peakBytes(): number {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))![1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
