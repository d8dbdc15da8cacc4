/** Numbers for runs in formats that have no names for them. */
import type { PositionSet } from "./frames.js";

/** Numbers the runs: names that are numbers already stay, the others get the next free ones, with a note for the user. */
export function numberedRuns(sets: readonly PositionSet[]): { numbers: number[]; notes: string[] } {
  const isWhole = (run: string | undefined) => run !== undefined && /^[1-9]\d{0,8}$/.test(run);
  const taken = new Set(sets.filter(({ run }) => isWhole(run)).map(({ run }) => Number(run)));
  let next = 1;
  const numbers = sets.map(({ run }) => {
    if (isWhole(run)) return Number(run);
    while (taken.has(next)) next++;
    taken.add(next);
    return next;
  });
  const named = sets.flatMap(({ run }, i) =>
    run === undefined || isWhole(run) ? [] : [`${numbers[i]} = ${run}`],
  );
  return {
    numbers,
    notes:
      named.length === 0
        ? []
        : [`runs are numbered, since the format has no names for them: ${named.join(", ")}`],
  };
}
