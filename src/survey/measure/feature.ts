/** Measuring a feature's map in one pass, slab by slab. */
import { connectedComponents, type Runs, runsAbove } from "../../domain/morphology/components.js";
import { dustOf } from "../../domain/morphology/dust.js";
import { stackRuns, voxelsOf } from "../../domain/morphology/stack.js";
import { type Shape3, voxelCount, voxelVolume } from "../../domain/volume.js";
import { type FeatureMap, openFeatureMap } from "../../infer/maps/featureMaps.js";
import { PickbenchError } from "../../system/errors.js";
import type { FeatureFacts } from "../entry.js";
import { projectionPicture } from "./picture.js";
import { eachSlabOf } from "./slabs.js";

/** What a map is measured by. */
export interface FeatureSettings {
  /** Voxels above it count. */
  readonly threshold: number;
  /** Components of fewer Å³ are not counted. */
  readonly dust: number;
}

type MeasuredFeature = Omit<FeatureFacts, "name" | "stamp" | "path" | "scale" | "voxelType">;

/** Of projections: values below half of the greatest that a map can have are left out. */
const leastSeen = 0.5;
/** Probabilities may leave 0 to 1 by so much, as sums of float32 do. */
const slack = 1e-3;

/**
 * Measures a map: its sum and what lies above the threshold, as Å³ and in percent of the map's voxels, and components, which
 * touch by a face, an edge or a corner; and makes the picture of its projection. Memory: a slab of at most 96 MB, and
 * the surface of what lies above the threshold.
 *
 * @throws PickbenchError BadDataset for values that are no probabilities; as `openFeatureMap`
 */
export async function measureFeature(
  map: FeatureMap,
  { threshold, dust }: FeatureSettings,
): Promise<{ readonly facts: MeasuredFeature; readonly picture: Uint8Array }> {
  const { shape, spacing, slabDepth, readSlab } = await openFeatureMap(map);
  const projected = new Float32Array(shape[1] * shape[2]);
  const slabs: Runs[] = [];
  let sum = 0;
  await eachSlabOf({ shape, chunkDepth: slabDepth, read: readSlab }, (_, data, slab) => {
    sum += softSum(data, map);
    project(data, projected);
    slabs.push(runsAbove({ data, shape: slab, spacing }, threshold));
  });
  const runs = stackRuns(slabs);
  const sizes = voxelsOf(runs, connectedComponents(runs));
  const [voxels, each] = [voxelCount(shape), voxelVolume(spacing)];
  const kept = sizes.length - dustOf(sizes, spacing, { least: dust }).length;
  const facts = {
    size: shape.map((size, axis) => size * spacing[axis]!) as [number, number, number],
    softPercent: (100 * sum) / voxels,
    softVolume: sum * each,
    percent: (100 * runs.voxels) / voxels,
    volume: runs.voxels * each,
    components: kept,
    largest: sizes.reduce((a, b) => Math.max(a, b), 0) * each,
  };
  return { facts, picture: projectionPicture(projected, shape as Shape3, spacing) };
}

/** Sums probabilities. @throws PickbenchError BadDataset for others */
function softSum(values: Float32Array, { store, type }: FeatureMap): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= -slack && value <= 1 + slack))
      throw new PickbenchError(
        "BadDataset",
        `${store}: the map of ${type} holds ${value}, wanted probabilities from 0 to 1; say with --scale which stored value stands for 1, or leave the map out`,
        { path: store },
      );
    sum += value;
  }
  return sum;
}

/** Adds the values that are seen to their pixels. */
function project(values: Float32Array, projected: Float32Array): void {
  const plane = projected.length;
  for (let base = 0; base < values.length; base += plane)
    for (let at = 0; at < plane; at++)
      if (values[base + at]! >= leastSeen) projected[at]! += values[base + at]!;
}
