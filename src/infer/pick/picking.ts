/**
 * Volumes of probabilities or heat-map values to particle positions.
 *
 * `watershed` is the picking of Ais as its paper states it (Last et al., eLife 2024): threshold, Euclidean distance
 * transform, watershed of it, groups under a minimum volume dropped, each group weighted by the sum of its values, of
 * two groups nearer than the minimum spacing the lighter dropped, the centroid of a group's voxels is the particle.
 * `peaks` takes local maxima in a ball-shaped window.
 */
import { z } from "zod";
import { matchFraction, type Particle } from "../../domain/particles.js";
import { type Angstrom, angstrom, type Position } from "../../domain/units.js";
import { indexToPosition, type Volume } from "../../domain/volume.js";
import { type Runs, runsAbove, runsWithin } from "./components.js";
import { findPeaks } from "./peaks.js";
import { keepSpaced } from "./spacing.js";
import { watershedGroups } from "./watershed.js";

/** How particles are picked from a volume of probabilities or heat-map values. */
export interface PickingSettings {
  readonly method: "watershed" | "peaks";
  /** On the volume's values; voxels strictly above are foreground. */
  readonly threshold: number;
  /** Å³; smaller groups are dropped (watershed only). */
  readonly minVolume: number;
  /** Å between centres; of two nearer than this the lighter goes. */
  readonly minSpacing: Angstrom;
  /** Å, of the ball in which a peak must be the greatest (peaks only); the minimum spacing if absent. */
  readonly radius?: Angstrom | undefined;
}

const length = z.number().nonnegative().transform(angstrom);

export const pickingSchema = z.strictObject({
  method: z.enum(["watershed", "peaks"]),
  threshold: z.number(),
  minVolume: z.number().nonnegative(),
  minSpacing: length,
  radius: length.optional(),
});

/** A particle that was picked, its centre in Å from the volume's corner. */
export interface ScoredPick extends Position {
  /** Confidence: the mean value over the group's voxels, or the peak's value; within 0 and 1 if the volume is. */
  readonly score: number;
  /** What decides between neighbours: the sum of the values over the group's voxels, or the peak's value. */
  readonly weight: number;
  /** Voxels of the group, or of the peak's plateau. */
  readonly voxels: number;
}

/** How many were left after each step, so that an empty result tells where its picks went. */
export interface PickingSteps {
  /** Voxels. */
  readonly aboveThreshold: number;
  /** Groups of the watershed, or peaks. */
  readonly groups: number;
  readonly afterVolume: number;
  readonly afterSpacing: number;
}

/** Particles that were picked from a volume, and how many were left after each step. */
export interface PickingResult {
  /** Heaviest first; equal weights in the order of their maxima's places. */
  readonly picks: ScoredPick[];
  readonly steps: PickingSteps;
}

/**
 * Picks particles from one volume; x y z are Å from the volume's corner, sub-voxel.
 *
 * @throws NotFinite at a voxel that is NaN or +Infinity, by its z, y, x
 */
export function pickParticles(volume: Volume, settings: PickingSettings): PickingResult {
  return pickFromRuns(volume, runsAbove(volume, settings.threshold), settings);
}

/** `pickParticles` for each threshold, in the thresholds' order; the volume is read once. */
export function sweepThresholds(
  volume: Volume,
  settings: PickingSettings,
  thresholds: readonly number[],
): PickingResult[] {
  if (thresholds.length === 0) return [];
  const lowest = runsAbove(volume, Math.min(...thresholds));
  return thresholds.map((threshold) =>
    pickFromRuns(volume, runsWithin(lowest, volume.data, threshold), { ...settings, threshold }),
  );
}

function pickFromRuns(volume: Volume, runs: Runs, settings: PickingSettings): PickingResult {
  const candidates =
    settings.method === "watershed" ? groupPicks(volume, runs, settings) : peakPicks(volume, runs, settings);
  const voxelVolume = volume.spacing[0] * volume.spacing[1] * volume.spacing[2];
  const large =
    settings.method === "watershed"
      ? candidates.filter((pick) => pick.voxels * voxelVolume >= settings.minVolume)
      : candidates;
  const picks = keepSpaced(large, settings.minSpacing);
  return {
    picks,
    steps: {
      aboveThreshold: runs.voxels,
      groups: candidates.length,
      afterVolume: large.length,
      afterSpacing: picks.length,
    },
  };
}

/** Groups heaviest first. A maximum is the greatest distance within half the minimum spacing. */
function groupPicks(volume: Volume, runs: Runs, { minSpacing }: PickingSettings): ScoredPick[] {
  const window = Math.max(1, Math.floor(minSpacing / Math.min(...volume.spacing) / 2));
  return watershedGroups(volume, runs, window)
    .sort((a, b) => b.weight - a.weight || a.anchor - b.anchor)
    .map(({ z, y, x, voxels, weight }) => ({
      ...indexToPosition(z, y, x, volume.spacing),
      score: weight / voxels,
      weight,
      voxels,
    }));
}

/** Peaks greatest first. */
function peakPicks(volume: Volume, runs: Runs, { minSpacing, radius }: PickingSettings): ScoredPick[] {
  const window = (radius ?? minSpacing) / Math.min(...volume.spacing);
  return findPeaks(volume, runs, window).map(({ z, y, x, value, voxels }) => ({
    ...indexToPosition(z, y, x, volume.spacing),
    score: value,
    weight: value,
    voxels,
  }));
}

/**
 * Settings for a particle type whose network was trained on balls of half its radius and has not been tuned: threshold
 * ½, a third of that ball's volume at least, centres at least one radius apart.
 */
export function defaultPicking({ radius }: Pick<Particle, "radius">): PickingSettings {
  const ballVolume = (4 / 3) * Math.PI * (radius * matchFraction) ** 3;
  return { method: "watershed", threshold: 0.5, minVolume: ballVolume / 3, minSpacing: radius };
}
