/** Paired counts of two submissions against one truth. */
import { challengeParticles, matchFraction, type Particle } from "../../domain/particles.js";
import type { Counts } from "../match/fbeta.js";
import { createMatcher } from "../match/matching.js";
import { pointGrid } from "../match/pointGrid.js";
import type { PositionsByExperiment } from "../match/positions.js";
import { checkTruth } from "../truthCheck.js";

/** Counts of two submissions for one type in one experiment, with the agreement that a paired comparison needs. */
export interface PairedCounts {
  /** Official counts of each. */
  readonly a: Counts;
  readonly b: Counts;
  /** Number of true particles that both found. */
  readonly bothFound: number;
  /**
   * Number of wrong picks that the two have in common: far from any truth, picks matched one to one within the match
   * distance; among further picks of particles already found, as many as both have.
   */
  readonly bothWrong: number;
}

/** Paired counts by experiment of the truth, then by type that the truth holds. */
export type PairedRuns = ReadonlyMap<string, ReadonlyMap<string, PairedCounts>>;

/**
 * Counts two submissions against one truth, by the official rule. @throws PickbenchError BadDataset as `scorePicks`
 * does
 */
export function pairSubmissions(
  truth: PositionsByExperiment,
  a: PositionsByExperiment,
  b: PositionsByExperiment,
  particles: readonly Particle[] = challengeParticles,
): PairedRuns {
  checkTruth(truth, particles);
  const present = new Set([...truth.values()].flatMap((ofExperiment) => [...ofExperiment.keys()]));
  const scored = particles.filter(({ name }) => present.has(name));
  return new Map(
    [...truth.keys()].sort().map((experiment) => [
      experiment,
      new Map(
        scored.map(({ name, radius }) => {
          const [truths, ofA, ofB] = [truth, a, b].map(
            (each) => each.get(experiment)?.get(name)?.coordinates ?? new Float64Array(0),
          ) as [Float64Array, Float64Array, Float64Array];
          return [name, pairPicks(truths, ofA, ofB, radius * matchFraction)];
        }),
      ),
    ]),
  );
}

/** Counts pairs of one type in one experiment. Positions are x y z in Å, flat; the distance is in Å. */
function pairPicks(truths: Float64Array, a: Float64Array, b: Float64Array, distance: number): PairedCounts {
  const [sideA, sideB] = [matchSide(truths, a, distance), matchSide(truths, b, distance)];
  const wrong = createMatcher(Float64Array.from(sideA.wrong), distance);
  for (let at = 0; at < sideB.wrong.length; at += 3)
    wrong.add(sideB.wrong[at]!, sideB.wrong[at + 1]!, sideB.wrong[at + 2]!);
  return {
    a: sideA.counts,
    b: sideB.counts,
    bothFound: sideA.found.reduce((sum, found, truth) => sum + found * sideB.found[truth]!, 0),
    bothWrong: wrong.result().strictTp + Math.max(0, Math.min(surplusOf(sideA), surplusOf(sideB))),
  };
}

/** Returns the number of wrong picks near a truth; below 0 where picks serve several truths each. */
const surplusOf = ({ counts, wrong }: Side): number => counts.fp - wrong.length / 3;

interface Side {
  readonly counts: Counts;
  /** 1 for a truth with a pick in reach, else 0. */
  readonly found: Uint32Array;
  /** x y z in Å of picks with no truth in reach, flat. */
  readonly wrong: readonly number[];
}

function matchSide(truths: Float64Array, picks: Float64Array, distance: number): Side {
  const grid = pointGrid(truths, distance);
  const found = new Uint32Array(truths.length / 3);
  const wrong: number[] = [];
  const near: number[] = [];
  for (let at = 0; at < picks.length; at += 3) {
    const [x, y, z] = [picks[at]!, picks[at + 1]!, picks[at + 2]!];
    const count = grid.within(x, y, z, distance, near);
    for (let i = 0; i < count; i++) found[near[i]!] = 1;
    if (count === 0) wrong.push(x, y, z);
  }
  const tp = found.reduce((sum, each) => sum + each, 0);
  return { counts: { tp, fp: picks.length / 3 - tp, fn: found.length - tp }, found, wrong };
}
