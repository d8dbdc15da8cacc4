/** Whether a tomogram is complete: what one look shows, and whether it stays the same from look to look. */
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { volumeStem } from "../data/volumeNames.js";
import { type Look, lookAt, stampOf } from "./completeness.js";

/** When a tomogram counts as complete. */
export interface Completeness {
  /** Ending of a marker's name, beside the tomogram: it is complete as soon as that is there, and not before. */
  readonly doneSuffix?: string | undefined;
  /** Time in ms that what cannot be told whole must stay unchanged. */
  readonly settle: number;
}

/** What was found about a tomogram that is not taken yet. */
export type Verdict =
  | { readonly isComplete: true; readonly stamp: string; readonly note: string | undefined }
  | {
      readonly isComplete: false;
      readonly missing: string;
      /** Whether it differs from the last look. */
      readonly isChanging: boolean;
      /** Whether it has stayed as it is for the time of settling. */
      readonly isStalled: boolean;
    };

interface Memory {
  readonly print: string;
  /** When it was first seen so, and how often since. */
  readonly since: number;
  readonly looks: number;
}

/** Looks, at least one more than the first, in which what cannot be told whole must be the same. */
const settledLooks = 3;

/** Judges tomograms look by look, and remembers each until it is complete. */
export class Judge {
  readonly #rules: Completeness;
  readonly #elapsed: () => number;
  readonly #memories = new Map<string, Memory>();

  /** @param elapsed time in ms that runs evenly */
  constructor(rules: Completeness, elapsed: () => number) {
    this.#rules = rules;
    this.#elapsed = elapsed;
  }

  /** Looks at a tomogram. @throws Error of the system where it cannot be looked at */
  async judge(path: string): Promise<Verdict> {
    const { doneSuffix } = this.#rules;
    const before = this.#memories.get(path);
    const stamp = await stampOf(path);
    const look = await lookAt(path);
    const isChanging = before?.print !== look.print;
    const memory = isChanging
      ? { print: look.print, since: this.#elapsed(), looks: 0 }
      : { ...before, looks: before.looks + 1 };
    this.#memories.set(path, memory);
    const isStalled = memory.looks >= settledLooks && this.#elapsed() - memory.since >= this.#rules.settle;
    const wait = (missing: string): Verdict => ({ isComplete: false, missing, isChanging, isStalled });
    if (stamp === undefined) return wait(look.missing ?? "it went away while it was looked at");
    if (doneSuffix !== undefined) {
      if (!(await isMarked(path, doneSuffix))) return wait(`no marker *${doneSuffix} is beside it`);
      if (!look.mayBeWhole) return wait(`marked as complete, but ${look.missing}`);
      return this.#complete(path, stamp, look.missing);
    }
    if (look.missing === undefined)
      return isChanging ? wait("all there; looked at once more") : this.#complete(path, stamp, undefined);
    if (look.mayBeWhole && isStalled) return this.#complete(path, stamp, look.missing);
    return wait(look.missing);
  }

  /** Forgets what was seen of a tomogram. */
  forget(path: string): void {
    this.#memories.delete(path);
  }

  #complete(path: string, stamp: string, doubt: Look["missing"]): Verdict {
    this.forget(path);
    return { isComplete: true, stamp, note: doubt && `taken as complete, for it stays as it is: ${doubt}` };
  }
}

/** Markers of `DIR/TS_1.mrc` are `DIR/TS_1.mrc.done` and `DIR/TS_1.done`. */
async function isMarked(path: string, suffix: string): Promise<boolean> {
  const stem = join(dirname(path), volumeStem(path.slice(dirname(path).length + 1)));
  const found = await Promise.all(
    [path, stem].map((name) =>
      stat(`${name}${suffix}`).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
