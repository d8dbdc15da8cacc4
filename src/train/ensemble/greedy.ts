/** Selections that try one change after another; what a change is worth is the caller's to say. */

export interface Selection {
  /** How often each member was taken. */
  readonly counts: readonly number[];
  readonly score: number;
}

/** More rounds than any selection that was seen to go on improving. */
const mostRounds = 25;

/**
 * Greedy selection with replacement (Caruana et al. 2004, "Ensemble selection from libraries of models", ICML): from the
 * best member on, each round takes the one that helps most, again if need be, until none helps. Ties go to the earlier.
 *
 * @param scoreOf what members are worth that are taken so often
 */
export async function selectGreedily(
  members: number,
  scoreOf: (counts: readonly number[]) => Promise<number>,
): Promise<Selection> {
  let chosen: Selection = { counts: new Array<number>(members).fill(0), score: Number.NEGATIVE_INFINITY };
  for (let round = 0; round < mostRounds; round++) {
    let best = chosen;
    for (let member = 0; member < members; member++) {
      const counts = chosen.counts.with(member, chosen.counts[member]! + 1);
      const score = await scoreOf(counts);
      if (score > best.score) best = { counts, score };
    }
    if (best === chosen) break;
    chosen = best;
  }
  return chosen;
}

/**
 * The greedy soup of Wortsman et al. (2022): members in the order of their scores, each kept if the soup with it is no
 * worse than without.
 */
export async function selectInOrder(
  scores: readonly number[],
  scoreOf: (counts: readonly number[]) => Promise<number>,
): Promise<Selection> {
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
  const none = new Array<number>(scores.length).fill(0);
  let chosen: Selection = { counts: none.with(order[0]!, 1), score: scores[order[0]!]! };
  for (const member of order.slice(1)) {
    const counts = chosen.counts.with(member, 1);
    const score = await scoreOf(counts);
    if (score >= chosen.score) chosen = { counts, score };
  }
  return chosen;
}
