/** Runs workflows: what is not up to date, in parallel where it is independent. */
import { join } from "node:path";
import { commandWords } from "../makings/making.js";
import { PickbenchError } from "../system/errors.js";
import { withLock } from "../system/lock.js";
import { meantOrThere } from "../system/nearest.js";
import { makeFolders } from "../system/paths/replacing.js";
import type { Progress, Reporter } from "../system/reporter.js";
import type { Executor } from "./executor.js";
import { type Leftover, leftProcesses } from "./leftovers.js";
import { dependentsOf } from "./order.js";
import { type PlannedStep, type Planning, planWorkflow, type WorkflowPlan } from "./plan.js";
import { mostSteps } from "./schema.js";
import { doStep } from "./step.js";
import { leftTasks, StepQueue, type StepQueueSettings } from "./stepQueue.js";
import { staleness, thisProgram } from "./upToDate.js";
import type { Workflow } from "./workflow.js";

/** Which steps are done, and how. */
export interface Choice {
  /** Only these steps. */
  readonly only?: readonly string[] | undefined;
  /** Only these steps, and all that need them. */
  readonly from?: readonly string[] | undefined;
  /** These are done again, up to date or not. */
  readonly again?: readonly string[] | undefined;
  /** Whether what any version of the program made is up to date. */
  readonly anyProgram?: boolean | undefined;
}

/** What a workflow is run with. */
export interface RunSettings extends Planning, Choice {
  readonly executor: Executor;
  readonly reporter: Reporter;
  /** Most steps at a time that are done here; 1 if absent. */
  readonly jobs?: number | undefined;
  /** Where steps are handed out that ask for it, or all where none does; those that hand out their own work are not. */
  readonly queue?: StepQueueSettings | undefined;
  /** Whether it is not said which steps begin and which fail. */
  readonly isQuiet?: boolean | undefined;
  /** Whether steps replace what others than this workflow left in their places. */
  readonly overwrite?: boolean | undefined;
}

/** A step that was done. */
export interface DoneStep {
  readonly name: string;
  /** Why it was not up to date. */
  readonly why: string;
  readonly seconds: number;
}

/** A step that went wrong. */
export interface FailedStep {
  readonly name: string;
  /** What its command said, in a sentence. */
  readonly message: string;
  readonly log: string;
}

/** What came of a workflow; each step that was asked for is in one of the lists. */
export interface WorkflowResult {
  readonly done: readonly DoneStep[];
  /** Names of the steps that were up to date. */
  readonly skipped: readonly string[];
  readonly failed: readonly FailedStep[];
  /** Names of the steps that were not begun, for one that they need failed, or for the user stopped it. */
  readonly left: readonly string[];
  /** Names of the steps that were under way when the user stopped it. */
  readonly stopped: readonly string[];
}

/**
 * Does the steps of a workflow that are not up to date, each once what it needs is there; the working folder is the process's.
 * A step that fails holds up only those that need it. What is aborted by the reporter's signal stops where it can go on; the
 * same call goes on.
 *
 * @throws PickbenchError BadUsage for mistakes in the workflow and its fields, before anything is done, and where another process
 * runs it
 */
export async function runWorkflow(workflow: Workflow, settings: RunSettings): Promise<WorkflowResult> {
  const plan = await planWorkflow(workflow, settings);
  const chosen = chosenSteps(plan, settings);
  await makeFolders(plan.logs);
  return withLock(join(plan.logs, "lock"), workflow.origin, () =>
    settings.reporter.stoppable("step", async () => {
      const left = await leftOfEarlier(plan, settings);
      const queue = settings.queue && new StepQueue(plan.logs, settings.queue, settings.reporter);
      try {
        return await new Running(plan, chosen, left, queue, settings).all();
      } finally {
        await queue?.close();
      }
    }),
  );
}

/**
 * Finds what an earlier run left working, and ends it where its step has another command line by now, or is none any more.
 *
 * @returns what goes on, and is to be waited for
 */
async function leftOfEarlier({ logs, steps }: WorkflowPlan, settings: RunSettings): Promise<Leftover[]> {
  const left = [...(await leftProcesses(logs)), ...(await leftTasks(logs))];
  const isMeant = ({ step, words }: Leftover): boolean =>
    steps.some(({ name, argv }) => name === step && commandWords(argv).join("\0") === words.join("\0"));
  const others = left.filter((each) => !isMeant(each));
  for (const { step, what } of others)
    settings.reporter.note(`${step}: ${what} of an earlier run does it otherwise, and is ended`);
  await Promise.all(others.map(({ end }) => end()));
  return left.filter(isMeant);
}

/**
 * Returns the names of the steps that are asked for.
 *
 * @throws PickbenchError BadUsage for names of no step
 */
export function chosenSteps({ workflow, steps }: WorkflowPlan, { only, from, again }: Choice): Set<string> {
  const names = steps.map(({ name }) => name);
  for (const [flag, given] of Object.entries({ only, from, again }))
    for (const name of given ?? [])
      if (!names.includes(name))
        throw new PickbenchError(
          "BadUsage",
          `${workflow.origin}: --${flag} ${name}: there is no such step${meantOrThere(name, names)}`,
          { path: workflow.origin },
        );
  if (only === undefined && from === undefined) return new Set(names);
  return new Set([...(only ?? []), ...(from === undefined ? [] : dependentsOf(from, steps))]);
}

/** Names of the steps that are handed out where there is a queue: those that ask for it, or all where none does. */
export function handedOut({ steps }: Pick<WorkflowPlan, "steps">): string[] {
  const isAsked = steps.some(({ queue }) => queue);
  return steps.filter((step) => (isAsked ? step.queue : !step.queuesItself)).map(({ name }) => name);
}

type State = "open" | "running" | "done" | "skipped" | "failed" | "stopped";

class Running {
  readonly #plan: WorkflowPlan;
  readonly #settings: RunSettings;
  readonly #left: readonly Leftover[];
  readonly #queue: StepQueue | undefined;
  readonly #handed: ReadonlySet<string>;
  readonly #steps: readonly PlannedStep[];
  readonly #states: Map<string, State>;
  readonly #done: DoneStep[] = [];
  readonly #failed: FailedStep[] = [];
  readonly #progress: Progress;

  constructor(
    plan: WorkflowPlan,
    chosen: ReadonlySet<string>,
    left: readonly Leftover[],
    queue: StepQueue | undefined,
    settings: RunSettings,
  ) {
    this.#plan = plan;
    this.#left = left;
    this.#queue = queue;
    this.#handed = new Set(queue === undefined ? [] : handedOut(plan));
    this.#settings = settings;
    this.#steps = plan.steps.filter(({ name }) => chosen.has(name));
    this.#states = new Map(this.#steps.map(({ name }) => [name, "open"]));
    this.#progress = settings.reporter.progress(plan.workflow.name, this.#steps.length, "steps");
  }

  async all(): Promise<WorkflowResult> {
    const program = this.#settings.anyProgram ? undefined : await thisProgram();
    const under = new Map<string, Promise<void>>();
    try {
      for (;;) {
        for (const step of this.#ready(under)) {
          this.#states.set(step.name, "running");
          under.set(
            step.name,
            this.#do(step, program).finally(() => under.delete(step.name)),
          );
        }
        this.#show();
        if (under.size === 0) return this.#result();
        await Promise.race(under.values());
      }
    } finally {
      await Promise.allSettled(under.values());
      this.#progress.stop();
    }
  }

  /** Steps that can begin: what they need is there, or was not asked for, and there is room for them where they are done. */
  #ready(under: ReadonlyMap<string, unknown>): PlannedStep[] {
    if (this.#settings.reporter.signal.aborted) return [];
    const { jobs = 1, queue } = this.#settings;
    const handed = [...under.keys()].filter((name) => this.#handed.has(name)).length;
    const room = {
      here: Math.max(1, jobs) - (under.size - handed),
      queue: (queue?.jobs ?? mostSteps) - handed,
    };
    const isThere = (name: string): boolean =>
      ["done", "skipped", undefined].includes(this.#states.get(name));
    return this.#steps.filter(
      ({ name, needs }) =>
        this.#states.get(name) === "open" &&
        needs.every(({ step }) => isThere(step)) &&
        room[this.#handed.has(name) ? "queue" : "here"]-- > 0,
    );
  }

  async #do(step: PlannedStep, program: Awaited<ReturnType<typeof thisProgram>> | undefined): Promise<void> {
    const { name } = step;
    const { signal } = this.#settings.reporter;
    const wasLeft = await this.#waitForLeft(step);
    if (signal.aborted) {
      this.#states.set(name, wasLeft ? "stopped" : "open");
      return;
    }
    const isAsked = this.#settings.again?.includes(name) === true;
    const stale = isAsked ? { why: "it was asked for again" } : await staleness(step, program);
    if (stale === undefined) {
      this.#states.set(name, "skipped");
      return;
    }
    if (signal.aborted) {
      this.#states.set(name, "open");
      return;
    }
    this.#say(`${name}: begins (${stale.why})`);
    const from = performance.now();
    const executor = (this.#handed.has(name) && this.#queue) || this.#settings.executor;
    const end = await doStep(step, { ...this.#settings, executor, logs: this.#plan.logs, why: stale.why });
    const seconds = (performance.now() - from) / 1000;
    this.#states.set(name, end.state);
    if (end.state === "done") this.#done.push({ name, why: stale.why, seconds });
    if (end.state === "failed") {
      this.#failed.push({ name, message: end.message, log: end.log });
      this.#say(`${name}: failed: ${end.message}`);
    }
  }

  /** Waits for what an earlier run left doing a step, or one that it needs. @returns whether anything did the step itself */
  async #waitForLeft({ name, needs }: PlannedStep): Promise<boolean> {
    const names = [name, ...needs.map(({ step }) => step)];
    const left = this.#left.filter(({ step }) => names.includes(step));
    await Promise.all(
      left.map(({ step, what, gone }) => {
        if (step === name) this.#say(`${name}: ${what} of an earlier run still does it; waiting for that`);
        return gone(this.#settings.reporter.signal);
      }),
    );
    return left.some(({ step }) => step === name);
  }

  #say(line: string): void {
    if (!this.#settings.isQuiet) this.#progress.say(line);
  }

  #named(...states: State[]): string[] {
    return this.#steps.map(({ name }) => name).filter((name) => states.includes(this.#states.get(name)!));
  }

  #show(): void {
    this.#progress.update(this.#named("done", "skipped").length, this.#named("running").join(", "));
  }

  #result(): WorkflowResult {
    return {
      done: this.#done,
      skipped: this.#named("skipped"),
      failed: this.#failed,
      left: this.#named("open"),
      stopped: this.#named("stopped"),
    };
  }
}
