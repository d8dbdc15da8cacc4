/** Steps as tasks of a queue: each run hands out its own in one open plan, which lies with the logs. */
import { existsSync } from "node:fs";
import { appendFile, copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { commandWords } from "../makings/making.js";
import { betweenStandings, type Hands, withHands } from "../queue/growing.js";
import {
  createPlan,
  logFile,
  outputFile,
  type Plan,
  type PlannedTask,
  type QueueName,
  readPlan,
  type Task,
} from "../queue/plan.js";
import type { Profile } from "../queue/profile.js";
import { cancelPlan, closePlan, planStandings } from "../queue/queue.js";
import { isLive, isSettled, type Standing } from "../queue/standing.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { shellWord } from "../system/files.js";
import { readIfThere } from "../system/paths/opening.js";
import { makingVariable } from "../system/paths/sidecar.js";
import { type Reporter, silentReporter } from "../system/reporter.js";
import type { Executor, StepEnd, StepTask } from "./executor.js";
import type { Leftover } from "./leftovers.js";
import { logOf } from "./stepLog.js";

/** Where steps are handed out, and what each is given. */
export interface StepQueueSettings {
  readonly queue: QueueName;
  /** Most steps at a time; as many as can begin if absent. */
  readonly jobs: number | undefined;
  readonly profile: Profile;
}

/** Hands out steps. The plan is made with the first of them. */
export class StepQueue implements Executor {
  readonly #logs: string;
  readonly #settings: StepQueueSettings;
  readonly #reporter: Reporter;
  #open: Promise<Hands> | undefined;
  #close: () => void = () => undefined;
  #ended: Promise<void> = Promise.resolve();
  #given: Promise<unknown> = Promise.resolve();

  /** @param logs folder of the workflow's logs */
  constructor(logs: string, settings: StepQueueSettings, reporter: Reporter) {
    this.#logs = logs;
    this.#settings = settings;
    this.#reporter = reporter;
  }

  /** Hands a step out, and waits for its end. What Slurm has goes on where the signal ends the waiting. */
  async run({ name, argv, log, output }: StepTask, signal: AbortSignal): Promise<StepEnd> {
    if (signal.aborted) return { code: 130 };
    this.#open ??= this.#begin();
    const hands = await this.#open;
    const { folder } = hands.plan;
    const task = await this.#give(hands, { name, stage: 0, argv: [...argv], outputs: [] });
    const said = logFile(folder, task.id);
    await appendFile(log, `== is task ${task.id} of ${folder}, and says meanwhile what it says in ${said}\n`);
    const standing = await this.#settled(hands, task, signal);
    if (standing === undefined) return { code: 130 };
    await appendFile(log, (await readIfThere(said)) ?? "");
    await copyFile(outputFile(folder, task.id), output).catch(() => undefined);
    return endOf(standing);
  }

  /** Takes no further steps, and waits until nothing is done here any more. */
  async close(): Promise<void> {
    const plan = (await this.#open?.catch(() => undefined))?.plan;
    if (plan === undefined) return;
    const isLeft = this.#settings.queue === "slurm" && this.#reporter.signal.aborted;
    if (!isLeft) await closePlan(plan.folder);
    this.#close();
    await this.#ended;
    if (!isLeft) return;
    const folder = shellWord(plan.folder);
    this.#reporter.note(
      `what was handed to Slurm goes on there: pickbench queue status ${folder} says how far it is, pickbench queue cancel ${folder} ends it, and the same command waits for it again`,
    );
  }

  async #begin(): Promise<Hands> {
    const { queue, jobs = null, profile } = this.#settings;
    delete process.env[makingVariable];
    const plan = await createPlan(await freeFolder(this.#logs), {
      ...{ command: "workflow", call: [], queue, jobs, profile, isOpen: true },
      ...{ stages: [{ name: "steps", after: [] }], tasks: [] },
    });
    const silent = { ...silentReporter, note: this.#reporter.note, signal: this.#reporter.signal };
    return new Promise((resolve, reject) => {
      const until = new Promise<void>((close) => {
        this.#close = close;
      });
      this.#ended = withHands(plan, silent, (hands) => {
        resolve(hands);
        return until;
      }).catch(reject);
    });
  }

  /** Hands in one task after another: each adds to the same file. */
  #give(hands: Hands, planned: PlannedTask): Promise<Task> {
    const given = this.#given.then(async () => {
      const [task] = await hands.add([planned]);
      await hands.give([task!]);
      return task!;
    });
    this.#given = given.catch(() => undefined);
    return given;
  }

  /** Waits until nothing more comes of a task by itself. @returns undefined where the signal leaves it, or it has not begun */
  async #settled(hands: Hands, task: Task, signal: AbortSignal): Promise<Standing | undefined> {
    const isLeft = (standing: Standing | undefined): boolean =>
      signal.aborted && (this.#settings.queue === "slurm" || standing?.status === "open");
    for (;;) {
      const [standing] = (await hands.standings([task])) ?? [];
      if (standing !== undefined && isSettled(standing)) return standing;
      if (isLeft(standing)) return undefined;
      await sleep(betweenStandings[this.#settings.queue]);
    }
  }
}

/** What a step's task said of its end stands in its log. */
function endOf({ status, message }: Standing): StepEnd {
  if (status === "done") return { code: 0 };
  if (status === "stopped") return { code: 130 };
  return status === "failed" ? { code: 1 } : { code: null, message: `its task was ${status} (${message})` };
}

const folderName = /^queue(?:-\d+)?$/;

/** A folder for a plan: the first that holds none that is open. */
async function freeFolder(logs: string): Promise<string> {
  for (let number = 1; ; number++) {
    const folder = join(logs, number === 1 ? "queue" : `queue-${number}`);
    if (!isPlan(folder) || !(await readPlan(folder)).settings.isOpen) return folder;
  }
}

const isPlan = (folder: string): boolean => existsSync(join(folder, "plan.json"));

/**
 * Finds the tasks of earlier runs that wait or run; plans without any are closed.
 *
 * @param logs as for `leftProcesses`
 */
export async function leftTasks(logs: string): Promise<Leftover[]> {
  const names = (await readdir(logs)).filter((name) => folderName.test(name) && isPlan(join(logs, name)));
  const found = names.map(async (name) => {
    const plan = await readPlan(join(logs, name));
    if (!plan.settings.isOpen) return [];
    const live = (await standingsThere(plan)).filter(isLive);
    if (live.length === 0) await closePlan(plan.folder);
    return live.map(({ id, job }) => leftOf(plan, plan.tasks[id]!, job, logs));
  });
  return (await Promise.all(found)).flat();
}

const standingsThere = (plan: Plan): Promise<Standing[]> =>
  planStandings(plan).catch((error: unknown) => {
    const { folder } = plan;
    const why = messageOf(error).replace(/;[^;]*$/, "");
    throw new PickbenchError(
      "System",
      `${folder}: tasks of an earlier run may still be at work (${why}); try again where it can be told, or remove the folder if none is`,
      { path: folder, cause: error },
    );
  });

function leftOf(plan: Plan, { id, name, argv }: Task, job: string | null, logs: string): Leftover {
  const { folder, settings } = plan;
  const end = async (): Promise<void> => {
    await cancelPlan(plan, id);
    await over(plan, id);
    await appendFile(logOf(logs, name), (await readIfThere(logFile(folder, id))) ?? "");
  };
  return {
    step: name,
    words: commandWords(argv),
    what: job === null ? `task ${id} of ${folder}` : `Slurm's job ${job}`,
    async gone(signal) {
      await over(plan, id, signal);
      if (!signal.aborted || settings.queue === "local") await end();
    },
    end,
  };
}

/** Waits until a task neither waits nor runs, or until the signal ends the waiting. */
async function over(plan: Plan, id: number, signal?: AbortSignal): Promise<void> {
  for (let between = shortestLook; !signal?.aborted; between = Math.min(longestLook, between * 1.3)) {
    const standing = (await planStandings(plan)).find((each) => each.id === id);
    if (standing === undefined || !isLive(standing)) return;
    await sleep(between, undefined, signal && { signal }).catch(() => undefined);
  }
}

/** Times in ms between two looks at a task of an earlier run, which grow. */
const shortestLook = 500;
const longestLook = 10_000;
