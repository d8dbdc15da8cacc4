/** Strict one-to-one matching of truths and predictions: most pairs first, then least total distance. */

/** A prediction that a truth may be paired with. */
export interface Assignable {
  readonly prediction: number;
  /** Å */
  readonly distance: number;
}

/** A truth and the prediction matched to it, by index. */
export interface Pair {
  readonly truth: number;
  readonly prediction: number;
  /** Å */
  readonly distance: number;
}

/**
 * Pairs truths and predictions one to one: as many pairs as possible, and of all such pairings one of least total
 * distance (taking the nearest first achieves neither). The method is successive shortest augmenting paths, one
 * connected cluster of truths and predictions at a time; clusters are small, because particles of a type do not
 * overlap.
 *
 * @param options for each truth, the predictions within reach
 * @returns pairs in the order of truths
 */
export function assign(options: readonly (readonly Assignable[])[]): Pair[] {
  const pairs: Pair[] = [];
  for (const cluster of clusters(options)) {
    if (cluster.length === 1) {
      const truth = cluster[0]!;
      const first = options[truth]!.reduce((a, b) => (b.distance < a.distance ? b : a));
      pairs.push({ truth, ...first });
    } else pairs.push(...assignCluster(cluster, options));
  }
  return pairs.sort((a, b) => a.truth - b.truth);
}

/** Groups the truths that have any option into clusters that share predictions. */
function clusters(options: readonly (readonly Assignable[])[]): number[][] {
  const firstTruthOf = new Map<number, number>();
  const parent = options.map((_, truth) => truth);
  const rootOf = (truth: number): number => {
    let root = truth;
    while (parent[root] !== root) root = parent[root]!;
    parent[truth] = root;
    return root;
  };
  options.forEach((list, truth) => {
    for (const { prediction } of list) {
      const other = firstTruthOf.get(prediction);
      if (other === undefined) firstTruthOf.set(prediction, truth);
      else parent[rootOf(truth)] = rootOf(other);
    }
  });
  const groups = new Map<number, number[]>();
  options.forEach((list, truth) => {
    if (list.length === 0) return;
    const root = rootOf(truth);
    const group = groups.get(root);
    if (group) group.push(truth);
    else groups.set(root, [truth]);
  });
  return [...groups.values()];
}

/** The cheapest way found to free a prediction: its cost so far, and the truth that would take the prediction. */
interface Step {
  readonly cost: number;
  readonly truth: number;
}

/** Costs (Å) closer than this are equal, so that rounding cannot send a path round in circles. */
const sameCost = 1e-9;

/**
 * Solves one cluster. Every truth also has an option to stay unmatched, dearer than all distances together: so the
 * cheapest complete pairing is the one with most real pairs and, of those, least distance.
 */
function assignCluster(truths: readonly number[], options: readonly (readonly Assignable[])[]): Pair[] {
  let alone = 1;
  for (const truth of truths) alone += Math.max(...options[truth]!.map(({ distance }) => distance));
  const choices = new Map(
    truths.map((truth) => [truth, [...options[truth]!, { prediction: -1 - truth, distance: alone }]]),
  );
  const chosen = new Map<number, Assignable>();
  const ownerOf = new Map<number, number>();
  for (const start of truths) {
    const steps = cheapestSteps(start, choices, chosen, ownerOf);
    let end = cheapestFree(steps, ownerOf);
    for (;;) {
      const { truth } = steps.get(end)!;
      const given = chosen.get(truth);
      chosen.set(truth, choices.get(truth)!.find(({ prediction }) => prediction === end)!);
      ownerOf.set(end, truth);
      if (given === undefined) break;
      end = given.prediction;
    }
  }
  return [...chosen].flatMap(([truth, option]) => (option.prediction < 0 ? [] : [{ truth, ...option }]));
}

/** Bellman–Ford from an unmatched truth: take a prediction, or take one from its owner, who takes another. */
function cheapestSteps(
  start: number,
  choices: ReadonlyMap<number, readonly Assignable[]>,
  chosen: ReadonlyMap<number, Assignable>,
  ownerOf: ReadonlyMap<number, number>,
): Map<number, Step> {
  const steps = new Map<number, Step>();
  const queue: { truth: number; cost: number }[] = [{ truth: start, cost: 0 }];
  for (const { truth, cost } of queue) {
    const own = chosen.get(truth);
    if (own !== undefined && cost > steps.get(own.prediction)!.cost - own.distance + sameCost) continue;
    for (const { prediction, distance } of choices.get(truth)!) {
      const reached = cost + distance;
      if (prediction === own?.prediction || reached > (steps.get(prediction)?.cost ?? Infinity) - sameCost)
        continue;
      steps.set(prediction, { cost: reached, truth });
      const owner = ownerOf.get(prediction);
      if (owner !== undefined) queue.push({ truth: owner, cost: reached - chosen.get(owner)!.distance });
    }
  }
  return steps;
}

function cheapestFree(steps: ReadonlyMap<number, Step>, ownerOf: ReadonlyMap<number, number>): number {
  let best: number | undefined;
  for (const [prediction, { cost }] of steps) {
    if (ownerOf.has(prediction)) continue;
    if (best === undefined || cost < steps.get(best)!.cost) best = prediction;
  }
  return best!;
}
