/** Trainings and plans below the opened folders, for a page that asks again and again. */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { wallClock } from "../../system/clock.js";
import { PickbenchError } from "../../system/errors.js";
import { readBytes } from "../../system/paths/opening.js";
import { type Found, type FoundPlan, type FoundTraining, findProgress } from "./found.js";
import { type Grown, LogFollower } from "./logFollower.js";
import { ReadFiles, readTraining, reportFile, type Training } from "./training.js";

/** What a page lists. */
export interface TrainingList {
  readonly trainings: readonly Training[];
  /** Whether there are more folders than were looked into. */
  readonly isCut: boolean;
}

/** Least time in ms for which folders are not looked through again, and how many times what looking took. */
const fresh = 2000;
const times = 20;
/** Logs whose curves are kept. */
const mostLogs = 64;
/** Trainings whose files are read at once. */
const atOnce = 8;
/** Bytes of a report that is passed on. */
const largestReport = 64 * 2 ** 20;

export class Trainings {
  readonly #roots: readonly string[];
  readonly #logs = new Map<string, LogFollower>();
  readonly #read = new ReadFiles();
  #found: { until: number; readonly what: Promise<Found> } | undefined;

  /** @param roots the folders that were opened */
  constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  async list(): Promise<TrainingList> {
    const { trainings: found, isCut } = await this.#look();
    const byId = new Map(found.map((each) => [each.id, each]));
    const trainings: Training[] = [];
    for (let from = 0; from < found.length; from += atOnce)
      trainings.push(
        ...(await Promise.all(
          found
            .slice(from, from + atOnce)
            .map((each) => readTraining(each, byId.get(each.parent ?? ""), this.#read)),
        )),
      );
    return { trainings, isCut };
  }

  async plans(): Promise<readonly FoundPlan[]> {
    return (await this.#look()).plans;
  }

  /** Returns what a log holds behind a line; see `LogFollower`. @throws PickbenchError BadUsage for an unknown id */
  async curves(id: string, since?: number, version?: number): Promise<Grown> {
    const { path } = await this.named(id);
    const log = this.#logs.get(path) ?? new LogFollower(join(path, "log.jsonl"));
    this.#logs.delete(path);
    this.#logs.set(path, log);
    const [oldest] = this.#logs.keys();
    if (this.#logs.size > mostLogs) this.#logs.delete(oldest!);
    return log.grown(since, version);
  }

  /** Returns the page that `pickbench report` wrote; undefined where there is none. */
  async report(id: string): Promise<Uint8Array | undefined> {
    const path = join((await this.named(id)).path, reportFile);
    const there = await lstat(path).catch(() => undefined);
    return there?.isFile() && there.size <= largestReport ? readBytes(path) : undefined;
  }

  /** Returns a training that was found. @throws PickbenchError BadUsage where none has this id */
  async named(id: string): Promise<FoundTraining> {
    const found = (await this.#look()).trainings.find((training) => training.id === id);
    if (found) return found;
    throw new PickbenchError(
      "BadUsage",
      `no training ${id} lies in what was opened any more; choose another`,
    );
  }

  /** Looks anew after a while, that is longer where looking takes long. */
  #look(): Promise<Found> {
    const begun = wallClock();
    if (this.#found !== undefined && begun < this.#found.until) return this.#found.what;
    const found = { until: Number.POSITIVE_INFINITY, what: findProgress(this.#roots) };
    this.#found = found;
    const done = (): void => {
      const now = wallClock();
      found.until = now + Math.max(fresh, times * (now - begun));
    };
    found.what.then(done, done);
    return found.what;
  }
}
