/** Slurm's commands as functions: arguments go as a list, never through a shell, and refusals come in its own words. */
import { execFile } from "node:child_process";
import { wallClock } from "../../system/clock.js";
import { PickbenchError } from "../../system/errors.js";

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Longest time in ms that an answer may take: a busy controller takes tens of seconds. */
const patience = 120_000;

/**
 * Runs one of Slurm's programs.
 *
 * @param input what it reads on standard input
 * @throws PickbenchError System where the program is not there, or does not answer
 */
function called(program: string, args: readonly string[], input = ""): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { timeout: patience, maxBuffer: 2 ** 28 },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ stdout, stderr, code: 0 });
        if (typeof error.code === "number") return resolve({ stdout, stderr, code: error.code });
        reject(unanswered(program, error));
      },
    );
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

function unanswered(
  program: string,
  error: Error & { readonly killed?: boolean | undefined },
): PickbenchError {
  const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
  const why = isMissing
    ? `Slurm is not here: there is no program ${program}; call this on a machine of the cluster, or give --queue local`
    : `Slurm's ${program} did not answer (${error.killed === true ? `nothing in ${patience / 1000} s` : error.message}); try again`;
  return new PickbenchError("System", why, { cause: error });
}

/** Slurm's own words, in one line. */
function wordsOf({ stderr, stdout, code }: Ended, program: string): string {
  const lines = (stderr.trim() === "" ? stdout : stderr).split("\n").map((line) => line.trim());
  const said = lines
    .filter((line) => line !== "" && !/mpi\/pmix|^Try "/.test(line))
    .map((line) => line.replace(/^(?:\w+: )?(?:(?:error|fatal): )?/, ""));
  return said.length === 0 ? `${program} ended with code ${code}` : said.join("; ");
}

/** Hands a job in. @returns its number @throws PickbenchError System with Slurm's words where it refuses it */
export async function sbatch(args: readonly string[], script: string): Promise<string> {
  const ended = await called("sbatch", args, script);
  const job = /^(\d+)(?:;.*)?$/m.exec(ended.stdout)?.[1];
  if (ended.code === 0 && job !== undefined) return job;
  throw new PickbenchError(
    "System",
    `Slurm refuses the request: ${wordsOf(ended, "sbatch")}; ask for something else by --cpus, --memory, --time, --partition or --sbatch`,
  );
}

/** When a job is to begin until it is let go: Slurm judges what it asks for nevertheless, which it does not of one on hold. */
export const farAway = "now+365days";

/** Time in ms ahead from which a beginning is such. */
const far = 30 * 24 * 3_600_000;

/** Returns the arrays of a name that wait, and whether they are to begin far away. @throws PickbenchError System */
export async function pendingArrays(
  name: string,
): Promise<{ readonly job: string; readonly isFar: boolean }[]> {
  const ended = await called("squeue", ["-h", "-t", "pending", `--name=${name}`, "-o", "%F|%S|%r"]);
  if (ended.code !== 0) throw unsaid(ended);
  const lines = ended.stdout.split("\n").map((line) => line.trim().split("|"));
  const found = new Map<string, boolean>();
  for (const [job, begin = "", reason = ""] of lines) {
    const isFar = /^(?:BeginTime|None)$/.test(reason) && Date.parse(begin) - wallClock() > far;
    if (job !== undefined && job !== "") found.set(job, isFar || found.get(job) === true);
  }
  return [...found].map(([job, isFar]) => ({ job, isFar }));
}

/** Lets a job begin, or what of an array has not. @throws PickbenchError System */
export async function letGo(job: string): Promise<void> {
  const ended = await called("scontrol", ["update", `JobId=${job}`, "StartTime=now"]);
  if (ended.code === 0 || /already finished|no longer pending|already completing/i.test(ended.stderr)) return;
  throw new PickbenchError(
    "System",
    `Slurm does not let job ${job} begin: ${wordsOf(ended, "scontrol")}; try again`,
  );
}

const unsaid = (ended: Ended): PickbenchError =>
  new PickbenchError("System", `Slurm does not say where jobs stand: ${wordsOf(ended, "squeue")}`);

/** A job, or an element of an array, as the queue has it. */
export interface QueuedJob {
  /** Such as PENDING, RUNNING or OUT_OF_MEMORY. */
  readonly state: string;
  /** Such as Resources or PartitionConfig. */
  readonly reason: string;
}

/**
 * Asks where jobs stand, finished ones included as long as Slurm remembers them.
 *
 * @param jobs numbers of jobs or arrays
 * @returns by `JOB` or `ARRAY_INDEX`
 * @throws PickbenchError System where Slurm does not answer
 */
export async function squeue(jobs: readonly string[]): Promise<Map<string, QueuedJob>> {
  const found = new Map<string, QueuedJob>();
  if (jobs.length === 0) return found;
  const ended = await called("squeue", ["-h", "-r", "-t", "all", "-j", jobs.join(","), "-o", "%i|%T|%r"]);
  if (ended.code !== 0 && /Invalid job id/i.test(ended.stderr)) return found;
  if (ended.code !== 0) throw unsaid(ended);
  for (const line of ended.stdout.split("\n")) {
    const [id, state, reason] = line.trim().split("|");
    if (id !== undefined && state !== undefined) found.set(id, { state, reason: reason ?? "" });
  }
  return found;
}

/**
 * Cancels jobs, arrays or their elements; those that are over are left alone.
 *
 * @param only of which state; of any if absent
 * @throws PickbenchError System
 */
export async function scancel(jobs: readonly string[], only?: "PENDING"): Promise<void> {
  if (jobs.length === 0) return;
  const ended = await called("scancel", [...(only ? [`--state=${only}`] : []), ...jobs]);
  if (ended.code !== 0 && !/Invalid job id|already completing|already completed/i.test(ended.stderr))
    throw new PickbenchError("System", `Slurm does not cancel: ${wordsOf(ended, "scancel")}; try again`);
}

/** Returns the number of indices that an array may have, from 0. @throws PickbenchError System */
export async function mostInArray(): Promise<number> {
  const ended = await called("scontrol", ["show", "config"]);
  const found = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(ended.stdout)?.[1]);
  if (ended.code === 0 && found > 0) return found;
  throw new PickbenchError(
    "System",
    ended.code === 0
      ? "Slurm takes no arrays here (MaxArraySize is 0), and the queue submits nothing else; give --queue local"
      : `Slurm does not answer: ${wordsOf(ended, "scontrol")}; call this where sinfo works, or give --queue local`,
  );
}
