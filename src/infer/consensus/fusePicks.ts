/**
 * Weighted fusion of picks: what several pickers found of one type in one run becomes one list. It is weighted boxes
 * fusion (Solovyev, Wang and Gabruseva, Image and Vision Computing 107, 2021, 104117) with a distance between points in
 * place of the overlap of boxes, and with a rule of its own: a picker has at most one pick in a group, so that no picker
 * votes twice and a lone picker's picks stay as they are.
 */
import type { ParticlePick } from "../../domain/particles.js";
import { angstrom } from "../../domain/units.js";
import { Clusters } from "./clusters.js";

export interface FusedPick extends ParticlePick {
  /** Σ weight·score of the picks in it, over the weights of all pickers: what few saw counts less. */
  readonly score: number;
  /** How many pickers saw it. */
  readonly pickers: number;
  /** Their weights, as they were given. */
  readonly votes: number;
}

/**
 * Picks are taken by falling weight·score, ties by place. Each joins the nearest group whose centre lies within the
 * distance and that has no pick of its picker yet, or founds one. A centre is the mean of its picks by weight·score.
 * The order of the voters, and of each one's picks, changes no bit of the result.
 *
 * @param voters picks of one type in one run; a pick without a score counts as 1, scores are not negative
 * @param distance Å, more than 0; exactly at it still joins
 * @returns surest first, ties by place
 */
export function fusePicks(type: string, voters: readonly Voter[], distance: number): FusedPick[] {
  const ordered = inOrder(voters);
  const total = ordered.map(({ weight }) => weight).sort((a, b) => a - b);
  const weights = total.reduce((sum, weight) => sum + weight, 0);
  const points = pointsOf(ordered, weights);
  const clusters = new Clusters(points.order.length, ordered.length, distance);
  const scores = new Float64Array(points.order.length);
  const sizes = new Int32Array(points.order.length);
  for (const point of points.order) {
    const [x, y, z] = [
      points.places[3 * point]!,
      points.places[3 * point + 1]!,
      points.places[3 * point + 2]!,
    ];
    const voter = points.voters[point]!;
    const value = points.values[point]!;
    const found = clusters.nearest(x, y, z, voter);
    const cluster = found < 0 ? clusters.add(x, y, z, voter) : found;
    scores[cluster]! += value;
    sizes[cluster]!++;
    const share = scores[cluster]! > 0 ? value / scores[cluster]! : 1 / sizes[cluster]!;
    if (found >= 0) clusters.join(cluster, x, y, z, share, voter);
  }
  return Array.from({ length: clusters.count }, (_, cluster) => ({
    type,
    x: angstrom(clusters.centres[3 * cluster]!),
    y: angstrom(clusters.centres[3 * cluster + 1]!),
    z: angstrom(clusters.centres[3 * cluster + 2]!),
    score: scores[cluster]!,
    pickers: sizes[cluster]!,
    votes: ordered.reduce(
      (sum, { weight }, voter) => sum + (clusters.hasJoined(cluster, voter) ? weight : 0),
      0,
    ),
  })).sort(byScoreAndPlace);
}

/** All voters' picks in flat arrays. */
interface Points {
  /** x y z in Å. */
  readonly places: Float64Array;
  /** weight·score, weights taken as shares of all. */
  readonly values: Float64Array;
  readonly voters: Int32Array;
  /** Points in the order in which they are taken. */
  readonly order: Int32Array;
}

function pointsOf(voters: readonly Voter[], weights: number): Points {
  const count = voters.reduce((sum, { picks }) => sum + picks.length, 0);
  const places = new Float64Array(3 * count);
  const values = new Float64Array(count);
  const owners = new Int32Array(count);
  let point = 0;
  for (const [voter, { picks, weight }] of voters.entries()) {
    for (const pick of picks) {
      places.set([pick.x, pick.y, pick.z], 3 * point);
      values[point] = (weight / weights) * scoreOf(pick);
      owners[point++] = voter;
    }
  }
  const order = Int32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) =>
      values[b]! - values[a]! ||
      places[3 * a]! - places[3 * b]! ||
      places[3 * a + 1]! - places[3 * b + 1]! ||
      places[3 * a + 2]! - places[3 * b + 2]! ||
      a - b,
  );
  return { places, values, voters: owners, order };
}

/** One picker's picks of one type in one run, and how much they weigh beside the others'. */
export interface Voter {
  readonly picks: readonly ParticlePick[];
  /** 0 or more; only its share of all voters' weights matters. */
  readonly weight: number;
}

/** A pick that came without a score is as sure as can be. */
const scoreOf = ({ score }: ParticlePick): number => score ?? 1;

/** Surest first, then by place: an order that no order of input can change, but for picks that are equal. */
export const byScoreAndPlace = (a: ParticlePick, b: ParticlePick): number =>
  scoreOf(b) - scoreOf(a) || a.x - b.x || a.y - b.y || a.z - b.z;

/**
 * Voters in an order that depends on what they hold alone, their picks sorted; those that weigh nothing are left out.
 * Where two are equal their order means nothing. So whatever follows is the same for every order of the pickers.
 */
const inOrder = (voters: readonly Voter[]): Voter[] =>
  voters
    .filter(({ weight }) => weight > 0)
    .map(({ picks, weight }) => ({ picks: picks.toSorted(byScoreAndPlace), weight }))
    .sort((a, b) => compareSorted(a.picks, b.picks) || b.weight - a.weight);

/** A total order of lists that are sorted by score and place. */
export function compareSorted(a: readonly ParticlePick[], b: readonly ParticlePick[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = byScoreAndPlace(a[i]!, b[i]!);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
