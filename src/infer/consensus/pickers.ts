/** Pickers whose picks are fused: what each found, what they must have in common, and what each weighs. */
import type { Particle } from "../../domain/particles.js";
import type { Symmetry } from "../../domain/symmetry.js";
import { listed } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { joinDuplicates } from "./duplicates.js";
import type { PicksByRun } from "./fuseRuns.js";

/** What one picker found. */
export interface Picker {
  /** As it was named. */
  readonly path: string;
  /** Of the runs that it looked at. */
  readonly picks: PicksByRun;
  readonly count: number;
  /** The greatest score; null where no pick has one. */
  readonly greatestScore: number | null;
  /** Files that were passed over, for none of the particles is called so. */
  readonly stray: readonly string[];
}

/** Returns pickers of which each looked at all runs that any did: where it has no picks it saw nothing. */
export function lookingAtAll(pickers: readonly Picker[]): Picker[] {
  const runs = [...new Set(pickers.flatMap(({ picks }) => [...picks.keys()]))];
  return pickers.map((picker) => ({
    ...picker,
    picks: new Map(runs.map((run) => [run, picker.picks.get(run) ?? []])),
  }));
}

/**
 * Joins a picker's duplicates, and counts anew.
 *
 * @param distanceOf returns the distance of a particle's duplicates in Å
 * @param symmetryOf returns the symmetry of a type
 */
export function withoutDuplicates(
  picker: Picker,
  particles: readonly Particle[],
  distanceOf: (particle: Particle) => number,
  symmetryOf: (type: string) => Symmetry | undefined,
): Picker {
  const picks = new Map(
    [...picker.picks].map(([run, list]) => [
      run,
      particles.flatMap((particle) =>
        joinDuplicates(
          list.filter(({ type }) => type === particle.name),
          distanceOf(particle),
          symmetryOf(particle.name),
        ),
      ),
    ]),
  );
  const count = [...picks.values()].reduce((sum, list) => sum + list.length, 0);
  return { ...picker, picks, count };
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
