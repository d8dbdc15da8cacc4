/** One look at a watched folder: what arrived, what became complete, what changed. */
import { messageOf } from "../system/errors.js";
import type { Arrival } from "./arrivals.js";
import { atOnce } from "./atOnce.js";
import { stampOf } from "./completeness.js";
import type { Judge, Verdict } from "./judge.js";
import type { NewEvent } from "./ledger.js";
import type { Standing } from "./standing.js";

/** What a look at the folder showed. */
export interface Polled {
  /** Changes of state. */
  readonly events: readonly NewEvent[];
  /** Runs that are complete and as they were when they became so: they can be taken. */
  readonly present: ReadonlySet<string>;
  /** What others lack, by run, as it is now. */
  readonly missing: ReadonlyMap<string, string>;
  /** Whether anything was written since the last look. */
  readonly isMoving: boolean;
}

/** Most tomograms that are looked into in one look; the others' turn comes in the next ones. */
const mostJudged = 1000;

/** Looks at a folder time after time. */
export class Poll {
  readonly #judge: Judge;
  readonly #againChanged: boolean;
  readonly #present = new Set<string>();
  readonly #missing = new Map<string, string>();
  #turn = 0;

  /** @param againChanged whether what changed after it was done is done again */
  constructor(judge: Judge, againChanged: boolean) {
    this.#judge = judge;
    this.#againChanged = againChanged;
  }

  /** Looks at what stands there. @throws Error of the system where a tomogram cannot be looked at */
  async look(arrivals: readonly Arrival[], standings: ReadonlyMap<string, Standing>): Promise<Polled> {
    const there = new Set(arrivals.map(({ run }) => run));
    for (const known of [...this.#present, ...this.#missing.keys()])
      if (!there.has(known)) {
        this.#present.delete(known);
        this.#missing.delete(known);
      }
    const first = arrivals.length <= mostJudged ? 0 : this.#turn % arrivals.length;
    this.#turn = first + mostJudged;
    const turn = [...arrivals.slice(first), ...arrivals.slice(0, first)].slice(0, mostJudged);
    const looks = await atOnce(turn, (arrival) => this.#lookAt(arrival, standings.get(arrival.run)));
    const isNew = arrivals.some(({ run }) => !standings.has(run));
    return {
      events: looks.flatMap(({ event }) => event ?? []),
      present: this.#present,
      missing: this.#missing,
      isMoving: isNew || looks.some(({ isMoving }) => isMoving),
    };
  }

  async #lookAt(arrival: Arrival, standing: Standing | undefined): Promise<Looked> {
    const { run, path, fault } = arrival;
    if (standing?.state === "running") return still;
    if (path === undefined || fault !== undefined) return this.#faulty(arrival, standing);
    const before = standing?.stamp;
    const now = before === undefined ? undefined : await stampOf(path);
    if (now !== undefined && now === before) {
      this.#present.add(run);
      this.#missing.delete(run);
      return still;
    }
    this.#present.delete(run);
    const isDone = standing?.state === "done";
    if (isDone && !this.#againChanged) return changedTo(run, now, standing);
    const verdict = await this.#judge.judge(path).catch((error: unknown) => blind(path, error));
    if (verdict.isComplete) {
      this.#present.add(run);
      this.#missing.delete(run);
      const { stamp, note: reason } = verdict;
      const event = { run, state: "waiting", path, stamp, isNew: true, ...(reason && { reason }) } as const;
      return { event, isMoving: true };
    }
    this.#missing.set(run, verdict.missing);
    return { event: arriving(run, verdict, standing), isMoving: verdict.isChanging };
  }

  #faulty({ run, fault, isMisnamed }: Arrival, standing: Standing | undefined): Looked {
    const reason = fault ?? "it is not there";
    this.#present.delete(run);
    this.#missing.set(run, reason);
    if (standing?.reason === reason) return still;
    if (isMisnamed) return { event: { run, state: "aside", reason }, isMoving: true };
    return { event: { run, state: "arriving", missing: reason }, isMoving: true };
  }
}

interface Looked {
  readonly event?: NewEvent | undefined;
  readonly isMoving: boolean;
}

const still: Looked = { isMoving: false };

/** What was done and is another now, unless that is known. */
const changedTo = (run: string, stamp: string | undefined, { changed }: Standing): Looked =>
  stamp === undefined || stamp === changed
    ? still
    : { event: { run, state: "changed", stamp }, isMoving: false };

/** What is lacking is noted once when it is first seen, and once when it stays away. */
function arriving(
  run: string,
  { missing, isStalled }: Verdict & { readonly isComplete: false },
  standing: Standing | undefined,
): NewEvent | undefined {
  if (standing === undefined) return { run, state: "arriving", missing };
  const stalled = `unchanged, and not complete: ${missing}`;
  return isStalled && standing.state !== "done" && standing.reason !== stalled
    ? { run, state: "arriving", missing: stalled }
    : undefined;
}

/** A tomogram that cannot be looked at holds up no others. */
const blind = (path: string, error: unknown): Verdict & { readonly isComplete: false } => ({
  isComplete: false,
  missing: `${path}: ${messageOf(error)}`,
  isChanging: false,
  isStalled: false,
});
