/** A watcher's account: where each tomogram stands, in memory at once and in the ledger as soon as that can be written. */
import {
  type LedgerContent,
  LedgerWriter,
  type NewEvent,
  type WatchBegun,
  type WatchEvent,
} from "./ledger.js";
import { after, type Standing, standingsOf } from "./standing.js";

export class Book {
  readonly #standings: Map<string, Standing>;
  readonly #ledger: LedgerWriter;
  readonly #wall: () => number;
  /** Lines that could not be written yet. */
  #unwritten: (WatchEvent | WatchBegun)[] = [];
  #writing: Promise<unknown> = Promise.resolve();
  #doneCount: number;

  /** @param wall time of day in ms */
  constructor(out: string, content: LedgerContent, wall: () => number) {
    this.#standings = standingsOf(content.events);
    this.#ledger = new LedgerWriter(out, content);
    this.#wall = wall;
    this.#doneCount = content.events.filter(({ state }) => state === "done").length;
  }

  /** How often a tomogram was done. */
  get doneCount(): number {
    return this.#doneCount;
  }

  get standings(): ReadonlyMap<string, Standing> {
    return this.#standings;
  }

  /** Whether there are lines that could not be written. */
  get isBehind(): boolean {
    return this.#unwritten.length > 0;
  }

  /** Notes with what a watcher begins. */
  begin(begun: Omit<WatchBegun, "at">): void {
    this.#unwritten.push({ at: this.#now(), ...begun });
  }

  /** Notes a change, which `write` brings to the disk. */
  note(event: NewEvent): void {
    const dated = { at: this.#now(), ...event };
    this.#standings.set(event.run, after(this.#standings.get(event.run), dated));
    this.#unwritten.push(dated);
    if (event.state === "done") this.#doneCount++;
  }

  /** Writes what was noted. @throws Error of the system; what was noted is kept */
  async write(): Promise<void> {
    const writing = this.#writing.then(async () => {
      const lines = this.#unwritten;
      this.#unwritten = [];
      try {
        await this.#ledger.append(lines);
      } catch (error) {
        this.#unwritten = [...lines, ...this.#unwritten];
        throw error;
      }
    });
    this.#writing = writing.catch(() => undefined);
    return writing;
  }

  #now = (): string => new Date(this.#wall()).toISOString();
}
