/** Pickers whose picks are fused: what each found, what they must have in common, and what each weighs. */
import { listed } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import type { PicksByRun } from "./fuseRuns.js";

/** What one picker found. */
export interface Picker {
  /** As it was named. */
  readonly path: string;
  /** Only runs with picks. */
  readonly picks: PicksByRun;
  readonly count: number;
  /** The greatest score; null where no pick has one. */
  readonly greatestScore: number | null;
  /** Files that were passed over, for none of the particles is called so. */
  readonly stray: readonly string[];
}

/** @throws BadDataset for a picker that has no run in common with any other */
export function checkOverlap(pickers: readonly Picker[]): void {
  for (const [i, { path, picks }] of pickers.entries()) {
    const others = pickers.filter((_, other) => other !== i);
    if (others.some((other) => [...picks.keys()].some((run) => other.picks.has(run)))) continue;
    const some = (runs: readonly string[]) => listed(runs, 3);
    const elsewhere = [...new Set(others.flatMap((other) => [...other.picks.keys()]))];
    throw new PickbenchError(
      "BadDataset",
      `${path} has picks of ${some([...picks.keys()])} and no other picker has; they have ${some(elsewhere)}: name pickers of the same runs`,
      { path },
    );
  }
}

/**
 * Reads weights separated by commas, as of `--weights`.
 *
 * @param votes that a particle needs, if any
 * @throws BadUsage where there is not one for each picker, one is no weight, or together they cannot reach the votes
 */
export function parseWeights(text: string, pickers: number, votes: number | undefined): number[] {
  const wrong = (message: string) => new PickbenchError("BadUsage", message);
  const weights = text.split(",").map((word) => (word.trim() === "" ? Number.NaN : Number(word)));
  if (weights.length !== pickers)
    throw wrong(
      `--weights has ${weights.length} of them for ${pickers} pickers; give one each, in their order`,
    );
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (!(weights.every((weight) => weight >= 0) && sum > 0 && Number.isFinite(sum)))
    throw wrong(`--weights is ${text}, wanted numbers of 0 or more, not all 0; write them like 2,1,1`);
  if (votes !== undefined && votes > sum)
    throw wrong(`--votes is ${votes}, more than all --weights together, ${sum}; give less`);
  return weights;
}
