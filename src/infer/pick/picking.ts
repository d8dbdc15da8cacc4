/**
 * Picking: from volumes of probabilities or heat-map values to particle positions.
 *
 * `watershed` is the picking of Ais as its paper states it (Last et al., eLife 2024): threshold, Euclidean distance
 * transform, watershed of the distances, groups below a minimum volume dropped, each group weighted by the sum of its
 * values, of two groups closer than the minimum spacing the lighter dropped; the particle is the centroid of a group.
 * `peaks` takes local maxima in a ball-shaped window.
 */
import { z } from "zod";
import { type Runs, runsAbove, runsWithin } from "../../domain/morphology/components.js";
import { matchFraction, type Particle } from "../../domain/particles.js";
import { type Angstrom, angstrom, type Position } from "../../domain/units.js";
import { indexToPosition, type Volume, voxelCount, voxelVolume } from "../../domain/volume.js";
import { densitySchema, lowestThreshold, type PickDensity, withinDensity } from "./density.js";
import { axisOf, type Orienting, rotationTo, signed } from "./orientation.js";
import { findPeaks } from "./peaks.js";
import { keepSpaced } from "./spacing.js";
import { watershedGroups } from "./watershed.js";

/** How particles are picked from a volume of probabilities or heat-map values. */
export interface PickingSettings {
  readonly method: "watershed" | "peaks";
  /** Threshold on the volume's values; voxels strictly above it are foreground. */
  readonly threshold: number;
  /** Minimum volume of groups in Å³ (watershed only). */
  readonly minVolume: number;
  /** Minimum distance of centres in Å; of two that are closer the lighter is dropped. */
  readonly minSpacing: Angstrom;
  /** Radius in Å of the ball in which a peak must be greatest (peaks only); by default the minimum spacing. */
  readonly radius?: Angstrom | undefined;
  /** Number of picks that a volume may hold; the threshold is moved where it holds more or fewer. */
  readonly density?: PickDensity | undefined;
}

const length = z.number().nonnegative().transform(angstrom);

/** Schema of picking settings in an experiment or checkpoint. */
export const pickingSchema = z.strictObject({
  method: z.enum(["watershed", "peaks"]),
  threshold: z.number(),
  minVolume: z.number().nonnegative(),
  minSpacing: length,
  radius: length.optional(),
  density: densitySchema.optional(),
});

/** A particle that was picked, its centre in Å from the volume's corner. */
export interface ScoredPick extends Position {
  /** Confidence: the mean value over the group's voxels, or the peak's value; within 0 and 1 if the volume is. */
  readonly score: number;
  /** Weight that decides between neighbours: the sum of the group's values, or the peak's value. */
  readonly weight: number;
  /** Voxels of the group, or of the peak's plateau. */
  readonly voxels: number;
  /** Rotation that turns z into the group's axis, row by row; absent where none was asked for or none is clear. */
  readonly rotation?: readonly number[];
}

/** Counts after each step, which show where the picks of an empty result were lost. */
export interface PickingSteps {
  /** Voxels above the threshold. */
  readonly aboveThreshold: number;
  /** Groups of the watershed, or peaks. */
  readonly groups: number;
  readonly afterVolume: number;
  readonly afterSpacing: number;
}

/** Particles that were picked from a volume, and how many were left after each step. */
export interface PickingResult {
  /** Picks by falling weight; equal weights in the order of their maxima's flat indices. */
  readonly picks: ScoredPick[];
  readonly steps: PickingSteps;
  /** The threshold that was used: the settings' own, unless a density moved it. */
  readonly threshold: number;
}

/**
 * Picks particles from one volume, at sub-voxel x, y, z in Å from the volume's corner.
 *
 * @param orienting how groups of the watershed are given orientations; none are if absent
 * @throws PickbenchError NotFinite at a voxel that is NaN or +Infinity, with its z, y, x
 */
export function pickParticles(
  volume: Volume,
  settings: PickingSettings,
  orienting?: Orienting,
): PickingResult {
  const { density, threshold } = settings;
  const lowest = runsAbove(volume, lowestThreshold(settings));
  if (density === undefined) return pickFromRuns(volume, lowest, settings, orienting);
  const pickAt = (other: number): PickingResult => {
    const runs = runsWithin(lowest, volume.data, other);
    return pickFromRuns(volume, runs, { ...settings, threshold: other }, orienting);
  };
  return withinDensity(
    pickAt(threshold),
    density,
    voxelCount(volume.shape) * voxelVolume(volume.spacing),
    pickAt,
  );
}

/** Picks with each threshold, as `pickParticles` does, in the thresholds' order; reads the volume once. */
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

function pickFromRuns(
  volume: Volume,
  runs: Runs,
  settings: PickingSettings,
  orienting?: Orienting,
): PickingResult {
  const candidates =
    settings.method === "watershed"
      ? groupPicks(volume, runs, settings, orienting)
      : peakPicks(volume, runs, settings);
  const size = voxelVolume(volume.spacing);
  const large =
    settings.method === "watershed"
      ? candidates.filter((pick) => pick.voxels * size >= settings.minVolume)
      : candidates;
  const picks = keepSpaced(large, settings.minSpacing);
  return {
    picks,
    threshold: settings.threshold,
    steps: {
      aboveThreshold: runs.voxels,
      groups: candidates.length,
      afterVolume: large.length,
      afterSpacing: picks.length,
    },
  };
}

/** Returns the watershed's groups, the heaviest first; a maximum is the greatest distance within half the spacing. */
function groupPicks(
  volume: Volume,
  runs: Runs,
  { minSpacing }: PickingSettings,
  orienting: Orienting | undefined,
): ScoredPick[] {
  const window = Math.max(1, Math.floor(minSpacing / Math.min(...volume.spacing) / 2));
  return watershedGroups(volume, runs, window, undefined, orienting !== undefined)
    .sort((a, b) => b.weight - a.weight || a.anchor - b.anchor)
    .map(({ z, y, x, voxels, weight, covariance }) => {
      const at = indexToPosition(z, y, x, volume.spacing);
      const axis = orienting && covariance && axisOf(covariance, orienting.axis);
      return {
        ...at,
        score: weight / voxels,
        weight,
        voxels,
        ...(axis
          ? { rotation: rotationTo(signed(axis, orienting.sign, at, volume.shape, volume.spacing)) }
          : {}),
      };
    });
}

/** Returns the peaks, the greatest first. */
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
 * Returns untuned settings for a particle type whose network was trained on balls of half its radius: threshold ½, a
 * minimum volume of a third of the ball's, centres at least one radius apart.
 */
export function defaultPicking({ radius }: Pick<Particle, "radius">): PickingSettings {
  const ballVolume = (4 / 3) * Math.PI * (radius * matchFraction) ** 3;
  return { method: "watershed", threshold: 0.5, minVolume: ballVolume / 3, minSpacing: radius };
}
