/** Loaded ahead of a program (`node --import`), tells whoever started it, on file descriptor 3, what it used. */
import { readFileSync, writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

if (isMainThread)
  process.once("exit", () => {
    const { user, system } = process.cpuUsage();
    writeSync(3, JSON.stringify({ peakBytes: peakBytes(), cpuMs: (user + system) / 1000 }));
  });

/**
 * The most that was resident at once. Linux gives a new process its parent's maximum to begin with (getrusage(2)), but
 * not in /proc.
 */
function peakBytes(): number {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))![1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
