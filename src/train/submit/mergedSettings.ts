/** Picking settings of an ensemble. */
import { meanOf } from "../../domain/numbers.js";
import type { PickingSettings } from "../../infer/pick/picking.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";

/**
 * Merges each type's settings; where several checkpoints predict a type, threshold, least volume and density are their
 * means. A density is that of all or of none.
 */
export function mergedSettings(
  checkpoints: readonly Pick<Checkpoint, "picking">[],
): Map<string, PickingSettings> {
  const merged = new Map<string, PickingSettings>();
  for (const type of new Set(checkpoints.flatMap(({ picking }) => [...picking.keys()]))) {
    const all = checkpoints.flatMap(({ picking }) => picking.get(type) ?? []);
    const mean = (of: (settings: PickingSettings) => number) => meanOf(all.map(of));
    const { density: _, ...settings } = all[0]!;
    const densities = all.flatMap(({ density }) => density ?? []);
    merged.set(type, {
      ...settings,
      ...(densities.length === all.length && {
        density: {
          least: meanOf(densities.map(({ least }) => least)),
          most: meanOf(densities.map(({ most }) => most)),
        },
      }),
      threshold: mean((each) => each.threshold),
      minVolume: mean((each) => each.minVolume),
    });
  }
  return merged;
}

/** Merges the thresholds of features; where several checkpoints segment one, the threshold is their mean. */
export function mergedFeatures(
  checkpoints: readonly Pick<Checkpoint, "features">[],
): ReadonlyMap<string, number> {
  const all = checkpoints.flatMap(({ features = [] }) => features);
  const thresholdsOf = (wanted: string) =>
    all.flatMap(({ name, threshold }) => (name === wanted ? [threshold] : []));
  return new Map(all.map(({ name }) => [name, meanOf(thresholdsOf(name))]));
}
