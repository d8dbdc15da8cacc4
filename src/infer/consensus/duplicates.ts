/** Duplicates in one list of picks: picks that are nearer than particles can be become one. */
import type { ParticlePick } from "../../domain/particles.js";
import type { Rotation } from "../../domain/rotation.js";
import { asymmetric, type Symmetry } from "../../domain/symmetry.js";
import { angstrom } from "../../domain/units.js";
import { Clusters } from "./clusters.js";
import { byScoreAndPlace, scoreOf } from "./fusePicks.js";
import { meanRotation } from "./meanRotation.js";

/** A group's centre, and the picks in it. */
interface Group {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly members: readonly ParticlePick[];
}

/**
 * Joins the duplicates of one type in one run. Picks are taken by falling score, ties by position; each joins the nearest
 * group that has its centre within the distance, or begins a new one, and groups whose centres came within the distance of one
 * another are joined in the same way, until none are: no two picks of the result are within the distance. A group's centre
 * and orientation are the means of its picks by score; its score is its greatest, and what else is known is that of its best
 * pick. The order of the picks changes no bit of the result, and a pick without duplicates stays as it is.
 *
 * @param distance largest distance of duplicates in Å, inclusive, above 0
 * @param symmetry of the particle; none if absent
 * @returns picks, the highest score first, ties by position
 */
export function joinDuplicates(
  picks: readonly ParticlePick[],
  distance: number,
  symmetry: Symmetry = asymmetric,
): ParticlePick[] {
  let groups: Group[] = picks
    .toSorted(byScoreAndPlace)
    .map((pick) => ({ x: pick.x, y: pick.y, z: pick.z, members: [pick] }));
  for (let before = Number.POSITIVE_INFINITY; groups.length < before; ) {
    before = groups.length;
    groups = joined(groups, distance);
  }
  return groups.map((group) => pickOf(group, symmetry)).sort(byScoreAndPlace);
}

/** Joins groups, each of which is taken in its turn. */
function joined(groups: readonly Group[], distance: number): Group[] {
  const clusters = new Clusters(groups.length, 0, distance);
  const members: ParticlePick[][] = [];
  const weights: number[] = [];
  for (const group of groups) {
    const { x, y, z } = group;
    const weight = group.members.reduce((sum, pick) => sum + scoreOf(pick), 0);
    const found = clusters.nearest(x, y, z, 0);
    if (found < 0) {
      clusters.add(x, y, z, 0);
      members.push([...group.members]);
      weights.push(weight);
      continue;
    }
    members[found]!.push(...group.members);
    weights[found]! += weight;
    const share =
      weights[found]! > 0 ? weight / weights[found]! : group.members.length / members[found]!.length;
    clusters.join(found, x, y, z, share, 0);
  }
  return members.map((list, i) => ({
    x: clusters.centres[3 * i]!,
    y: clusters.centres[3 * i + 1]!,
    z: clusters.centres[3 * i + 2]!,
    members: list,
  }));
}

function pickOf({ x, y, z, members }: Group, symmetry: Symmetry): ParticlePick {
  const [best] = members.toSorted(byScoreAndPlace);
  if (members.length === 1) return best!;
  const rotations = members.flatMap((pick) =>
    pick.rotation ? [{ rotation: pick.rotation as Rotation, weight: scoreOf(pick) }] : [],
  );
  const { rotation: _, ...known } = best!;
  return {
    ...known,
    x: angstrom(x),
    y: angstrom(y),
    z: angstrom(z),
    ...(rotations.length > 0 ? { rotation: meanRotation(rotations, symmetry) } : {}),
  };
}
