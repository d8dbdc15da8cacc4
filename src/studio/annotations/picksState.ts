/** Picks of a run while they are annotated: changes applied in memory, with what takes them back. */
import { PickbenchError } from "../../system/errors.js";
import type { Change, MaskChange, PickChange } from "./edits.js";

/** What has become of a pick. Suggestions that were not accepted, and deleted picks, are written to no file. */
type PickStatus = "kept" | "deleted" | "suggested" | "rejected";

/** A pick with everything that its point in copick's file holds. */
export interface HeldPick {
  readonly id: string;
  readonly type: string;
  /** x, y, z in Å. */
  readonly at: readonly [x: number, y: number, z: number];
  readonly status: PickStatus;
  /** Whether it began as a suggestion. */
  readonly isSuggestion?: boolean | undefined;
  /** The point's fields besides its location, as copick writes them. */
  readonly rest: Readonly<Record<string, unknown>>;
}

const statuses = {
  delete: { from: ["kept"], to: "deleted" },
  restore: { from: ["deleted"], to: "kept" },
  accept: { from: ["suggested"], to: "kept" },
  reject: { from: ["suggested"], to: "rejected" },
  recall: { from: ["kept", "rejected"], to: "suggested" },
} as const satisfies Record<string, { from: readonly PickStatus[]; to: PickStatus }>;

/** copick's matrix of a point that is not turned. */
const identity = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
];

/** Returns the fields of a new point besides its location, in copick's words and order. */
function restOf(pick: {
  readonly rotation?: readonly number[] | undefined;
  readonly instance?: number | undefined;
  readonly score?: number | undefined;
}): Record<string, unknown> {
  const { rotation, instance = 0, score } = pick;
  const rows = [0, 3, 6].map((row) => [...(rotation ?? []).slice(row, row + 3), 0]);
  return {
    transformation_: rotation === undefined ? identity : [...rows, [0, 0, 0, 1]],
    instance_id: instance,
    ...(score === undefined ? {} : { score }),
  };
}

export const isMaskChange = (change: Change): change is MaskChange => "mask" in change;

/** Picks of all types of a run by id, in the order of their files. */
export class PicksState {
  readonly picks: Map<string, HeldPick>;
  readonly #types: ReadonlySet<string>;

  /** @param types that picks may have */
  constructor(types: ReadonlySet<string>, picks: readonly HeldPick[] = []) {
    this.#types = types;
    this.picks = new Map(picks.map((pick) => [pick.id, pick]));
  }

  /**
   * Applies a change.
   *
   * @param touched is given the types whose files are to be written again
   * @returns what takes it back
   * @throws PickbenchError BadUsage where it does not fit what there is: unknown ids and types, or a pick that was deleted
   * meanwhile
   */
  apply(change: PickChange, touched: Set<string>): () => void {
    if (change.do === "add") {
      const { id, type, at } = change;
      this.#checkType(type);
      if (this.picks.has(id)) throw refused(`the pick ${id} is there already`);
      return this.#put(id, { id, type, at, status: "kept", rest: restOf(change) }, touched);
    }
    const pick = this.picks.get(change.id);
    if (pick === undefined) throw refused(`there is no pick ${change.id}`);
    if (change.do === "move" || change.do === "retype") {
      if (pick.status !== "kept" && pick.status !== "suggested")
        throw refused(`the pick ${change.id} was ${pick.status} meanwhile`);
      if (change.do === "move") return this.#put(pick.id, { ...pick, at: change.at }, touched);
      this.#checkType(change.type);
      return this.#put(pick.id, { ...pick, type: change.type }, touched);
    }
    const { from, to } = statuses[change.do];
    const isFit = (from as readonly PickStatus[]).includes(pick.status);
    if (!isFit || (change.do === "recall" && !pick.isSuggestion))
      throw refused(`the pick ${change.id} is ${pick.status}, and cannot be ${to}`);
    return this.#put(pick.id, { ...pick, status: to }, touched);
  }

  /** Puts suggestions in the place of those that are open. @returns their count */
  suggest(picks: readonly HeldPick[]): number {
    for (const [id, { status }] of this.picks) if (status === "suggested") this.picks.delete(id);
    const fit = picks.filter(({ id, type }) => this.#types.has(type) && !this.picks.has(id));
    for (const pick of fit) this.picks.set(pick.id, pick);
    return fit.length;
  }

  /** Lists the picks of a type that belong into its file. */
  keptOf(type: string): HeldPick[] {
    return [...this.picks.values()].filter((pick) => pick.status === "kept" && pick.type === type);
  }

  #checkType(type: string): void {
    if (!this.#types.has(type)) throw refused(`there is no particle ${type.slice(0, 60)}`);
  }

  #put(id: string, pick: HeldPick, touched: Set<string>): () => void {
    const before = this.picks.get(id);
    for (const each of [before, pick]) if (each?.status === "kept") touched.add(each.type);
    this.picks.set(id, pick);
    return () => {
      if (before === undefined) this.picks.delete(id);
      else this.picks.set(id, before);
    };
  }
}

const leftOut = "; the edit was left out: look at the run again";

/** Says why an edit was not applied. */
export const refused = (why: string): PickbenchError => new PickbenchError("BadUsage", `${why}${leftOut}`);

/** Returns the reason in a sentence of `refused`. */
export const reasonIn = (sentence: string): string => sentence.replace(leftOut, "");
