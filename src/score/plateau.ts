/** A point of a grid of settings and what it is worth. */
export interface GridValue {
  /** Index along each tuned parameter. */
  readonly position: readonly number[];
  readonly value: number;
}

/** A setting worth less than the best by no more than this is as good: the noise of a few runs is larger. */
export const plateauTolerance = 0.01;

/**
 * The index of the point to choose. A few tune runs give plateaus and spikes, and a spike or a plateau's edge is what
 * other runs reward least. So: all points within `tolerance` of the best form plateaus, by steps of one along one
 * parameter; the widest plateau is taken (the most points, then the highest mean, then the first); on it, the point
 * farthest from its edge, where beyond the grid is edge too; of several, the one with the best mean of itself and its
 * neighbours, then the one nearest the plateau's middle, then the first.
 */
export function choosePoint(points: readonly GridValue[], tolerance: number = plateauTolerance): number {
  const best = Math.max(...points.map(({ value }) => value));
  const good = points.flatMap(({ value }, i) => (value >= best - tolerance ? [i] : []));
  const neighbours = neighbourLists(points);
  const plateau = widest(connected(good, neighbours), points);
  const depth = depths(plateau, neighbours);
  const deepest = Math.max(...plateau.map((i) => depth.get(i)!));
  const middle = meanPosition(plateau.map((i) => points[i]!));
  return plateau
    .filter((i) => depth.get(i) === deepest)
    .map((i) => ({
      i,
      around: mean([i, ...neighbours[i]!.found].map((j) => points[j]!.value)),
      away: squaredDistance(points[i]!.position, middle),
    }))
    .reduce((a, b) =>
      b.around > a.around + 1e-12 || (b.around > a.around - 1e-12 && b.away < a.away) ? b : a,
    ).i;
}

interface Neighbours {
  readonly found: readonly number[];
  /** True if a step along a parameter that is tuned at all leads off the grid. */
  readonly atBorder: boolean;
}

function neighbourLists(points: readonly GridValue[]): Neighbours[] {
  const byPosition = new Map(points.map(({ position }, i) => [position.join(), i]));
  const tuned = (points[0]?.position ?? []).map((first, axis) =>
    points.some(({ position }) => position[axis] !== first),
  );
  return points.map(({ position }) => {
    const steps = position.flatMap((_, axis) =>
      tuned[axis] ? [-1, 1].map((step) => position.with(axis, position[axis]! + step).join()) : [],
    );
    const found = steps.flatMap((step) => byPosition.get(step) ?? []);
    return { found, atBorder: found.length < steps.length };
  });
}

/** Groups of points that hang together. */
function connected(points: readonly number[], neighbours: readonly Neighbours[]): number[][] {
  const left = new Set(points);
  const groups: number[][] = [];
  for (const start of points) {
    if (!left.delete(start)) continue;
    const group = [start];
    for (const point of group)
      for (const next of neighbours[point]!.found) if (left.delete(next)) group.push(next);
    groups.push(group.sort((a, b) => a - b));
  }
  return groups;
}

function widest(groups: readonly number[][], points: readonly GridValue[]): number[] {
  const worth = (group: readonly number[]) => mean(group.map((i) => points[i]!.value));
  return groups.reduce((a, b) =>
    b.length > a.length || (b.length === a.length && worth(b) > worth(a)) ? b : a,
  );
}

/** Steps from each point of a plateau to what lies outside it. */
function depths(plateau: readonly number[], neighbours: readonly Neighbours[]): Map<number, number> {
  const inside = new Set(plateau);
  const depth = new Map<number, number>();
  let layer = plateau.filter(
    (i) => neighbours[i]!.atBorder || neighbours[i]!.found.some((j) => !inside.has(j)),
  );
  if (layer.length === 0) layer = [...plateau];
  for (let steps = 1; layer.length > 0; steps++) {
    for (const i of layer) depth.set(i, steps);
    const next = new Set(
      layer.flatMap((i) => neighbours[i]!.found.filter((j) => inside.has(j) && !depth.has(j))),
    );
    layer = [...next];
  }
  return depth;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const meanPosition = (points: readonly GridValue[]): number[] =>
  points[0]!.position.map((_, axis) => mean(points.map(({ position }) => position[axis]!)));

const squaredDistance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, axis) => sum + (value - b[axis]!) ** 2, 0);
