/** Flags of the commands whose work can be done as tasks of a queue. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Argv } from "yargs";
import { defaultThreads } from "../../../engines/engine.js";
import { type QueueName, queues } from "../../../queue/plan.js";
import { checkProfile, type Profile, readProfile } from "../../../queue/profile.js";
import { PickbenchError } from "../../../system/errors.js";
import { checkWhole } from "../flags.js";

/** The flags of where and by what tasks are done. */
export const withQueueFlags = <Options>(argv: Argv<Options>) =>
  argv
    .option("queue", {
      choices: queues,
      describe: "do it as tasks: of Slurm, or of processes here; docs/queue.md says how",
    })
    .option("jobs", {
      type: "number",
      describe: "with --queue: most tasks at a time; here as many as have --threads cores each, if absent",
    })
    .option("detach", { type: "boolean", describe: "with --queue: do not wait for the tasks" })
    .option("cpus", { type: "number", describe: "with --queue: processors a task, and its --threads" })
    .option("memory", { type: "string", describe: "with --queue slurm: memory a task, such as 16G" })
    .option("time", { type: "string", describe: "with --queue slurm: longest time a task, such as 4:00:00" })
    .option("partition", { type: "string", describe: "with --queue slurm: where tasks run" })
    .option("sbatch", {
      type: "string",
      describe: 'with --queue slurm: further flags of sbatch, as in --sbatch="--account=lab --qos=long"',
    })
    .option("profile", {
      type: "string",
      describe:
        "with --queue: YAML of what these flags say; ~/.config/pickbench/queue.yaml if absent and there",
    });

/** The flags of a queue, of commands whose tasks are some tomograms each. */
export const withChunkFlags = <Options>(argv: Argv<Options>) =>
  withQueueFlags(argv).option("chunk", {
    type: "number",
    describe: "with --queue: tomograms a task; as many as make at most 200 tasks, if absent",
  });

/** `--part`, the same wherever the runs of `--runs` can be a part of the work. */
export const partOption = {
  type: "boolean",
  default: false,
  describe:
    "with --runs: do these alone, while other processes do others; without it, the last call joins them",
} as const;

/** Names of the flags that say how a queue is used, which its tasks are not given; `true` of those without a value. */
export const queueFlags: Readonly<Record<string, boolean>> = {
  ...{ queue: false, jobs: false, detach: true, cpus: false, memory: false, time: false, partition: false },
  ...{ sbatch: false, profile: false, chunk: false },
};

/** What the flags of `withQueueFlags` are given. */
export interface QueueArguments {
  readonly queue?: QueueName | undefined;
  readonly jobs?: number | undefined;
  readonly detach?: boolean | undefined;
  readonly cpus?: number | undefined;
  readonly memory?: string | undefined;
  readonly time?: string | undefined;
  readonly partition?: string | undefined;
  readonly sbatch?: string | undefined;
  readonly profile?: string | undefined;
  readonly chunk?: number | undefined;
  readonly threads?: number | undefined;
}

/** Where tasks are done, and what each is given. */
export interface Queue {
  readonly queue: QueueName;
  readonly jobs: number | null;
  readonly isDetached: boolean;
  readonly profile: Profile;
  /** Threads of each task. */
  readonly threads: number;
  readonly chunk: number | undefined;
}

/**
 * Returns where work is to be done as tasks; undefined where it is not.
 *
 * @throws PickbenchError BadUsage for flags that make no sense, or a profile that cannot be read
 */
export async function queueAsked(given: QueueArguments): Promise<Queue | undefined> {
  const { queue, jobs, detach = false, chunk } = given;
  if (queue === undefined) {
    const stray = Object.keys(queueFlags).find((flag) => given[flag as keyof QueueArguments] !== undefined);
    if (stray === undefined) return undefined;
    throw new PickbenchError("BadUsage", `--${stray} is of tasks; add --queue slurm or --queue local`);
  }
  checkWhole("jobs", jobs, 1);
  checkWhole("chunk", chunk, 1);
  checkWhole("threads", given.threads, 1);
  const asked = await profileAsked(given);
  const threads = given.threads ?? asked.cpus ?? defaultThreads();
  const profile = { ...asked, cpus: asked.cpus ?? threads };
  const jobsHere = Math.max(1, Math.floor(defaultThreads() / threads));
  return {
    queue,
    jobs: jobs ?? (queue === "slurm" ? null : jobsHere),
    isDetached: detach,
    profile,
    threads,
    chunk,
  };
}

/**
 * What each task is given: the flags, over the file that is named.
 *
 * @param base what takes the file's place where none is named; the user's own file if absent
 */
export async function profileAsked(given: QueueArguments, base?: Profile): Promise<Profile> {
  const own = join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "pickbench", "queue.yaml");
  const path = given.profile ?? (base === undefined && existsSync(own) ? own : undefined);
  const below = path === undefined ? (base ?? { sbatch: [] }) : await readProfile(path);
  const { cpus, memory, time, partition, sbatch } = given;
  const flags = Object.entries({ cpus, memory, time, partition }).filter(([, value]) => value !== undefined);
  const more = sbatch?.split(/\s+/).filter((flag) => flag !== "") ?? [];
  const over = { ...below, ...Object.fromEntries(flags), sbatch: [...below.sbatch, ...more] };
  return checkProfile(over, "flags of the queue");
}
