/** Looks where Slurm has the tasks of a plan, and tells those that are gone from those that wait. */
import { join } from "node:path";
import { openFile } from "../../system/paths/opening.js";
import { logsFolder, type Plan } from "../plan.js";
import type { Outside } from "../standing.js";
import { readTask } from "../states.js";
import { type QueuedJob, squeue } from "./commands.js";
import { arraysOf, jobsOf, readSubmissions } from "./submitting.js";

/** States of jobs that are over (squeue(1), "JOB STATE CODES"); any other may go on. */
const over: readonly string[] = [
  ...["BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY"],
  ...["PREEMPTED", "REVOKED", "TIMEOUT"],
];

/** Reasons that do not end by themselves, and what to do. */
const endless: Readonly<Record<string, string>> = {
  DependencyNeverSatisfied: "a task that it waits for has failed; cancel it and resume",
  PartitionConfig: "the partition has no such machine; ask for less, or for another --partition",
  PartitionNodeLimit: "the partition gives no task so much; ask for less, or for another --partition",
  PartitionTimeLimit:
    "the partition gives no task so much time; ask for less --time, or for another --partition",
  BadConstraints: "no machine is like that; ask for less",
  InvalidAccount: "the account is unknown; give --sbatch=--account=NAME",
  InvalidQOS: "the quality of service is unknown; give --sbatch=--qos=NAME",
  AccountNotAllowed: "the account may not use this partition; give another",
  QOSNotAllowed: "the quality of service may not be used here; give another",
  JobHeldUser: "it is held; scontrol release lets it go",
  JobHeldAdmin: "the cluster's administrator holds it; ask there",
};

/** Says what a reason means for a task that waits by it; undefined for one that ends by itself. */
export const endlessReason = (reason: string): string | undefined =>
  /launch failed requeued held/i.test(reason)
    ? "it could not be started, and is held; look into its log, and scontrol release lets it go"
    : endless[reason];

/**
 * Asks Slurm for tasks that have not ended well.
 *
 * @param ids of the tasks
 * @returns of each task that was handed in
 */
export async function lookInSlurm(plan: Plan, ids: readonly number[]): Promise<Map<number, Outside>> {
  const jobs = jobsOf(await readSubmissions(plan.folder));
  const asked = ids.filter((id) => jobs.has(id));
  const queued = await squeue(arraysOf(asked.map((id) => jobs.get(id)!)));
  const found = new Map<number, Outside>();
  for (const id of asked) {
    const job = jobs.get(id)!;
    found.set(id, await outsideOf(plan, id, job, queued.get(job)));
  }
  return found;
}

async function outsideOf(
  plan: Plan,
  id: number,
  job: string,
  queued: QueuedJob | undefined,
): Promise<Outside> {
  if (queued !== undefined && !over.includes(queued.state)) {
    const isPending = !["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING"].includes(queued.state);
    return isPending ? { status: "waiting", job, reason: queued.reason } : { status: "running", job };
  }
  const { begun } = await readTask(plan.folder, id);
  const said = queued === undefined ? "Slurm no longer knows its job" : `Slurm says ${queued.state}`;
  const last = begun?.slurmId == null ? undefined : await lastMessage(plan.folder, begun.slurmId);
  const words = `${said}${last === undefined ? "" : `: ${last}`}`;
  if (begun === undefined && (queued === undefined || queued.state === "CANCELLED"))
    return { status: "cancelled", job, message: words };
  const isLate = queued === undefined || queued.state === "COMPLETED";
  return { status: "lost", job, message: `vanished without a word; ${words}`, isLate };
}

const longestTail = 64 * 1024;

/** What Slurm last wrote of a job, such as that the time was up. */
async function lastMessage(folder: string, slurmId: string): Promise<string | undefined> {
  const file = await openFile(join(logsFolder(folder), "slurm.log")).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const length = Math.min(size, longestTail);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const named = new RegExp(`\\b${slurmId}\\b`);
    const lines = buffer.toString("utf8").split("\n");
    return lines
      .findLast((line) => named.test(line))
      ?.replaceAll("*", "")
      .replace(/^\w+: error: /, "")
      .trim();
  } finally {
    await file.close();
  }
}
