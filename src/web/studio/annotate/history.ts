/** Undo and redo: each step with the changes that take it back, and those that do it again. */
import type { Change, PaintChange } from "../../../studio/annotations/edits.js";

/** What was done. */
export interface Step {
  readonly label: string;
  readonly undo: readonly Change[];
  readonly redo: readonly Change[];
}

/** What is known of a pick before it is changed. */
export interface PickBefore {
  readonly type: string;
  readonly at: readonly [number, number, number];
  readonly status: "kept" | "deleted" | "suggested" | "rejected";
}

/** Most steps that can be undone. */
const mostSteps = 500;

/**
 * Returns what takes a change back; nothing for a new mask, which stays, empty.
 *
 * @param before the pick before it, where it changes one
 * @param painted what a stroke's voxels were, as runs
 */
export function inverseOf(change: Change, before?: PickBefore, painted?: readonly number[]): Change[] {
  switch (change.do) {
    case "add":
      return [{ do: "delete", id: change.id }];
    case "move":
      return before ? [{ do: "move", id: change.id, at: [...before.at] }] : [];
    case "retype":
      return before ? [{ do: "retype", id: change.id, type: before.type }] : [];
    case "delete":
      return [{ do: "restore", id: change.id }];
    case "restore":
      return [{ do: "delete", id: change.id }];
    case "accept":
    case "reject":
      return [{ do: "recall", id: change.id }];
    case "recall":
      return [{ do: before?.status === "rejected" ? "reject" : "accept", id: change.id }];
    case "paint":
      return painted ? [{ ...change, runs: [...painted] } satisfies PaintChange] : [];
    case "box":
      return [{ ...change, do: "unbox" }];
    case "unbox":
      return [{ ...change, do: "box" }];
    default:
      return [];
  }
}

/** Returns what does a change again once it was taken back: a pick that was added is there, deleted. */
function againOf(change: Change): Change[] {
  if (change.do === "add") return [{ do: "restore", id: change.id }];
  return change.do === "mask" ? [] : [change];
}

/**
 * Makes a step of changes and their inverses, which undo them from the last one back.
 *
 * @param inverses of each change, in their order
 */
export const stepOf = (
  label: string,
  changes: readonly Change[],
  inverses: readonly (readonly Change[])[],
): Step => ({ label, undo: inverses.toReversed().flat(), redo: changes.flatMap(againOf) });

/** Steps that were done and undone. */
export class History {
  readonly #done: Step[] = [];
  #undone: Step[] = [];

  /** Notes a step; what was undone before cannot be done again. */
  add(step: Step): void {
    if (step.undo.length === 0) return;
    this.#undone = [];
    this.#done.push(step);
    if (this.#done.length > mostSteps) this.#done.shift();
  }

  /** Takes the last step back. @returns its changes; undefined where there is none */
  undo(): readonly Change[] | undefined {
    const step = this.#done.pop();
    if (step) this.#undone.push(step);
    return step?.undo;
  }

  /** Does the step again that was undone last. */
  redo(): readonly Change[] | undefined {
    const step = this.#undone.pop();
    if (step) this.#done.push(step);
    return step?.redo;
  }

  /** Labels of the steps that undo and redo would take. */
  get next(): { readonly undo: string | undefined; readonly redo: string | undefined } {
    return { undo: this.#done.at(-1)?.label, redo: this.#undone.at(-1)?.label };
  }

  /** Forgets all steps, as when others have changed what they were of. */
  clear(): void {
    this.#done.length = 0;
    this.#undone = [];
  }
}
