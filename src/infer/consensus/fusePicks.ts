/**
 * Consensus of pickers: the picks of one type in one run by several pickers are fused to one list. The method is weighted
 * boxes fusion (Solovyev, Wang and Gabruseva, Image and Vision Computing 107, 2021, 104117) with the distance of points
 * in place of the overlap of boxes, and with a rule of its own: a picker has at most one pick in a group, so that no
 * picker votes twice and the picks of a lone picker stay as they are.
 */
import type { ParticlePick } from "../../domain/particles.js";
import type { Rotation } from "../../domain/rotation.js";
import { asymmetric, type Symmetry } from "../../domain/symmetry.js";
import { angstrom } from "../../domain/units.js";
import { Clusters } from "./clusters.js";
import { angleBetween, meanRotation } from "./meanRotation.js";

/** A pick fused of a group of picks. */
export interface FusedPick extends ParticlePick {
  /** Σ weight·score of the group's picks over the weights of all pickers, so that picks few pickers have score lower. */
  readonly score: number;
  /** Count of pickers with a pick in the group. */
  readonly pickers: number;
  /** Sum of those pickers' weights. */
  readonly votes: number;
  /** What the pickers saw, in no order of theirs. */
  readonly members: readonly FusedMember[];
  /** Mean angle in degrees between the orientations of two or more picks and their mean. */
  readonly turn?: number;
}

/** A picker's pick in a group. */
export interface FusedMember {
  /** Place of the picker among the voters. */
  readonly picker: number;
  readonly weight: number;
  /** 1 for a pick without a score. */
  readonly score: number;
}

/**
 * Fuses picks, taken by falling weight·score, ties by position. Each pick joins the nearest group that has its centre
 * within the distance and no pick of the same picker yet, or begins a new group. A group's centre is the mean of its picks
 * by weight·score, and so is its orientation, of those that have one (see `meanRotation`). The order of the voters, and of
 * each voter's picks, changes no bit of the result.
 *
 * @param voters picks of one type in one run; a missing score counts as 1, scores are not negative; one of weight 0 has no
 * say
 * @param distance largest distance to join in Å, inclusive, above 0
 * @param symmetry of the particle; none if absent
 * @returns fused picks, the highest score first, ties by position
 */
export function fusePicks(
  type: string,
  voters: readonly Voter[],
  distance: number,
  symmetry: Symmetry = asymmetric,
): FusedPick[] {
  const ordered = inOrder(voters);
  const total = ordered.map(({ weight }) => weight).sort((a, b) => a - b);
  const weights = total.reduce((sum, weight) => sum + weight, 0);
  const points = pointsOf(ordered, weights);
  const clusters = new Clusters(points.order.length, ordered.length, distance);
  const scores = new Float64Array(points.order.length);
  const groups: number[][] = [];
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
    if (found < 0) groups.push([point]);
    else groups[cluster]!.push(point);
    const share = scores[cluster]! > 0 ? value / scores[cluster]! : 1 / groups[cluster]!.length;
    if (found >= 0) clusters.join(cluster, x, y, z, share, voter);
  }
  return groups
    .map((group, cluster) => {
      const oriented = orientationOf(group, points, symmetry);
      return {
        type,
        x: angstrom(clusters.centres[3 * cluster]!),
        y: angstrom(clusters.centres[3 * cluster + 1]!),
        z: angstrom(clusters.centres[3 * cluster + 2]!),
        score: scores[cluster]!,
        ...oriented,
        pickers: group.length,
        votes: ordered.reduce(
          (sum, { weight }, voter) => sum + (clusters.hasJoined(cluster, voter) ? weight : 0),
          0,
        ),
        members: group.map((point) => {
          const { picker, weight } = ordered[points.voters[point]!]!;
          return { picker, weight, score: scoreOf(points.picks[point]!) };
        }),
      };
    })
    .sort(byScoreAndPlace);
}

/** Returns the mean orientation of a group's picks that have one, and of several how far they are from it. */
function orientationOf(
  group: readonly number[],
  { picks, values }: Points,
  symmetry: Symmetry,
): Pick<FusedPick, "rotation" | "turn"> {
  const rotations = group.flatMap((point) => {
    const { rotation } = picks[point]!;
    return rotation ? [{ rotation: rotation as Rotation, weight: values[point]! }] : [];
  });
  if (rotations.length === 0) return {};
  const rotation = meanRotation(rotations, symmetry);
  if (rotations.length === 1) return { rotation };
  const angles = rotations.map((each) => angleBetween(each.rotation, rotation, symmetry));
  return { rotation, turn: angles.reduce((sum, angle) => sum + angle, 0) / angles.length };
}

/** All voters' picks in flat arrays. */
interface Points {
  readonly picks: readonly ParticlePick[];
  /** Positions x, y, z in Å. */
  readonly places: Float64Array;
  /** Products weight·score, with weights as shares of their sum. */
  readonly values: Float64Array;
  readonly voters: Int32Array;
  /** Indices of the points in the order in which they are fused. */
  readonly order: Int32Array;
}

function pointsOf(voters: readonly OrderedVoter[], weights: number): Points {
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
  return { picks: voters.flatMap(({ picks }) => picks), places, values, voters: owners, order };
}

/** One picker's picks of one type in one run, and the picker's weight. */
export interface Voter {
  readonly picks: readonly ParticlePick[];
  /** Weight, 0 or more; only its share of all voters' weights matters. */
  readonly weight: number;
  /** What tells pickers of equal picks and weights apart; nothing if absent. */
  readonly name?: string | undefined;
}

/** A voter and its place among all. */
interface OrderedVoter extends Voter {
  readonly picker: number;
}

/** Returns a pick's score; a pick without one counts as certain. */
export const scoreOf = ({ score }: ParticlePick): number => score ?? 1;

/**
 * Orders picks by falling score, then by position, then by orientation: the same for every order of input, except for
 * equal picks.
 */
export const byScoreAndPlace = (a: ParticlePick, b: ParticlePick): number =>
  scoreOf(b) - scoreOf(a) || a.x - b.x || a.y - b.y || a.z - b.z || compareRotations(a, b);

function compareRotations({ rotation: a = [] }: ParticlePick, { rotation: b = [] }: ParticlePick): number {
  for (const [i, part] of a.entries()) if (part !== b[i]) return part - (b[i] ?? Number.NEGATIVE_INFINITY);
  return a.length - b.length;
}

/**
 * Sorts voters, and the picks of each, by their content alone, and drops voters of weight 0. Equal voters are
 * interchangeable, so the result of fusion is the same for every order of the pickers.
 */
const inOrder = (voters: readonly Voter[]): OrderedVoter[] =>
  voters
    .map((voter, picker) => ({ ...voter, picks: voter.picks.toSorted(byScoreAndPlace), picker }))
    .filter(({ weight }) => weight > 0)
    .sort(
      (a, b) =>
        compareSorted(a.picks, b.picks) || b.weight - a.weight || compareNames(a.name ?? "", b.name ?? ""),
    );

const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Compares two lists of picks that are sorted by `byScoreAndPlace`; a total order. */
export function compareSorted(a: readonly ParticlePick[], b: readonly ParticlePick[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = byScoreAndPlace(a[i]!, b[i]!);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
