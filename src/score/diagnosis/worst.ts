/** The worst misses and false picks of a type: those to look at first. */
import type { ParticlePick } from "../../domain/particles.js";
import type { PicksByExperiment } from "../score.js";
import type { Mistaken } from "./confusion.js";
import { groupByExperiment, nearestOf } from "./nearest.js";
import { isFalse, isMissed, type Judged, type JudgedParticle, type JudgedPick } from "./verdicts.js";

/** A position in an experiment, in Å from the volume's corner. */
interface Placed {
  readonly experiment: string;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Something of a type at a distance in Å. */
interface Neighbour {
  readonly type: string;
  readonly distance: number;
}

/** A missed particle. */
export interface Miss extends Placed {
  /** The nearest wrong pick of any type in the experiment; null where there is none. */
  readonly nearestWrong: (Neighbour & { readonly confidence: number | null }) | null;
  /**
   * Confidence of the nearest wrong pick, where it lies within the particle's radius, minus the least confidence that
   * found a particle of this type (0 if none was found): how surely the place was taken for something else. Null
   * without such a pick or without confidences.
   */
  readonly gap: number | null;
}

/** A pick that matched no particle. */
export interface FalsePick extends Placed {
  readonly confidence: number | null;
  /** `duplicate`: another pick of a particle that was found; `wrong`: no particle of its type in reach. */
  readonly verdict: "duplicate" | "wrong";
  /** The type of a missed particle at the pick; null where nothing is there. */
  readonly mistakenFor: string | null;
  /** The nearest true particle of any type in the experiment; null where there is none. */
  readonly nearestParticle: Neighbour | null;
}

/**
 * Returns the misses to look at first: by falling gap, then those without a gap by the distance of the nearest wrong
 * pick.
 *
 * @param all judged types: a wrong pick of another type may lie where the particle is
 */
export function worstMisses(judged: Judged, all: readonly Judged[], count = 20): Miss[] {
  const wrong = groupByExperiment(
    all.flatMap(({ picks }) => picks.filter((pick) => pick.verdict === "wrong")),
  );
  const least = leastFound(judged);
  return judged.particles
    .filter(isMissed)
    .map((each) => missOf(each, wrong.get(each.experiment) ?? [], judged.particle.radius, least))
    .sort(
      (a, b) =>
        falling(a.gap, b.gap) || rising(a.nearestWrong?.distance, b.nearestWrong?.distance) || byPlace(a, b),
    )
    .slice(0, count);
}

function missOf(
  { experiment, place }: JudgedParticle,
  wrong: readonly JudgedPick[],
  radius: number,
  least: number,
): Miss {
  const nearest = nearestOf(place, wrong, ({ pick }) => pick);
  const at = { experiment, x: place.x, y: place.y, z: place.z };
  if (nearest === undefined) return { ...at, nearestWrong: null, gap: null };
  const { type, score } = nearest.item.pick;
  return {
    ...at,
    nearestWrong: { type, distance: nearest.distance, confidence: score ?? null },
    gap: score === undefined || nearest.distance > radius ? null : score - least,
  };
}

const leastFound = ({ picks }: Judged): number => {
  const found = picks.filter((pick) => !isFalse(pick)).map(({ pick }) => pick.score ?? 0);
  return found.reduce((least, score) => Math.min(least, score), found[0] ?? 0);
};

/**
 * Returns false picks by falling confidence; those without confidence by distance from all particles, farthest first.
 */
export function worstFalsePicks(
  judged: Judged,
  truth: PicksByExperiment,
  mistaken: Mistaken,
  count = 20,
): FalsePick[] {
  const listed = judged.picks.filter(isFalse).map((each) => falsePickOf(each, truth, mistaken));
  return listed
    .sort(
      (a, b) =>
        falling(a.confidence, b.confidence) ||
        falling(a.nearestParticle?.distance, b.nearestParticle?.distance) ||
        byPlace(a, b),
    )
    .slice(0, count);
}

function falsePickOf(judged: JudgedPick, truth: PicksByExperiment, mistaken: Mistaken): FalsePick {
  const { experiment, pick, verdict } = judged;
  const nearest = nearestOf(pick, truth.get(experiment)!, (particle: ParticlePick) => particle);
  return {
    experiment,
    x: pick.x,
    y: pick.y,
    z: pick.z,
    confidence: pick.score ?? null,
    verdict: verdict === "duplicate" ? "duplicate" : "wrong",
    mistakenFor: mistaken.picks.get(judged) ?? null,
    nearestParticle: nearest ? { type: nearest.item.type, distance: nearest.distance } : null,
  };
}

type Value = number | null | undefined;

/** Orders values greatest first, absent last. */
const falling = (a: Value, b: Value): number =>
  a === b ? 0 : (b ?? Number.NEGATIVE_INFINITY) - (a ?? Number.NEGATIVE_INFINITY) || 0;

/** Orders values least first, absent last. */
const rising = (a: Value, b: Value): number =>
  a === b ? 0 : (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY) || 0;

const byPlace = (a: Placed, b: Placed): number =>
  (a.experiment < b.experiment ? -1 : a.experiment > b.experiment ? 1 : 0) ||
  a.z - b.z ||
  a.y - b.y ||
  a.x - b.x;
