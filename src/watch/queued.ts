/** Tasks as those of a queue: one of its plan for each tomogram, which is given again where it failed. */
import { mkdir } from "node:fs/promises";
import { betweenStandings, type Hands } from "../queue/growing.js";
import type { Task as QueueTask } from "../queue/plan.js";
import { isLive, type Standing } from "../queue/standing.js";
import type { Clock } from "../system/clock.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { isRunning, type Owner } from "../system/owner.js";
import { endGroup } from "../system/processGroup.js";
import type { Reporter } from "../system/reporter.js";
import { endOf, grace, type Job, type Outcome } from "./processes.js";
import { busyCode, doneOf, readBegun, type Task, writeTask } from "./task.js";

/** Time in ms until tasks are handed in again that the queue did not take. */
const untilAgain = 30_000;

const left: Outcome = { end: "left" };
const cutOff = (reason: string): Outcome => ({ end: "interrupted", reason });

/** A task that is ready to be handed in, and who waits for that: undefined where the watcher is stopped before. */
interface Ready {
  readonly task: Task;
  /** Its turn among those that were begun. */
  readonly turn: number;
  readonly given: (to: QueueTask | undefined) => void;
}

/** Does the work on tomograms as tasks of an open plan, which go on in Slurm where the watcher ends. */
export class QueuedJob implements Job {
  readonly #hands: Hands;
  readonly #argvOf: (task: Task) => readonly string[];
  readonly #reporter: Reporter;
  readonly #clock: Pick<Clock, "sleep">;
  /** Tasks whose end is waited for. */
  readonly #waiting = new Map<
    number,
    { readonly task: QueueTask; readonly tell: (end?: Standing) => void }
  >();
  #isLooking = false;
  #ready: Ready[] = [];
  #turns = 0;
  /** How many are made ready, to be handed in with those that are. */
  #preparing = 0;
  /** Aborted where what waits is taken back. */
  #handing = new AbortController();
  readonly #takenBack = new Set<number>();

  /** @param argvOf the command line that does a task by `takeTask`, as after `pickbench` */
  constructor(
    hands: Hands,
    argvOf: (task: Task) => readonly string[],
    { reporter, clock }: { readonly reporter: Reporter; readonly clock: Pick<Clock, "sleep"> },
  ) {
    this.#hands = hands;
    this.#argvOf = argvOf;
    this.#reporter = reporter;
    this.#clock = clock;
    if (this.#queue === "slurm") reporter.signal.addEventListener("abort", () => this.#leave());
  }

  /** Hands a task in, unless it is done or at work already; what is begun in the same moment goes together. */
  readonly start = async (task: Task): Promise<Outcome> => {
    const turn = this.#turns++;
    const earlier = this.#planned(task);
    if (earlier !== undefined && (await this.#endOf(earlier)) === undefined) return left;
    for (;;) {
      const found = await this.#prepare(task);
      if (found !== undefined && "end" in found) return found;
      if (found === undefined) break;
      while (isRunning(found) === true && !this.#isStopped) await this.#pause();
    }
    const given = await new Promise<QueueTask | undefined>((resolve) => {
      this.#ready.push({ task, turn, given: resolve });
    });
    return given === undefined ? cutOff("stopped") : this.#outcomeOf(task, given);
  };

  readonly adopt = async (task: Task): Promise<Outcome> => {
    const planned = this.#planned(task);
    if (planned === undefined) return (await endOf(task)) ?? cutOff("it had not been handed in");
    return this.#outcomeOf(task, planned, true);
  };

  readonly takeBack = async (): Promise<void> => {
    this.#handing.abort();
    this.#handing = new AbortController();
    for (const id of this.#waiting.keys()) this.#takenBack.add(id);
    await this.#hands.takeBack();
  };

  get #queue(): "slurm" | "local" {
    return this.#hands.plan.settings.queue;
  }

  get #isStopped(): boolean {
    return this.#reporter.signal.aborted;
  }

  /** The latest task of a tomogram. */
  #planned({ out }: Task): QueueTask | undefined {
    return this.#hands.plan.tasks.findLast(({ outputs }) => outputs[0] === doneOf(out));
  }

  /**
   * Makes all ready for a task, and has handed in what is ready once its caller has heard of it.
   *
   * @returns undefined where it can be handed in; how it ended; or the process here that is at it
   */
  async #prepare(task: Task): Promise<Outcome | Owner | undefined> {
    this.#preparing++;
    try {
      await mkdir(task.out, { recursive: true });
      const end = await endOf(task);
      if (end?.end === "done") return end;
      const begun = await readBegun(task.out);
      if (this.#isStopped) return cutOff("stopped");
      if (begun && isRunning(begun) === true) return begun;
      if (begun && this.#queue === "local") await endGroup(begun, grace);
      await writeTask(task);
      return undefined;
    } finally {
      this.#preparing--;
      setImmediate(() => this.#handInReady());
    }
  }

  /** Hands in what is ready, once nothing more is made so. */
  #handInReady(): void {
    if (this.#preparing > 0 || this.#ready.length === 0) return;
    const batch = this.#ready.sort((a, b) => a.turn - b.turn);
    this.#ready = [];
    void this.#handIn(batch);
  }

  async #handIn(batch: readonly Ready[]): Promise<void> {
    const signal = AbortSignal.any([this.#reporter.signal, this.#handing.signal]);
    while (!signal.aborted)
      try {
        const tasks = await this.#tasksOf(batch);
        await this.#hands.give(tasks);
        for (const [at, { given }] of batch.entries()) given(tasks[at]!);
        return;
      } catch (error) {
        this.#reporter.note(`${messageOf(error)}; tried again in ${untilAgain / 1000} s`);
        await this.#clock.sleep(untilAgain, signal);
      }
    for (const { given } of batch) given(undefined);
  }

  /** The plan's tasks for tomograms: those that did not end well, else new ones. */
  async #tasksOf(batch: readonly Ready[]): Promise<QueueTask[]> {
    const there = batch.map(({ task }) => this.#planned(task));
    const standings = await this.#hands.standings(there.flatMap((each) => each ?? []));
    if (standings === undefined)
      throw new PickbenchError("System", "the queue does not say where tasks stand");
    const done = standings.filter(({ status }) => status === "done").map(({ id }) => id);
    const usable = there.map((each) => (each && !done.includes(each.id) ? each : undefined));
    const fresh = await this.#hands.add(
      batch
        .filter((_, at) => usable[at] === undefined)
        .map(({ task }) => ({
          ...{ name: task.run, stage: 0, argv: [...this.#argvOf(task)], outputs: [doneOf(task.out)] },
        })),
    );
    const added = fresh.values();
    return usable.map((each) => each ?? added.next().value!);
  }

  /** Waits until a task is no longer at work. @returns where it stands; undefined where the watcher leaves it there */
  #endOf(task: QueueTask): Promise<Standing | undefined> {
    if (this.#isStopped && this.#queue === "slurm") return Promise.resolve(undefined);
    return new Promise((tell) => {
      this.#waiting.set(task.id, { task, tell });
      if (!this.#isLooking) void this.#look();
    });
  }

  /** Looks at the tasks that are waited for, until there are none. */
  async #look(): Promise<void> {
    this.#isLooking = true;
    await new Promise(setImmediate);
    while (this.#waiting.size > 0) {
      const asked = [...this.#waiting.values()];
      const standings = await this.#hands.standings(asked.map(({ task }) => task)).catch(() => undefined);
      for (const [at, { task, tell }] of asked.entries()) {
        const standing = standings?.[at];
        if (standing === undefined || isLive(standing)) continue;
        this.#waiting.delete(task.id);
        tell(standing);
      }
      if (this.#waiting.size > 0) await this.#pause();
    }
    this.#isLooking = false;
  }

  /** Not cut short where the watcher is stopped: what runs here is waited for. */
  #pause(): Promise<void> {
    return this.#clock.sleep(betweenStandings[this.#queue], new AbortController().signal);
  }

  #leave(): void {
    for (const { tell } of this.#waiting.values()) tell(undefined);
    this.#waiting.clear();
  }

  /** @param isAdopted whether an earlier watcher handed it in */
  async #outcomeOf(task: Task, planned: QueueTask, isAdopted = false): Promise<Outcome> {
    const standing = await this.#endOf(planned);
    if (standing === undefined) return left;
    const { status, code, message } = standing;
    const end = await endOf(task);
    if (end?.end === "done") return end;
    const isLost = status === "lost" && isAdopted && this.#queue === "local";
    if (isLost) return cutOff("its process was killed");
    if (this.#isStopped) return cutOff("stopped");
    if (this.#takenBack.delete(planned.id) && status !== "failed" && status !== "stopped")
      return cutOff("taken back");
    if (status === "open") return cutOff("it had not been handed in");
    if (status === "done") return cutOff("it was done for what the tomogram was before");
    if (code === busyCode) return cutOff("another process was at it");
    return end ?? { end: "failed", reason: `${status}${message === null ? "" : `: ${message}`}` };
  }
}
