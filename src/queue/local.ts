/** Does the tasks of a plan in processes of this machine, some at a time, stage by stage. */
import type { ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { undoAtEnd } from "../system/ending.js";
import { messageOf } from "../system/errors.js";
import { isRunning } from "../system/owner.js";
import { ownProgram } from "../system/program.js";
import type { Reporter } from "../system/reporter.js";
import { startAsking } from "../system/startedProcess.js";
import { openLog } from "./logs.js";
import { logFile, outputFile, type Plan, readPlan, type Task } from "./plan.js";
import { inTurn, type Outside, type Standing, standingOf } from "./standing.js";
import { asks, readTask } from "./states.js";
import { Files, Shown, type Told, unfinished } from "./watching.js";

/** Time in ms between two looks at tasks that another process began, and at what was added to an open plan. */
const betweenLooks = 200;

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
 * @param told hears of each look
 * @returns where the tasks stand in the end
 */
export async function doHere(
  plan: Plan,
  reporter: Reporter,
  told: Told = () => undefined,
): Promise<readonly Standing[]> {
  const work = new LocalWork(plan, reporter, told);
  const stop = () => work.stop();
  const forget = undoAtEnd(stop);
  reporter.signal.addEventListener("abort", stop);
  try {
    return await work.all();
  } finally {
    reporter.signal.removeEventListener("abort", stop);
    forget();
  }
}

class LocalWork {
  #plan: Plan;
  readonly #reporter: Reporter;
  readonly #told: Told;
  readonly #files: Files;
  readonly #children = new Map<number, ChildProcess>();
  /** Tasks that were begun here, and what went wrong outside of them. */
  readonly #begun = new Map<number, string | undefined>();
  #wake: () => void = () => undefined;

  constructor(plan: Plan, reporter: Reporter, told: Told) {
    this.#plan = plan;
    this.#reporter = reporter;
    this.#told = told;
    this.#files = new Files(plan.folder);
  }

  async all(): Promise<readonly Standing[]> {
    const shown = new Shown(this.#reporter, this.#plan.settings.command);
    try {
      for (;;) {
        if (this.#plan.settings.isOpen) this.#plan = await readPlan(this.#plan.folder);
        const standings = await this.#standings();
        shown.update(standings.map(inTurn));
        this.#told(standings);
        const isStopping = this.#reporter.signal.aborted;
        if (!isStopping) this.#begin(standings);
        const isOver = this.#children.size === 0 && !standings.some(({ status }) => status === "running");
        const isLast = !this.#plan.settings.isOpen && this.#next(standings).length === 0;
        if (isOver && (isStopping || isLast)) return standings;
        await this.#change();
      }
    } finally {
      shown.stop();
    }
  }

  stop(): void {
    for (const child of this.#children.values()) child.kill("SIGTERM");
    this.#wake();
  }

  async #standings(): Promise<Standing[]> {
    const files = await this.#files.read(this.#plan);
    const outside = await lookHere(this.#plan, unfinished(this.#plan, files));
    return this.#plan.tasks.map((task) => {
      const running: Outside | undefined = this.#children.has(task.id) ? { status: "running" } : undefined;
      const standing = standingOf(this.#plan, task, files.get(task.id)!, running ?? outside.get(task.id));
      const wrong = this.#begun.get(task.id);
      if (running !== undefined && standing.status !== "done") return { ...standing, status: "running" };
      if (wrong !== undefined && (standing.status === "lost" || standing.status === "open"))
        return { ...standing, status: "lost", message: wrong };
      return standing;
    });
  }

  /** Tasks that can begin now: not begun here before, and all that they wait for ended well. */
  #next(standings: readonly Standing[]): Task[] {
    const { tasks, settings } = this.#plan;
    const isDone = (stage: number): boolean =>
      tasks.every((task) => task.stage !== stage || standings[task.id]!.status === "done");
    const ready = settings.stages.map(({ after }) => after.every(isDone));
    return tasks.filter(
      ({ id, stage }) =>
        ready[stage] &&
        !this.#begun.has(id) &&
        standings[id]!.status !== "done" &&
        standings[id]!.status !== "running",
    );
  }

  #begin(standings: readonly Standing[]): void {
    const most = this.#plan.settings.jobs ?? 1;
    const others = standings.filter(
      ({ id, status }) => status === "running" && !this.#children.has(id),
    ).length;
    for (const task of this.#next(standings).slice(0, Math.max(0, most - others - this.#children.size)))
      this.#start(task);
  }

  /**
   * Starts a task's process, in a group of its own: Ctrl-C reaches it through this process alone. It asks once it has written
   * that it begins, so that none works of which the next one to do the plan would not know.
   */
  #start({ id }: Task): void {
    const { folder, settings } = this.#plan;
    const [out, log] = [openLog(outputFile(folder, id), true), openLog(logFile(folder, id), false)];
    const args = [ownProgram, "queue", "task", folder, String(id), asks];
    const start = { cwd: settings.cwd, detached: true, stdio: ["ignore", out, log] } as const;
    const child = startAsking(args, start, async () => undefined);
    closeSync(out);
    closeSync(log);
    this.#begun.set(id, undefined);
    this.#children.set(id, child);
    const over = (wrong: string | undefined): void => {
      if (wrong !== undefined) this.#begun.set(id, wrong);
      this.#children.delete(id);
      this.#wake();
    };
    child.once("error", (error) => over(`it could not be started (${messageOf(error)})`));
    child.once("exit", (code, signal) =>
      over(
        signal ? `its process was ended by ${signal}` : code === 0 ? undefined : `it ended with code ${code}`,
      ),
    );
  }

  /** Waits for the end of a process, or a while for what others do. */
  async #change(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const waiting = new AbortController();
    await Promise.race([
      woken,
      sleep(betweenLooks, undefined, { signal: waiting.signal }).catch(() => undefined),
    ]);
    waiting.abort();
  }
}
