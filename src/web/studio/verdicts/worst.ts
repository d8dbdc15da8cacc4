/** What to look at first: the worst misses and the worst false picks of a run. */
import type { ParticlePick } from "../../../domain/particles.js";
import { distanceBetween, nearestOf } from "../../../score/diagnosis/nearest.js";
import { matchDistanceOf } from "../../../score/diagnosis/verdicts.js";
import { pointGrid } from "../../../score/match/pointGrid.js";
import type { TypeVerdicts, Verdict } from "./verdict.js";

/** A missed particle. */
export interface Miss<Pick extends ParticlePick = ParticlePick> {
  readonly kind: "miss";
  readonly type: string;
  /** Number of the particle in the truth. */
  readonly index: number;
  readonly place: ParticlePick;
  /**
   * Of all picks of its type, whatever the threshold, the surest within the match distance; without any, the nearest; null
   * where the set has none. Distance in Å.
   */
  readonly nearest: { readonly pick: Pick; readonly distance: number } | null;
  /** A pick of another type, at or above its threshold, nearest within the particle's radius; else null. */
  readonly taken: { readonly pick: Pick; readonly distance: number } | null;
}

/** A pick that is no true positive. */
export interface FalsePick<Pick extends ParticlePick = ParticlePick> {
  readonly kind: "false";
  readonly type: string;
  /** Number of the pick in its set. */
  readonly index: number;
  readonly place: Pick;
  readonly verdict: Exclude<Verdict, "true">;
  /** The nearest true particle of any type; null where the run has none. Distance in Å. */
  readonly nearest: { readonly truth: ParticlePick; readonly distance: number } | null;
}

/**
 * Lists misses, worst first: those with no pick of their type within the match distance at any threshold, the farthest from
 * one first; then those that a lower threshold would find, the least sure pick first.
 *
 * @param judged verdicts on all types, each at its threshold
 * @param all picks of the run, whatever their score
 */
export function worstMisses<Pick extends ParticlePick>(
  judged: readonly TypeVerdicts<Pick>[],
  all: readonly Pick[],
): Miss<Pick>[] {
  const kept = near(
    judged.flatMap(({ picks }) => picks.map(({ pick }) => pick)),
    100,
  );
  return judged
    .flatMap(({ particle, truths }) => {
      const { name: type, radius } = particle;
      const reach = matchDistanceOf(particle);
      const own = near(
        all.filter((pick) => pick.type === type),
        reach,
      );
      return truths.flatMap(({ index, truth, match }) => {
        if (match !== undefined) return [];
        const others = kept.within(truth, radius).filter((pick) => pick.type !== type);
        const miss: Miss<Pick> = {
          ...{ kind: "miss", type, index, place: truth },
          nearest: surest(truth, own.within(truth, reach)) ?? nearest(truth, own.picks),
          taken: nearest(truth, others),
        };
        return [{ miss, reach }];
      });
    })
    .sort((a, b) => worstFirst(a, b) || byPlace(a.miss.place, b.miss.place))
    .map(({ miss }) => miss);
}

/** Picks that can be asked for by distance. @param usual distance in Å that is asked for most */
function near<Pick extends ParticlePick>(picks: readonly Pick[], usual: number) {
  const coordinates = new Float64Array(3 * picks.length);
  for (const [at, { x, y, z }] of picks.entries()) coordinates.set([x, y, z], 3 * at);
  const grid = pointGrid(coordinates, usual);
  const found: number[] = [];
  return {
    picks,
    within({ x, y, z }: ParticlePick, distance: number): Pick[] {
      const count = grid.within(x, y, z, distance, found);
      return found.slice(0, count).map((at) => picks[at]!);
    },
  };
}

/** A pick at a distance in Å. */
type Near<Pick extends ParticlePick> = { readonly pick: Pick; readonly distance: number };

function nearest<Pick extends ParticlePick>(truth: ParticlePick, picks: readonly Pick[]): Near<Pick> | null {
  const found = nearestOf(truth, picks, (pick) => pick);
  return found ? { pick: found.item, distance: found.distance } : null;
}

function surest<Pick extends ParticlePick>(truth: ParticlePick, picks: readonly Pick[]): Near<Pick> | null {
  const sureness = ({ score = Number.MAX_VALUE }: Pick): number => score;
  const [first, ...others] = picks;
  if (first === undefined) return null;
  const pick = others.reduce((best, each) => (sureness(each) > sureness(best) ? each : best), first);
  return { pick, distance: distanceBetween(truth, pick) };
}

/** A miss, and the match distance of its type. */
interface Ranked {
  readonly miss: Miss;
  readonly reach: number;
}

/** 2 where nothing of the type was picked, 1 where no threshold finds the particle, 0 where a lower one does. */
const rankOf = ({ miss: { nearest }, reach }: Ranked): number =>
  nearest === null ? 2 : nearest.distance > reach ? 1 : 0;

function worstFirst(a: Ranked, b: Ranked): number {
  const rank = rankOf(a);
  const byRank = rankOf(b) - rank;
  if (byRank !== 0) return byRank;
  const [ofA, ofB] = [a.miss.nearest, b.miss.nearest];
  if (rank === 1) return ofB!.distance - ofA!.distance;
  if (rank === 0) return falling(ofB!.pick.score, ofA!.pick.score);
  return 0;
}

/**
 * Lists false picks and further picks of found particles, surest first; those without a score first of all, the farthest
 * from any particle first.
 *
 * @param truth all true particles of the run
 */
export function worstFalsePicks<Pick extends ParticlePick>(
  judged: readonly TypeVerdicts<Pick>[],
  truth: readonly ParticlePick[],
): FalsePick<Pick>[] {
  return judged
    .flatMap(({ particle, picks }) =>
      picks.flatMap(({ index, pick, verdict }): FalsePick<Pick>[] => {
        if (verdict === "true") return [];
        const found = nearestOf(pick, truth, (each) => each);
        const closest = found ? { truth: found.item, distance: found.distance } : null;
        return [{ kind: "false", type: particle.name, index, place: pick, verdict, nearest: closest }];
      }),
    )
    .sort(
      (a, b) =>
        falling(a.place.score, b.place.score) ||
        falling(a.nearest?.distance, b.nearest?.distance) ||
        byPlace(a.place, b.place),
    );
}

/** Orders values greatest first, absent ones before all. */
const falling = (a: number | undefined, b: number | undefined): number =>
  a === b ? 0 : (b ?? Number.MAX_VALUE) - (a ?? Number.MAX_VALUE);

const byPlace = (a: ParticlePick, b: ParticlePick): number => a.z - b.z || a.y - b.y || a.x - b.x;
