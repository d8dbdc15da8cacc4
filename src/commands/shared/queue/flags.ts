/** Flags of the commands whose work can be done as tasks of a queue. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Argv, InferredOptionTypes, Options } from "yargs";
import { checkDevices, findCards } from "../../../engines/cards.js";
import { defaultThreads, type EngineName } from "../../../engines/engine.js";
import { type QueueName, queues } from "../../../queue/plan.js";
import { checkProfile, type Profile, readProfile } from "../../../queue/profile.js";
import { PickbenchError } from "../../../system/errors.js";
import { checkWhole, runNames } from "../flags.js";

const placeOptions = {
  queue: {
    choices: queues,
    describe: "do it as tasks: of Slurm, or of processes here; docs/queue.md says how",
  },
} as const;

const waitOptions = {
  jobs: {
    type: "number",
    describe: "with --queue: most tasks at a time; here as many as have --threads cores each, if absent",
  },
  devices: {
    type: "string",
    describe:
      "cards by the numbers of nvidia-smi, as in 0,1: tasks here, at the same time one on each; --queue local if absent",
  },
  detach: { type: "boolean", describe: "with --queue: do not wait for the tasks" },
} as const;

const profileOptions = {
  cpus: { type: "number", describe: "with --queue: processors a task, and its --threads" },
  memory: { type: "string", describe: "with --queue slurm: memory a task, such as 16G" },
  time: { type: "string", describe: "with --queue slurm: longest time a task, such as 4:00:00" },
  partition: { type: "string", describe: "with --queue slurm: where tasks run" },
  sbatch: {
    type: "string",
    describe: 'with --queue slurm: further flags of sbatch, as in --sbatch="--account=lab --qos=long"',
  },
  profile: {
    type: "string",
    describe:
      "with --queue: YAML of what these flags say; ~/.config/pickbench/queue.yaml if absent and there",
  },
} as const;

const profiledOptions = { ...placeOptions, ...profileOptions };
const queueOptions = { ...placeOptions, ...waitOptions, ...profileOptions };

const chunkOptions = {
  chunk: {
    type: "number",
    describe: "with --queue: tomograms a task; as many as make at most 200 tasks, if absent",
  },
} as const;

/** The flags of where and by what tasks are done. */
export const withQueueFlags = <Given>(argv: Argv<Given>) => withAll(argv, queueOptions);

/** Names of the flags of `withStepFlags`. */
export const stepQueueFlags: readonly string[] = Object.keys(profiledOptions);

/** The flags of a queue whose tasks are whole commands, with threads of their own. */
export const withStepFlags = <Given>(argv: Argv<Given>) =>
  withAll(argv, {
    ...profiledOptions,
    queue: {
      ...placeOptions.queue,
      describe: "do steps as tasks: of Slurm, or of processes here; docs/workflows.md says which",
    },
    cpus: { ...profileOptions.cpus, describe: "with --queue: processors a task" },
  });

/** The flags of where and by what tasks are done, of a command that waits for them and says itself how many there are at a time. */
export const withProfileFlags = <Given>(argv: Argv<Given>) => withAll(argv, profiledOptions);

/** The flags of a queue, of commands whose tasks are some tomograms each. */
export const withChunkFlags = <Given>(argv: Argv<Given>) => withAll(withQueueFlags(argv), chunkOptions);

function withAll<Given, Added extends Readonly<Record<string, Options>>>(argv: Argv<Given>, added: Added) {
  for (const [name, option] of Object.entries(added)) argv.option(name, option);
  return argv as Argv<unknown> as Argv<Omit<Given, keyof Added> & InferredOptionTypes<Added>>;
}

/** `--part`, the same wherever the runs of `--runs` can be a part of the work. */
export const partOption = {
  type: "boolean",
  default: false,
  describe:
    "with --runs: do these alone, while other processes do others; without it, the last call joins them",
} as const;

/** Returns the runs that are but a part of the work; undefined for all of it. @throws PickbenchError BadUsage without --runs */
export const partAsked = (given: {
  readonly part: boolean;
  readonly runs?: string | undefined;
}): string[] | undefined => (given.part ? runNames("runs", given.runs ?? "") : undefined);

/** Names of the flags that say how a queue is used, which its tasks are not given; `true` of those without a value. */
export const queueFlags: Readonly<Record<string, boolean>> = Object.fromEntries(
  Object.entries({ ...queueOptions, ...chunkOptions }).map(([flag, option]) => [
    flag,
    "type" in option && option.type === "boolean",
  ]),
);

/** What the flags of `withChunkFlags` are given, and the command's --threads. */
export type QueueArguments = Readonly<
  Partial<InferredOptionTypes<typeof queueOptions & typeof chunkOptions>> & {
    threads?: number | undefined;
    engine?: "auto" | EngineName | undefined;
  }
>;

/** Returns a flag of a queue that is given; undefined where there is none. */
export const queueFlagIn = (given: QueueArguments): string | undefined =>
  Object.keys(queueFlags).find((flag) => given[flag as keyof QueueArguments] !== undefined);

/** Where tasks are done, and what each is given. */
export interface Queue {
  readonly queue: QueueName;
  readonly jobs: number | null;
  /** Cards that tasks here are shared out among. */
  readonly devices: readonly number[] | undefined;
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
  const { jobs, detach = false, chunk } = given;
  const devices = await devicesAsked(given);
  const queue = given.queue ?? (devices && "local");
  if (queue === undefined) {
    const stray = queueFlagIn(given);
    if (stray === undefined) return undefined;
    throw new PickbenchError("BadUsage", `--${stray} is of tasks; add --queue slurm or --queue local`);
  }
  checkWhole("jobs", jobs, 1);
  checkWhole("chunk", chunk, 1);
  checkWhole("threads", given.threads, 1);
  const asked = await profileAsked(given);
  const share = Math.max(1, Math.floor(defaultThreads() / (devices?.length ?? 1)));
  const threads = given.threads ?? asked.cpus ?? share;
  const profile = { ...asked, cpus: asked.cpus ?? threads };
  const jobsHere = Math.max(1, Math.floor(defaultThreads() / threads));
  return {
    queue,
    jobs: jobs ?? (queue === "slurm" ? null : (devices?.length ?? jobsHere)),
    devices,
    isDetached: detach,
    profile,
    threads,
    chunk,
  };
}

/**
 * Returns the cards that work is to be shared out among; undefined where none are named. On the CPU they stand for processes.
 *
 * @throws PickbenchError BadUsage for what are no numbers of cards here; Unsupported for an engine that cannot choose one
 */
export async function devicesAsked({
  devices,
  queue,
  engine,
}: Pick<QueueArguments, "devices" | "queue" | "engine">): Promise<number[] | undefined> {
  if (devices === undefined) return undefined;
  const numbers = devices.split(",").map((text) => text.trim());
  if (!numbers.every((text) => /^\d+$/.test(text)) || new Set(numbers).size < numbers.length)
    throw new PickbenchError(
      "BadUsage",
      `--devices is ${JSON.stringify(devices)}, wanted numbers of cards, each once; write it like --devices 0,1`,
    );
  if (queue === "slurm")
    throw new PickbenchError(
      "BadUsage",
      "--devices is of cards of this machine; Slurm hands out its own, as by --sbatch=--gres=gpu:1",
    );
  if (engine === "onnx-webgpu")
    throw new PickbenchError(
      "Unsupported",
      "--devices: WebGPU takes the card that its driver names first, and cannot be told another; choose onnx-cuda, or leave --devices out",
    );
  const wanted = numbers.map(Number);
  if (engine !== "onnx-cpu") checkDevices(wanted, await findCards());
  return wanted;
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
