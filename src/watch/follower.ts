/** A workflow that follows what was done on tomograms: every so many, and once more at the end. */
import { basename } from "node:path";
import { messageOf } from "../system/errors.js";
import { placeIn } from "./places.js";
import type { Outcome } from "./processes.js";
import type { WatchParts, WatchSettings } from "./settings.js";
import { readDone, type Task } from "./task.js";

export class Follower {
  readonly #settings: WatchSettings;
  readonly #then: NonNullable<WatchSettings["then"]>;
  readonly #parts: WatchParts;
  /** How often tomograms had been done when it was last begun; undefined until that is read. */
  #last: number | undefined;
  #isRunning = false;

  constructor(settings: WatchSettings, then: NonNullable<WatchSettings["then"]>, parts: WatchParts) {
    this.#settings = settings;
    this.#then = then;
    this.#parts = parts;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Begins it where it is due.
   *
   * @param done how often tomograms were done
   * @param isEnd whether the watcher is about to end
   * @param over called when it has ended
   */
  async follow(done: number, isEnd: boolean, over: () => void): Promise<void> {
    this.#last ??= Number((await readDone(this.#folder))?.stamp ?? 0);
    const due = done - this.#last;
    if (this.#isRunning || this.#parts.reporter.signal.aborted || due < (isEnd ? 1 : this.#then.every))
      return;
    this.#isRunning = true;
    this.#last = done;
    void this.#parts.job
      .start(this.#task(done), this.#parts.reporter.signal)
      .catch((error: unknown): Outcome => ({ end: "failed", reason: messageOf(error) }))
      .then((outcome) => {
        if (outcome.end === "failed" || outcome.end === "interrupted")
          this.#parts.reporter.note(
            `${this.#then.path}: ${outcome.reason}; it follows again with the next tomograms`,
          );
        this.#isRunning = false;
        over();
      });
  }

  get #folder(): string {
    return placeIn(this.#settings.out, "follower");
  }

  #task(done: number): Task {
    const { data, fields } = this.#settings;
    return {
      ...{ run: basename(this.#folder), tomogram: data, stamp: String(done), data, out: this.#folder },
      ...{ workflow: this.#then.path, fields, attempt: done },
    };
  }
}
