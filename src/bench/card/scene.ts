/** What a bench of cards knows throughout: engines, cards, the clock, and how a measurement is begun, limited and told. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Availability, availableEngines } from "../../engines/available.js";
import { type Card, findCards } from "../../engines/cards.js";
import type { EngineName } from "../../engines/engine.js";
import { seconds } from "../../present/text.js";
import { undoAtEnd } from "../../system/ending.js";
import { messageOf } from "../../system/errors.js";
import type { Progress, Reporter } from "../../system/reporter.js";
import { builtModule } from "../../system/threads/threads.js";
import type { BenchOptions, BenchRow } from "../measured.js";
import type { MeasureAnswer, MeasureJob } from "./measure.js";
import { type MemoryWatch, watchMemory } from "./smiMemory.js";
import { Timetable } from "./timetable.js";

/** An engine that is measured. */
export interface MeasuredEngine {
  readonly engine: EngineName;
  /** Where it computes, as `pickbench engines` says it. */
  readonly runsOn: string;
  /** Whether it computes on a card, or on what takes one's place. */
  readonly isCard: boolean;
  /** Fields of the card for rows; empty where it is not known, or not this engine's. */
  readonly card: BenchRow;
}

/** What came of a measurement: its result, or why there is none. */
export type Outcome<T> = { readonly result: T } | { readonly failed: string };

/** State and tools of one bench of cards. */
export class CardScene {
  readonly options: BenchOptions;
  readonly timetable: Timetable;
  readonly rows: BenchRow[] = [];
  engines: readonly MeasuredEngine[] = [];
  cards: readonly Card[] = [];
  readonly leftOut: string[] = [];
  readonly #progress: Progress;
  readonly #tick: NodeJS.Timeout;
  #doing = "looking for engines";
  #watch: MemoryWatch | undefined;

  constructor(options: BenchOptions) {
    this.options = options;
    this.timetable = new Timetable(options.limitMs);
    const total = Math.round(options.limitMs / 1000);
    this.#progress = options.reporter.progress("card", total, "s");
    const show = () =>
      this.#progress.update(Math.min(total, Math.round(this.timetable.elapsedMs / 1000)), this.#doing);
    this.#tick = setInterval(show, 1000);
  }

  /**
   * The reporter of what is done within: ends its processes and removes its files with this process, since Ctrl-C asks it
   * to stop and does not end it.
   */
  get reporter(): Reporter {
    return { ...this.options.reporter, onEnd: undoAtEnd };
  }

  get isStopped(): boolean {
    return this.options.reporter.signal.aborted;
  }

  /** Finds engines and cards; says of each engine that does not start why, in a sentence. */
  async look(): Promise<void> {
    const [found, { cards, fault }] = [await availableEngines(), await findCards()];
    this.cards = cards;
    if (fault !== null) this.say(`nvidia-smi: ${fault}`);
    for (const each of found)
      if (!each.available) this.say(`${each.engine} is left out: ${each.reason}; ${each.enable}`);
    const measured = found.flatMap((each) => this.#measuredOf(each) ?? []);
    this.engines = measured.toSorted((a, b) => Number(b.isCard) - Number(a.isCard));
    if (cards[0]) this.#watch = watchMemory(cards[0].index);
  }

  #measuredOf(found: Availability): MeasuredEngine | null {
    if (!found.available) return null;
    const { engine, runsOn } = found;
    const isNative = engine !== "tfjs" || runsOn.includes("tfjs-node");
    if (!isNative) {
      this.say("tfjs is left out: its native library is not installed, and its plain backend is for checks");
      return null;
    }
    const isCard = engine === "onnx-cuda" || engine === "onnx-webgpu" || runsOn.includes("tfjs-node-gpu");
    const isOwn = engine !== "onnx-webgpu" || !/, Vulkan, ./.test(runsOn);
    const [card] = this.cards;
    const known = isCard && isOwn && card;
    return {
      engine,
      runsOn,
      isCard,
      card: known ? { card: card.name, driver: card.driver, card_memory_mib: card.memoryMiB } : {},
    };
  }

  /** Says a line that stays. */
  say(line: string): void {
    this.#progress.say(`card: ${line}`);
  }

  /**
   * Makes a measurement within the time that it is given.
   *
   * @param what what is measured, for people
   * @param measure is to end where its signal says so
   * @returns undefined where nothing could be begun, as the time is over or the user has stopped
   */
  async attempt<T>(
    what: string,
    measure: (limitMs: number, signal: AbortSignal) => Promise<T>,
  ): Promise<Outcome<T> | undefined> {
    if (this.isStopped) return undefined;
    const limitMs = this.timetable.next();
    if (limitMs === 0) {
      this.leftOut.push(what);
      return undefined;
    }
    this.#doing = what;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new Error("its time is over")), limitMs);
    this.#watch?.reset();
    try {
      const signal = AbortSignal.any([limit.signal, this.options.reporter.signal]);
      return { result: await measure(limitMs, signal) };
    } catch (error) {
      if (this.isStopped) return undefined;
      const failed = limit.signal.aborted
        ? `it took longer than the ${seconds(limitMs / 1000)} it was given`
        : messageOf(error).split("\n")[0]!;
      this.say(`${what}: ${failed}`);
      return { failed };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Returns the rise of the card's memory since the measurement began, MiB; null where it cannot be read. */
  cardMiB(engine: MeasuredEngine): number | null {
    return engine.isCard ? (this.#watch?.rise() ?? null) : null;
  }

  /** Ends what still runs; says what there was no time for. */
  close(): void {
    clearInterval(this.#tick);
    this.#watch?.stop();
    if (this.leftOut.length > 0) this.say(`no time was left for ${this.leftOut.join("; ")}`);
    if (this.isStopped) this.say(`stopped; the ${this.rows.length} rows measured so far are kept`);
    this.#progress.stop();
  }
}

const module = fileURLToPath(builtModule(import.meta.url, "./measure.js"));

/** Times steps in a process of their own. @throws Error with one sentence where they fail; the signal's reason */
export async function measureApart(
  job: MeasureJob,
  signal: AbortSignal,
): Promise<Exclude<MeasureAnswer, { readonly failure: string }>> {
  signal.throwIfAborted();
  const args = [JSON.stringify({ ...job, parent: process.pid })];
  const child = fork(module, args, { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const end = () => child.kill("SIGKILL");
  const forget = undoAtEnd(end);
  signal.addEventListener("abort", end);
  let answer: MeasureAnswer | undefined;
  // What has answered may still hold the card's memory, or hang in its driver.
  child.once("message", (said: MeasureAnswer) => {
    answer = said;
    end();
  });
  try {
    const [code, ended] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    if (answer === undefined) {
      signal.throwIfAborted();
      throw new Error(`its process ended with ${ended ?? `code ${code}`}`);
    }
    if ("failure" in answer) throw new Error(answer.failure);
    return answer;
  } finally {
    signal.removeEventListener("abort", end);
    forget();
  }
}
