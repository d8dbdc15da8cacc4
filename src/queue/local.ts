/** Does the tasks of a plan in processes of this machine, some at a time, stage by stage. */
import type { ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { undoAtEnd } from "../system/ending.js";
import { messageOf } from "../system/errors.js";
import { isRunning, type Owner } from "../system/owner.js";
import { ownProgram } from "../system/program.js";
import type { Reporter } from "../system/reporter.js";
import { startAsking } from "../system/startedProcess.js";
import { openLog } from "./logs.js";
import { logFile, outputFile, type Plan, readPlan, type Task } from "./plan.js";
import { inTurn, type Outside, type Standing, standingOf } from "./standing.js";
import { asks, readTask } from "./states.js";
import { Files, Shown, unfinished } from "./watching.js";

/** Time in ms between two looks at tasks that another process began, and at what was added to an open plan. */
const betweenLooks = 200;
/** The same where nothing runs, and more is given at any time. */
const betweenIdleLooks = 1000;

/** Environment variable that names the cards that CUDA is shown: ONNX Runtime, TensorFlow and PyTorch alike. */
export const cardVariable = "CUDA_VISIBLE_DEVICES";

/** Looks for the processes of tasks that have not ended well. */
export async function lookHere(plan: Plan, ids: readonly number[]): Promise<Map<number, Outside>> {
  const found = new Map<number, Outside>();
  for (const id of ids) {
    const { begun, end } = await readTask(plan.folder, id);
    if (begun === undefined || end !== undefined) continue;
    const running = isRunning(begun);
    if (running === "elsewhere") found.set(id, { status: "running", message: `on ${begun.host}` });
    else if (running) found.set(id, { status: "running" });
    else if ((await readTask(plan.folder, id)).end === undefined)
      found.set(id, { status: "lost", message: "its process is gone without a word" });
  }
  return found;
}

/**
 * Does all tasks that have not ended well, each once; a stage begins where those before it ended well, and an open plan
 * is waited for until it is closed. What runs is asked to stop where the reporter's signal says so, and ends where it can go
 * on.
 *
 * @returns where the tasks stand in the end
 */
export const doHere = (plan: Plan, reporter: Reporter): Promise<readonly Standing[]> =>
  new LocalWork(plan, reporter).all();

/** Does tasks of a plan in processes of this machine: all, or those that it is given one by one. */
export class LocalWork {
  #plan: Plan;
  readonly #reporter: Reporter;
  /** Tasks that were given and have not begun; undefined where all are to be done. */
  readonly #given: Set<number> | undefined;
  #isClosed = false;
  /** Processes that do tasks and that an earlier process began. */
  #others: readonly Owner[] = [];
  readonly #files: Files;
  readonly #children = new Map<number, ChildProcess>();
  /** Cards of the tasks that run, by task. */
  readonly #cards = new Map<number, number>();
  /** Tasks that were begun here, and what went wrong outside of them. */
  readonly #begun = new Map<number, string | undefined>();
  #wake: () => void = () => undefined;

  /** @param by whether all tasks are done, or those that are given, each as often as it is */
  constructor(plan: Plan, reporter: Reporter, by: "all" | "given" = "all") {
    this.#plan = plan;
    this.#reporter = reporter;
    this.#given = by === "given" ? new Set() : undefined;
    this.#files = new Files(plan.folder);
  }

  /** Does the tasks, until all are over or the reporter's signal stops those that run. @returns where they stand then */
  async all(): Promise<readonly Standing[]> {
    const stop = () => this.stop();
    const forget = undoAtEnd(stop);
    this.#reporter.signal.addEventListener("abort", stop);
    try {
      return await this.#untilOver();
    } finally {
      this.#reporter.signal.removeEventListener("abort", stop);
      forget();
    }
  }

  /** Has tasks done, which may be new ones or have been done before. */
  give(tasks: readonly Task[]): void {
    const more = tasks.filter(({ id }) => id >= this.#plan.tasks.length);
    this.#plan = { ...this.#plan, tasks: [...this.#plan.tasks, ...more] };
    for (const { id } of tasks) {
      this.#begun.delete(id);
      this.#given?.add(id);
    }
    this.#wake();
  }

  /** Takes back what was given and has not begun. */
  takeBack(): void {
    this.#given?.clear();
  }

  /** Says that nothing more is given. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async #untilOver(): Promise<readonly Standing[]> {
    const shown = new Shown(this.#reporter, this.#plan.settings.command);
    try {
      for (;;) {
        if (this.#given === undefined && this.#plan.settings.isOpen)
          this.#plan = await readPlan(this.#plan.folder);
        const standings = await this.standings();
        shown.update(standings.map(inTurn));
        const isStopping = this.#reporter.signal.aborted;
        if (!isStopping) this.#begin(standings);
        const isOver = this.#children.size === 0 && !standings.some(({ status }) => status === "running");
        const isOpen = this.#given === undefined ? this.#plan.settings.isOpen : !this.#isClosed;
        const isLast = !isOpen && this.#next(standings).length === 0;
        if (isOver && (isStopping || isLast)) return standings;
        await this.#change();
      }
    } finally {
      shown.stop();
    }
  }

  /** Asks what runs to stop where it can go on, and what an earlier process began with it. */
  stop(): void {
    this.takeBack();
    for (const child of this.#children.values()) child.kill("SIGTERM");
    for (const other of this.#others) if (isRunning(other) === true) process.kill(other.pid, "SIGTERM");
    this.#wake();
  }

  /** Returns where tasks stand. @param tasks all if absent */
  async standings(tasks: readonly Task[] = this.#plan.tasks): Promise<Standing[]> {
    const asked = { ...this.#plan, tasks };
    const files = await this.#files.read(asked);
    const outside = await lookHere(asked, unfinished(asked, files));
    if (tasks === this.#plan.tasks)
      this.#others = [...outside].flatMap(([id, { status }]) =>
        status === "running" && !this.#children.has(id) ? files.get(id)!.begun! : [],
      );
    return tasks.map((task) => {
      const running: Outside | undefined = this.#children.has(task.id) ? { status: "running" } : undefined;
      const standing = standingOf(this.#plan, task, files.get(task.id)!, running ?? outside.get(task.id));
      const wrong = this.#begun.get(task.id);
      if (this.#given?.has(task.id)) return { ...standing, status: "waiting", code: null, message: null };
      if (running !== undefined && standing.status !== "done") return { ...standing, status: "running" };
      if (wrong !== undefined && (standing.status === "lost" || standing.status === "open"))
        return { ...standing, status: "lost", message: wrong };
      return standing;
    });
  }

  /** Tasks that can begin now: not begun here before, and all that they wait for ended well. */
  #next(standings: readonly Standing[]): Task[] {
    const { settings } = this.#plan;
    const tasks = this.#plan.tasks.slice(0, standings.length);
    const isDone = (stage: number): boolean =>
      tasks.every((task) => task.stage !== stage || standings[task.id]!.status === "done");
    const ready = settings.stages.map(({ after }) => after.every(isDone));
    return tasks.filter(
      ({ id, stage }) =>
        ready[stage] &&
        !this.#begun.has(id) &&
        this.#given?.has(id) !== false &&
        standings[id]!.status !== "done" &&
        standings[id]!.status !== "running",
    );
  }

  #begin(standings: readonly Standing[]): void {
    const most = this.#plan.settings.jobs ?? 1;
    const others = standings.filter(
      ({ id, status }) => status === "running" && !this.#children.has(id),
    ).length;
    for (const task of this.#next(standings).slice(0, Math.max(0, most - others - this.#children.size))) {
      this.#given?.delete(task.id);
      try {
        this.#start(task);
      } catch (error) {
        if (this.#given === undefined) throw error;
        this.#begun.set(task.id, messageOf(error));
      }
    }
  }

  /**
   * Starts a task's process, in a group of its own: Ctrl-C reaches it through this process alone. It asks once it has written
   * that it begins, so that none works of which the next one to do the plan would not know.
   */
  #start({ id }: Task): void {
    const { folder, settings } = this.#plan;
    const [out, log] = [openLog(outputFile(folder, id), true), openLog(logFile(folder, id), false)];
    const args = [ownProgram, "queue", "task", folder, String(id), asks];
    const env = this.#environment(id);
    const start = { cwd: settings.cwd, env, detached: true, stdio: ["ignore", out, log] } as const;
    const child = startAsking(args, start, async () => undefined);
    closeSync(out);
    closeSync(log);
    this.#begun.set(id, undefined);
    this.#children.set(id, child);
    const over = (wrong: string | undefined): void => {
      if (wrong !== undefined) this.#begun.set(id, wrong);
      this.#children.delete(id);
      this.#cards.delete(id);
      this.#wake();
    };
    child.once("error", (error) => over(`it could not be started (${messageOf(error)})`));
    child.once("exit", (code, signal) =>
      over(
        signal ? `its process was ended by ${signal}` : code === 0 ? undefined : `it ended with code ${code}`,
      ),
    );
  }

  /** The environment of a task: it is shown one card alone, the one that the fewest tasks run on. */
  #environment(id: number): NodeJS.ProcessEnv {
    const { devices } = this.#plan.settings;
    if (devices === undefined) return process.env;
    const busy = (device: number) => [...this.#cards.values()].filter((each) => each === device).length;
    const [card] = devices.toSorted((a, b) => busy(a) - busy(b));
    this.#cards.set(id, card!);
    return { ...process.env, CUDA_DEVICE_ORDER: "PCI_BUS_ID", [cardVariable]: String(card) };
  }

  /** Waits for the end of a process, or a while for what others do. */
  async #change(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const isIdle = this.#given !== undefined && this.#children.size + this.#others.length === 0;
    const waiting = new AbortController();
    await Promise.race([
      woken,
      sleep(isIdle ? betweenIdleLooks : betweenLooks, undefined, { signal: waiting.signal }).catch(
        () => undefined,
      ),
    ]);
    waiting.abort();
  }
}
