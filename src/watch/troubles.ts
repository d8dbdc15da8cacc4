/** What holds a watcher up: said when it begins, and when it is over. */
import { statfs } from "node:fs/promises";
import { messageOf } from "../system/errors.js";

/** What can hold a watcher up: the folder that is watched, the ledger, the disk of the outputs, the queue. */
type Source = "folder" | "ledger" | "room" | "queue";

export class Troubles {
  readonly #say: (line: string) => void;
  readonly #current = new Map<Source, string>();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** All that holds it up now; undefined where nothing does. */
  get text(): string | undefined {
    return this.#current.size === 0 ? undefined : [...this.#current.values()].join("; ");
  }

  /** Notes what a source is up to; undefined where it holds nothing up. */
  set(source: Source, trouble: string | undefined): void {
    const before = this.#current.get(source);
    if (trouble === before) return;
    if (trouble === undefined) {
      this.#current.delete(source);
      this.#say(`over: ${before}`);
    } else {
      this.#current.set(source, trouble);
      this.#say(trouble);
    }
  }
}

/** Free bytes below which nothing is begun: a step that finds the disk full fails for no fault of the tomogram. */
const leastFree = 100e6;

/** Says why nothing can be written into a folder; undefined where it can. */
export async function shortOfRoom(folder: string): Promise<string | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize < leastFree
      ? `${folder}: less than ${leastFree / 1e6} MB are free on its disk`
      : undefined;
  } catch (error) {
    return `${folder}: ${messageOf(error)}`;
  }
}
