/** The loop of a watcher: looks, takes what is complete, tries again what failed, and ends. */
import { lstat, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { plural, seconds as timeText } from "../present/text.js";
import { messageOf } from "../system/errors.js";
import { thisProcess } from "../system/owner.js";
import type { Arrival } from "./arrivals.js";
import { atOnce } from "./atOnce.js";
import { Book } from "./book.js";
import { Follower } from "./follower.js";
import { Judge } from "./judge.js";
import { type NewEvent, readLedger } from "./ledger.js";
import { placeIn } from "./places.js";
import { Poll } from "./poll.js";
import type { Job, Outcome } from "./processes.js";
import { takeRequests } from "./requests.js";
import type { WatchParts, WatchSettings, WatchView } from "./settings.js";
import type { Standing } from "./standing.js";
import { readDone, secondsOf, type Task } from "./task.js";
import { shortOfRoom, Troubles } from "./troubles.js";

/** Time in ms from a failure to the next attempt: 1, 5, 25 … minutes. */
const backOff = (failures: number): number => 60_000 * 5 ** Math.min(failures, 6);

/**
 * Watches a folder until it is idle, a stop file stands there, or the reporter's signal says so: then what runs is stopped
 * where it can go on.
 *
 * @returns where all stands in the end
 */
export async function watchFolder(settings: WatchSettings, parts: WatchParts): Promise<WatchView> {
  const content = await readLedger(settings.out);
  return new Watcher(settings, parts, new Book(settings.out, content, parts.clock.wall)).run();
}

class Watcher {
  readonly #settings: WatchSettings;
  readonly #parts: WatchParts;
  readonly #book: Book;
  readonly #poll: Poll;
  readonly #troubles: Troubles;
  readonly #follower: Follower | undefined;
  readonly #running = new Set<string>();
  /** When those that failed are due, by the clock that runs evenly. */
  readonly #due = new Map<string, number>();
  /** Runs that were tried by this watcher, where it looks once. */
  readonly #tried = new Set<string>();
  #present: ReadonlySet<string> = new Set();
  #missing: ReadonlyMap<string, string> = new Map();
  #lastMove: number;
  #isTakenBack = false;
  #wake = new AbortController();

  constructor(settings: WatchSettings, parts: WatchParts, book: Book) {
    const { elapsed, wall } = parts.clock;
    this.#settings = settings;
    this.#parts = parts;
    this.#book = book;
    this.#poll = new Poll(new Judge(settings, elapsed), settings.againChanged);
    this.#troubles = new Troubles((line) => parts.reporter.note(line));
    this.#follower = settings.then && new Follower(settings, settings.then, parts);
    this.#lastMove = elapsed();
    for (const { run, at, retrySeconds = 0 } of book.standings.values()) {
      const passed = Math.max(0, wall() - Date.parse(at));
      this.#due.set(run, elapsed() + Math.max(0, 1000 * retrySeconds - passed));
    }
    const { data, workflow } = settings;
    book.begin({ watch: 1, data, workflow: workflow.path, sha256: workflow.sha256, ...thisProcess() });
  }

  async run(): Promise<WatchView> {
    const { reporter, clock } = this.#parts;
    const wake = () => this.#wake.abort();
    reporter.signal.addEventListener("abort", wake);
    for (const { run, state } of this.#book.standings.values())
      if (state === "running") this.#begin(run, this.#parts.job.adopt);
    let nextLook = clock.elapsed();
    let looks = 0;
    try {
      for (;;) {
        if (clock.elapsed() >= nextLook) {
          await this.#look();
          looks++;
          nextLook = clock.elapsed() + this.#settings.every;
        }
        const ended = await this.#endedBy(looks);
        await this.#follower?.follow(this.#book.doneCount, ended !== undefined, () => this.#wake.abort());
        if (ended !== undefined && !this.#follower?.isRunning) return await this.#end(ended);
        if (ended === undefined) await this.#beginReady();
        await this.#show(undefined);
        await clock.sleep(Math.max(0, nextLook - clock.elapsed()), this.#wake.signal);
        this.#wake = new AbortController();
      }
    } finally {
      reporter.signal.removeEventListener("abort", wake);
    }
  }

  /** Looks at the folder, and notes what became of it. */
  async #look(): Promise<void> {
    try {
      await this.#takeBack();
      const arrivals = await this.#parts.arrivals();
      await this.#catchUp(arrivals);
      const { events, present, missing, isMoving } = await this.#poll.look(arrivals, this.#book.standings);
      this.#present = present;
      this.#missing = missing;
      for (const event of events) this.#book.note(event);
      if (isMoving) this.#moved();
      this.#troubles.set("folder", undefined);
    } catch (error) {
      this.#present = new Set();
      this.#troubles.set("folder", `${messageOf(error)}; looks again until it can be read`);
    }
    await this.#write();
  }

  /** Takes over from end files what the ledger does not know, as where it was lost. */
  async #catchUp(arrivals: readonly Arrival[]): Promise<void> {
    const unknown = arrivals.filter(({ run, isMisnamed }) => !isMisnamed && !this.#book.standings.has(run));
    const ends = await atOnce(unknown, ({ run }) => readDone(join(this.#settings.out, run)));
    for (const [at, done] of ends.entries()) {
      if (done === undefined) continue;
      const { run } = unknown[at]!;
      const { attempt, stamp } = done;
      this.#book.note({ run, state: "done", attempt, stamp, seconds: secondsOf(done) });
    }
  }

  /** Puts back what somebody asked for by `--retry`. */
  async #takeBack(): Promise<void> {
    await takeRequests(this.#settings.out, (asked) => {
      for (const { run, state, path, stamp } of this.#book.standings.values()) {
        if ((state !== "failed" && state !== "aside") || !(asked.has(run) || asked.has("failed"))) continue;
        if (path === undefined || stamp === undefined) continue;
        this.#book.note({ run, state: "waiting", path, stamp, isNew: true, reason: "asked for again" });
        this.#due.delete(run);
        this.#tried.delete(run);
        this.#moved();
      }
      return this.#book.write();
    });
  }

  /** Begins as many as may run, those with the fewest attempts first. */
  async #beginReady(): Promise<void> {
    const room = this.#settings.jobs - this.#running.size;
    if (room <= 0 || this.#parts.reporter.signal.aborted || (await this.#isStopAsked())) return;
    const ready = this.#ready().sort((a, b) => a.attempt - b.attempt);
    const { isTogether, jobs } = this.#settings;
    if (isTogether && room < Math.min(ready.length, Math.ceil(jobs / 2))) return;
    if (ready.length === 0 || (this.#book.isBehind && !(await this.#write()))) return;
    const short = await shortOfRoom(this.#settings.out);
    this.#troubles.set("room", short && `${short}; nothing is begun until there is room`);
    if (short !== undefined) return;
    const next = ready.slice(0, room);
    for (const { run, attempt } of next) this.#book.note({ run, state: "running", attempt: attempt + 1 });
    const isNoted = await this.#write();
    for (const { run } of next)
      if (isNoted) this.#begin(run, this.#parts.job.start);
      else this.#book.note(this.#backAgain(run, "the ledger could not be written"));
  }

  /** Those that can be taken now. */
  #ready(): Standing[] {
    const now = this.#parts.clock.elapsed();
    return this.#pending().filter(({ run }) => (this.#due.get(run) ?? 0) <= now);
  }

  /** Those that are to be taken now or later. */
  #pending(): Standing[] {
    return [...this.#book.standings.values()].filter(
      ({ run, state }) =>
        (state === "waiting" || state === "failed") && this.#present.has(run) && !this.#tried.has(run),
    );
  }

  #begin(run: string, work: Job["start"]): void {
    const { data, out, workflow, fields } = this.#settings;
    const { path: tomogram, stamp, attempt } = this.#book.standings.get(run)!;
    const task: Task = {
      ...{ run, tomogram: tomogram!, stamp: stamp!, data, out: join(out, run) },
      ...{ workflow: workflow.path, fields, attempt },
    };
    this.#running.add(run);
    void work(task, this.#parts.reporter.signal)
      .catch((error: unknown): Outcome => ({ end: "failed", reason: messageOf(error) }))
      .then((outcome) => this.#finish(task, outcome));
  }

  async #finish(task: Task, outcome: Outcome): Promise<void> {
    const { run, attempt, stamp } = task;
    if (outcome.end === "left") {
      this.#running.delete(run);
      return this.#wake.abort();
    }
    const excuse = outcome.end === "failed" ? await this.#excuseOf(task) : undefined;
    if (outcome.end === "done") {
      this.#book.note({ run, state: "done", attempt, stamp, seconds: outcome.seconds });
      if (!this.#settings.quiet) this.#parts.reporter.note(`${run}: done in ${timeText(outcome.seconds)}`);
    } else if (outcome.end === "interrupted" || excuse !== undefined)
      this.#book.note(this.#backAgain(run, excuse ?? outcome.reason));
    else this.#fail(task, outcome.reason);
    if (this.#settings.once && outcome.end !== "interrupted") this.#tried.add(run);
    this.#running.delete(run);
    this.#moved();
    await this.#write();
    this.#wake.abort();
  }

  #fail({ run, attempt }: Task, reason: string): void {
    const { failures } = this.#book.standings.get(run)!;
    const isLast = failures + 1 >= this.#settings.tries;
    const delay = backOff(failures);
    this.#due.set(run, this.#parts.clock.elapsed() + delay);
    if (isLast) this.#book.note({ run, state: "aside", attempt, reason });
    else this.#book.note({ run, state: "failed", attempt, reason, retrySeconds: delay / 1000 });
    const next = isLast
      ? `set aside after ${plural(failures + 1, "attempt")}`
      : `tried again in ${timeText(delay / 1000)}`;
    this.#parts.reporter.note(`${run}: failed, ${next}: ${reason}`);
  }

  /** Why a failure is none of the tomogram's; undefined where it is. */
  async #excuseOf({ tomogram }: Task): Promise<string | undefined> {
    const isGone = await stat(tomogram).then(
      () => false,
      () => true,
    );
    return isGone ? "it went away while it was worked on" : shortOfRoom(this.#settings.out);
  }

  #backAgain(run: string, reason: string): NewEvent {
    const { path, stamp } = this.#book.standings.get(run)!;
    return { run, state: "waiting", path: path!, stamp: stamp!, isNew: false, reason };
  }

  /** Why the watcher is to end now; undefined where it goes on. */
  async #endedBy(looks: number): Promise<string | undefined> {
    const { idle, once } = this.#settings;
    const isResting = this.#running.size === 0;
    if (this.#parts.reporter.signal.aborted) return isResting ? "stopped" : undefined;
    if (await this.#isStopAsked()) {
      if (isResting) return `${this.#stopFile} asked for it`;
      await this.#takeBackWaiting();
      return undefined;
    }
    if (!isResting || this.#ready().length > 0) return undefined;
    if (once) return looks > 1 ? "all that was complete was tried" : undefined;
    if (this.#pending().length > 0 || idle === undefined) return undefined;
    const quiet = this.#parts.clock.elapsed() - this.#lastMove;
    return quiet >= idle ? `nothing came for ${timeText(quiet / 1000)}` : undefined;
  }

  /** Has a queue give back what only waits there, once. */
  async #takeBackWaiting(): Promise<void> {
    if (this.#isTakenBack) return;
    try {
      await this.#parts.job.takeBack?.();
      this.#isTakenBack = true;
      this.#troubles.set("queue", undefined);
    } catch (error) {
      this.#troubles.set("queue", messageOf(error));
    }
  }

  get #stopFile(): string {
    return placeIn(this.#settings.out, "stop");
  }

  async #isStopAsked(): Promise<boolean> {
    const there = await lstat(this.#stopFile).catch(() => undefined);
    return there !== undefined && !there.isDirectory();
  }

  async #end(ended: string): Promise<WatchView> {
    await this.#write();
    if (await this.#isStopAsked()) await rm(this.#stopFile, { force: true });
    this.#parts.reporter.note(`the watcher ends: ${ended}`);
    return this.#show(ended);
  }

  async #show(ended: string | undefined): Promise<WatchView> {
    const standings = [...this.#book.standings.values()];
    const view = { standings, missing: this.#missing, trouble: this.#troubles.text, ended };
    await this.#parts.show(view);
    return view;
  }

  /** Writes what was noted. @returns whether that could be done */
  async #write(): Promise<boolean> {
    const why = await this.#book.write().then(
      () => undefined,
      (error: unknown) => messageOf(error),
    );
    const { out } = this.#settings;
    const trouble = `the ledger in ${out} cannot be written (${why}); nothing is begun until it can`;
    this.#troubles.set("ledger", why === undefined ? undefined : trouble);
    return why === undefined;
  }

  #moved(): void {
    this.#lastMove = this.#parts.clock.elapsed();
  }
}
