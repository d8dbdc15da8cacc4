/** What the lines of a run's journal say. */
import type { Edit } from "./edits.js";
import type { MaskState } from "./masks.js";
import type { HeldPick } from "./picksState.js";

/** All that edits have made, in the first line of a journal. */
export interface Base {
  readonly picks: readonly HeldPick[];
  /** Hashes of the files that hold them, by type; null for none. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly masks: readonly MaskState[];
  /** Number of the last edit of each page. */
  readonly clients: Readonly<Record<string, number>>;
}

/** A line of a run's journal. */
export type Line =
  | { readonly base: Base }
  | (Edit & { readonly refused?: string })
  | { readonly suggested: readonly HeldPick[] }
  /** What files are about to hold, and that they hold it. */
  | { readonly folding: Readonly<Record<string, string>> }
  | { readonly folded: true }
  /** That the masks' stores hold all strokes before. */
  | { readonly masksSaved: true };

/** What a journal says of files that were being written when it ended. */
export interface Pending {
  /** Hashes that files had before, by type, where the journal tells. */
  readonly before: Readonly<Record<string, string | null>>;
  /** Hashes that were to be written and may not have been, by type: those of each try, the last one last. */
  readonly folding: ReadonlyMap<string, readonly string[]>;
}

/** Finds out which files were being written when a journal ended. */
export function pendingOf(lines: readonly Line[]): Pending {
  const before: Record<string, string | null> = {};
  let folding = new Map<string, string[]>();
  for (const line of lines) {
    if ("folding" in line)
      for (const [type, hash] of Object.entries(line.folding))
        folding.set(type, [...(folding.get(type) ?? []), hash]);
    if (!("folded" in line)) continue;
    for (const [type, tries] of folding) before[type] = tries.at(-1)!;
    folding = new Map();
  }
  return { before, folding };
}
