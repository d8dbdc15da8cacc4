/** Looks at the tasks of a plan until nothing more comes of it, and shows how far it has come. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Progress, Reporter } from "../system/reporter.js";
import { type Plan, readPlan } from "./plan.js";
import { endlessReason } from "./slurm/looking.js";
import { countsText, isLive, isSettled, type Outside, type Standing, standingOf } from "./standing.js";
import { readTask, type TaskFiles, touchedTasks } from "./states.js";

/** Asks whoever does the tasks where those without a good end stand. */
export type Look = (plan: Plan, ids: readonly number[]) => Promise<Map<number, Outside>>;

/** Times in ms between two looks at the files, and at the queue: the second grows, to spare a busy cluster. */
const betweenLooks = 1000;
const firstAsking = 2000;
const longestAsking = 15_000;

/** Times in ms that a task without a word may be gone: on a network's disk its end is seen late, by as much as a minute. */
const lateness = 8000;
const latenessOfGood = 70_000;

/** Reads the ends of tasks once each. */
export class Files {
  readonly #folder: string;
  readonly #done = new Map<number, TaskFiles>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Returns what each task has written. */
  async read(plan: Plan): Promise<Map<number, TaskFiles>> {
    const touched = await touchedTasks(this.#folder);
    const found = new Map<number, TaskFiles>();
    for (const { id } of plan.tasks) {
      const files = this.#done.get(id) ?? (touched.has(id) ? await readTask(this.#folder, id) : nothing);
      if (files.end?.code === 0) this.#done.set(id, files);
      found.set(id, files);
    }
    return found;
  }
}

const nothing: TaskFiles = { begun: undefined, end: undefined };

/** Returns the tasks that have not ended well. */
export const unfinished = ({ tasks }: Plan, files: ReadonlyMap<number, TaskFiles>): number[] =>
  tasks.filter(({ id }) => files.get(id)!.end?.code !== 0).map(({ id }) => id);

/** Returns where all tasks of a plan stand now. */
export async function standingsOf(plan: Plan, look: Look): Promise<Standing[]> {
  const files = await new Files(plan.folder).read(plan);
  const outside = await look(plan, unfinished(plan, files));
  return plan.tasks.map((task) => standingOf(plan, task, files.get(task.id)!, outside.get(task.id)));
}

/** Shows how many tasks of a plan are done. */
export class Shown {
  readonly #reporter: Reporter;
  readonly #label: string;
  #progress: Progress | undefined;
  readonly #told = new Set<string>();

  constructor(reporter: Reporter, label: string) {
    this.#reporter = reporter;
    this.#label = label;
  }

  update(standings: readonly Standing[]): void {
    const done = standings.filter(({ status }) => status === "done").length;
    this.#progress ??= this.#reporter.progress(this.#label, standings.length, "tasks", { from: done });
    this.#progress.update(done, countsText(standings));
    for (const { name, status, message, reason } of standings) {
      if (status === "failed" || status === "lost") this.#tell(`${name} ${status}: ${message ?? "no word"}`);
      const why = reason === null ? undefined : endlessReason(reason);
      if (why !== undefined) this.#tell(`${name} waits, and Slurm says ${reason}: ${why}`, reason!);
    }
  }

  /** @param about what is said once */
  #tell(line: string, about = line): void {
    if (this.#told.has(about)) return;
    this.#told.add(about);
    this.#progress?.say(line);
  }

  stop(): void {
    this.#progress?.stop();
    this.#progress = undefined;
  }
}

/** Looks at tasks again and again, at the queue less often, and takes none for gone before its word may have come late. */
export class Lookout {
  readonly #look: Look;
  readonly #reporter: Reporter;
  readonly #files: Files;
  readonly #gone = new Map<number, number>();
  #outside = new Map<number, Outside>();
  #asked = Number.NEGATIVE_INFINITY;
  #askedAfter: ReadonlySet<number> = new Set();
  #between = firstAsking;
  #isSilent = false;

  constructor(folder: string, look: Look, reporter: Reporter) {
    this.#look = look;
    this.#reporter = reporter;
    this.#files = new Files(folder);
  }

  /** Whether the queue did not answer when it was last asked, as a controller that is restarted: of its tasks nothing is known. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Has the queue asked at the next look, as where tasks were handed in. */
  askAnew(): void {
    this.#asked = Number.NEGATIVE_INFINITY;
  }

  /** Returns where the tasks of a plan stand, which may be others than at the last look. */
  async standings(plan: Plan): Promise<Standing[]> {
    const now = performance.now();
    const found = await this.#files.read(plan);
    const open = unfinished(plan, found);
    if (open.some((id) => !this.#askedAfter.has(id))) this.askAnew();
    if (open.length > 0 && now - this.#asked >= this.#between) await this.#ask(plan, open, now);
    return plan.tasks.map((task) => {
      const known = this.#outside.get(task.id);
      const most = known?.isLate ? latenessOfGood : lateness;
      return patient(standingOf(plan, task, found.get(task.id)!, known), this.#gone, now - most);
    });
  }

  async #ask(plan: Plan, open: readonly number[], now: number): Promise<void> {
    this.#between = this.#asked < 0 ? firstAsking : Math.min(longestAsking, this.#between * 1.3);
    this.#asked = now;
    this.#askedAfter = new Set(open);
    try {
      this.#outside = await this.#look(plan, open);
      this.#isSilent = false;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      if (!this.#isSilent) this.#reporter.note(`${said}; waiting for it`);
      this.#isSilent = true;
      this.#outside = new Map([...this.#outside].filter(([, outside]) => isLive(outside)));
    }
  }
}

/**
 * Waits until every task of a plan has ended, or is gone, and of an open plan until it is closed; the signal of the
 * reporter ends the waiting alone.
 *
 * @returns where they stand; undefined where the waiting was ended
 */
export async function watchTasks(
  begun: Plan,
  look: Look,
  reporter: Reporter,
): Promise<readonly Standing[] | undefined> {
  const shown = new Shown(reporter, begun.settings.command);
  const lookout = new Lookout(begun.folder, look, reporter);
  let plan = begun;
  try {
    for (;;) {
      if (plan.settings.isOpen) plan = await readPlan(plan.folder);
      const standings = await lookout.standings(plan);
      shown.update(standings);
      if (!plan.settings.isOpen && standings.every(isSettled)) return standings;
      await sleep(betweenLooks, undefined, { signal: reporter.signal }).catch(() => undefined);
      if (reporter.signal.aborted) return undefined;
    }
  } finally {
    shown.stop();
  }
}

/**
 * Takes a task for gone once it has been gone for a while.
 *
 * @param gone when each was first seen to be
 * @param latest when that must have been
 */
function patient(standing: Standing, gone: Map<number, number>, latest: number): Standing {
  if (standing.status !== "lost" && standing.status !== "cancelled" && standing.status !== "stopped") {
    gone.delete(standing.id);
    return standing;
  }
  const since = gone.get(standing.id) ?? performance.now();
  gone.set(standing.id, since);
  return since <= latest ? standing : { ...standing, status: "running", message: null };
}
