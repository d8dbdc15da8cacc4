/** Confusion between types: wrong picks at particles of other types, and missed particles taken for other types. */
import { pointGrid } from "../match/pointGrid.js";
import { distanceBetween, groupByExperiment } from "./nearest.js";
import { isMissed, type Judged, type JudgedParticle, type JudgedPick, matchDistanceOf } from "./verdicts.js";

/** Confusion between types. Row and column i belong to types[i]; the last column means that nothing was there. */
export interface Confusion {
  readonly types: readonly string[];
  /**
   * A row a type of pick, a column a type of particle; a row sums to the type's predictions. Own column: picks within
   * reach of a particle of their type, matched or duplicate. Another type's column: wrong picks within that type's
   * match distance of a missed particle, each at the one nearest as a share of the match distance.
   */
  readonly picks: readonly (readonly number[])[];
  /**
   * A row a type of particle, a column a type of pick; a row sums to the type's particles. Own column: particles found.
   * Another type's column: missed particles whose nearest wrong pick within the match distance is of that type.
   */
  readonly particles: readonly (readonly number[])[];
}

/** The other type at each wrong pick and at each missed particle; entries without one are left out. */
export interface Mistaken {
  readonly picks: ReadonlyMap<JudgedPick, string>;
  readonly particles: ReadonlyMap<JudgedParticle, string>;
}

interface Candidate {
  readonly type: string;
  readonly distance: number;
}

/**
 * Finds the other type at each wrong pick and missed particle. Of equally near candidates the type that comes first in
 * `all` counts, so the order of picks never does.
 */
export function mistakenFor(all: readonly Judged[]): Mistaken {
  const picks = new Map<JudgedPick, Candidate>();
  const particles = new Map<JudgedParticle, Candidate>();
  const wrong = all.map((judged) =>
    groupByExperiment(judged.picks.filter(({ verdict }) => verdict === "wrong")),
  );
  for (const truth of all) {
    const reach = matchDistanceOf(truth.particle);
    for (const [experiment, missed] of groupByExperiment(truth.particles.filter(isMissed))) {
      all.forEach((other, index) => {
        if (other === truth) return;
        for (const { pick, particle, distance } of meetings(
          wrong[index]!.get(experiment) ?? [],
          missed,
          reach,
        )) {
          keepNearer(picks, pick, { type: truth.particle.name, distance: distance / reach });
          keepNearer(particles, particle, { type: other.particle.name, distance });
        }
      });
    }
  }
  return { picks: typesOf(picks), particles: typesOf(particles) };
}

interface Meeting {
  readonly pick: JudgedPick;
  readonly particle: JudgedParticle;
  /** Å */
  readonly distance: number;
}

/** Returns all pairs of one experiment that lie at most `reach` Å apart. */
function meetings(
  picks: readonly JudgedPick[],
  particles: readonly JudgedParticle[],
  reach: number,
): Meeting[] {
  const grid = pointGrid(Float64Array.from(particles.flatMap(({ place: { x, y, z } }) => [x, y, z])), reach);
  const found: number[] = [];
  return picks.flatMap((pick) => {
    const count = grid.within(pick.pick.x, pick.pick.y, pick.pick.z, reach, found);
    return found.slice(0, count).map((index) => {
      const particle = particles[index]!;
      return { pick, particle, distance: distanceBetween(pick.pick, particle.place) };
    });
  });
}

/** Counts the confusion of all judged types. */
export function confusionOf(all: readonly Judged[], mistaken: Mistaken): Confusion {
  const types = all.map(({ particle }) => particle.name);
  const columnOf = (type: string | undefined): number =>
    type === undefined ? types.length : types.indexOf(type);
  const rowOf = (columns: readonly number[]): number[] => {
    const row = new Array<number>(types.length + 1).fill(0);
    for (const column of columns) row[column]!++;
    return row;
  };
  return {
    types,
    picks: all.map(({ picks }, own) =>
      rowOf(picks.map((pick) => (pick.verdict === "wrong" ? columnOf(mistaken.picks.get(pick)) : own))),
    ),
    particles: all.map(({ particles }, own) =>
      rowOf(particles.map((each) => (isMissed(each) ? columnOf(mistaken.particles.get(each)) : own))),
    ),
  };
}

function keepNearer<Key>(nearest: Map<Key, Candidate>, key: Key, candidate: Candidate): void {
  if (candidate.distance < (nearest.get(key)?.distance ?? Number.POSITIVE_INFINITY))
    nearest.set(key, candidate);
}

const typesOf = <Key>(nearest: ReadonlyMap<Key, Candidate>): Map<Key, string> =>
  new Map([...nearest].map(([key, { type }]) => [key, type]));
