/** Where in a volume misses and false picks lie: by depth, distance to the border, and distance to other particles. */
import type { ParticlePick } from "../../domain/particles.js";
import type { PicksByExperiment } from "../score.js";
import { type Bin, binOf, evenBins, openBins } from "./bins.js";
import { nearestOf } from "./nearest.js";
import { isFalse, isMissed, type Judged } from "./verdicts.js";

/** Size of a volume in Å; its corner lies at 0 0 0. */
export interface Extent {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Volume sizes by experiment. */
export type Extents = ReadonlyMap<string, Extent>;

/** Counts within a bin whose bounds are in Å; over all bins they add up to the type's counts. */
export interface PlaceBin extends Bin {
  readonly truths: number;
  readonly misses: number;
  readonly picks: number;
  /** Number of duplicates and wrong picks. */
  readonly falsePicks: number;
}

/** Places of misses and false picks. `depth` and `border` are null where the volumes' sizes are unknown. */
export interface Places {
  /** Counts by z, from 0 to the deepest volume's size; values outside belong to the first or the last bin. */
  readonly depth: readonly PlaceBin[] | null;
  /** Counts by the distance to the nearest of the volume's six faces; places outside belong to the first bin. */
  readonly border: readonly PlaceBin[] | null;
  /**
   * Counts by the distance to the nearest other true particle of any type in the same experiment; places without any
   * belong to the last bin.
   */
  readonly next: readonly PlaceBin[];
}

/** A multiple of three, so that thirds of the depth are whole bins. */
const depthBins = 12;
/** Bounds in Å; the challenge's particles have radii of 50 to 150 Å. */
const distanceBounds = [0, 50, 100, 150, 200, 300, 500];

/** Counts a type's misses and false picks by place. @param extents of every experiment of the truth, where known */
export function placesOf(judged: Judged, truth: PicksByExperiment, extents: Extents | undefined): Places {
  const next = tally(openBins(distanceBounds), judged, {
    ofParticle: (experiment, place) =>
      distanceToNext(
        place,
        truth.get(experiment)!.filter((other) => other !== place),
      ),
    ofPick: (experiment, pick) => distanceToNext(pick, truth.get(experiment)!),
  });
  if (extents === undefined) return { depth: null, border: null, next };
  const deepest = Math.max(0, ...[...truth.keys()].map((experiment) => extents.get(experiment)!.z));
  const border = (experiment: string, place: ParticlePick) => borderDistance(place, extents.get(experiment)!);
  const depth = (_: string, { z }: ParticlePick) => z;
  return {
    depth: tally(evenBins(deepest, depthBins), judged, { ofParticle: depth, ofPick: depth }),
    border: tally(openBins(distanceBounds), judged, { ofParticle: border, ofPick: border }),
    next,
  };
}

const distanceToNext = (place: ParticlePick, others: readonly ParticlePick[]): number =>
  nearestOf(place, others, (other) => other)?.distance ?? Number.POSITIVE_INFINITY;

/** Returns the distance to the nearest face in Å; negative outside. */
const borderDistance = ({ x, y, z }: ParticlePick, extent: Extent): number =>
  Math.min(x, y, z, extent.x - x, extent.y - y, extent.z - z);

type Measure = (experiment: string, place: ParticlePick) => number;

function tally(
  bins: readonly Bin[],
  { picks, particles }: Judged,
  { ofParticle, ofPick }: { readonly ofParticle: Measure; readonly ofPick: Measure },
): PlaceBin[] {
  const counted = bins.map((bin) => ({ ...bin, truths: 0, misses: 0, picks: 0, falsePicks: 0 }));
  for (const each of particles) {
    const bin = counted[binOf(bins, ofParticle(each.experiment, each.place))]!;
    bin.truths++;
    if (isMissed(each)) bin.misses++;
  }
  for (const each of picks) {
    const bin = counted[binOf(bins, ofPick(each.experiment, each.pick))]!;
    bin.picks++;
    if (isFalse(each)) bin.falsePicks++;
  }
  return counted;
}
