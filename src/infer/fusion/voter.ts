import type { Pick } from "../../particles.js";

/** One picker's picks of one type in one run, and how much they weigh beside the others'. */
export interface Voter {
  readonly picks: readonly Pick[];
  /** 0 or more; only its share of all voters' weights matters. */
  readonly weight: number;
}

/** A pick that came without a score is as sure as can be. */
export const scoreOf = ({ score }: Pick): number => score ?? 1;

/** Surest first, then by place: an order that no order of input can change, but for picks that are equal. */
export const byScoreAndPlace = (a: Pick, b: Pick): number =>
  scoreOf(b) - scoreOf(a) || a.x - b.x || a.y - b.y || a.z - b.z;

/**
 * Voters in an order that depends on what they hold alone, their picks sorted; those that weigh nothing are left out.
 * Where two are equal their order means nothing. So whatever follows is the same for every order of the pickers.
 */
export const inOrder = (voters: readonly Voter[]): Voter[] =>
  voters
    .filter(({ weight }) => weight > 0)
    .map(({ picks, weight }) => ({ picks: picks.toSorted(byScoreAndPlace), weight }))
    .sort((a, b) => compareSorted(a.picks, b.picks) || b.weight - a.weight);

/** A total order of lists that are sorted by score and place. */
export function compareSorted(a: readonly Pick[], b: readonly Pick[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = byScoreAndPlace(a[i]!, b[i]!);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
