/** One look at one crop, in the training's thread: loss by the average weights, and picks at a few thresholds. */
import { offsetChannels } from "../../data/patches/offsets.js";
import type { Batch } from "../../data/patches/spec.js";
import type { Position } from "../../domain/units.js";
import { type Shape3, type Spacing3, voxelCount } from "../../domain/volume.js";
import type { Activation } from "../../engines/activation.js";
import type { Trainer } from "../../engines/engine.js";
import { type PickingSettings, sweepThresholds } from "../../infer/pick/picking.js";
import { type BallRadii, countVotes } from "../../infer/predict/votes.js";
import type { Counts } from "../../score/match/fbeta.js";

/** How a network's output on crops is judged. */
export interface LookSettings {
  readonly activation: Activation;
  /** Radii of the balls that vote for centres; null where the output has no offsets. */
  readonly radii: BallRadii | null;
  readonly stride: number;
  readonly patch: Shape3;
  /** What is picked: types with their channel, settings and thresholds, which rise. */
  readonly picking: readonly {
    readonly type: string;
    readonly channel: number;
    readonly settings: PickingSettings;
    readonly thresholds: readonly number[];
  }[];
  /** What is segmented: features with their channel. */
  readonly features: readonly { readonly name: string; readonly channel: number }[];
  /** Probability from which a voxel is a feature's. */
  readonly threshold: number;
}

/** A crop as it crosses to the thread. */
export interface LookCrop {
  readonly example: Batch;
  readonly spacing: Spacing3;
}

/** What a look at one crop found. */
export interface CropLook {
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  /** Picks in Å from the crop's corner, by type and then by threshold. */
  readonly picks: Readonly<Record<string, readonly (readonly Position[])[]>>;
  /** Counts of known voxels by feature. */
  readonly voxels: Readonly<Record<string, Counts>>;
}

/**
 * Share of a crop's voxels above which a threshold finds nothing: of a network that has learned little, all voxels may lie
 * above it, and to divide them takes long and tells nothing.
 */
const mostForeground = 0.25;

function shareAbove(values: Float32Array, threshold: number): number {
  let above = 0;
  for (const value of values) if (value > threshold) above++;
  return above / values.length;
}

/** Looks at one crop. */
export async function lookAt(
  trainer: Trainer,
  { example, spacing }: LookCrop,
  settings: LookSettings,
): Promise<CropLook> {
  const { activation, radii, patch, stride, picking } = settings;
  const { loss, parts, output } = await trainer.watch(example, activation, radii ? offsetChannels : 0);
  const maps = radii ? countVotes(output, { radii, spacing: spacing[0], patch, stride }) : output;
  const channels = maps.length / voxelCount(patch);
  const picks = picking.map(({ type, channel, settings: how, thresholds }) => {
    const volume = { data: channelOf(maps, channel, channels, patch), shape: patch, spacing };
    const fit = thresholds.filter((threshold) => shareAbove(volume.data, threshold) <= mostForeground);
    const none = thresholds.slice(fit.length).map(() => []);
    const found = sweepThresholds(volume, how, fit).map((each) =>
      each.picks.map(({ x, y, z }) => ({ x, y, z })),
    );
    return [type, [...none, ...found]] as const;
  });
  const voxels = settings.features.map(({ name, channel }) => {
    const map = channelOf(maps, channel, channels, patch);
    return [name, countVoxels(map, channel, example, settings)] as const;
  });
  return { loss, parts, picks: Object.fromEntries(picks), voxels: Object.fromEntries(voxels) };
}

/** Counts a feature's known voxels at the head's stride; of each, the map's first voxel is taken. */
function countVoxels(
  map: Float32Array,
  channel: number,
  { target, weight }: Batch,
  { patch: [, height, width], stride, threshold }: LookSettings,
): Counts {
  const voxels = map.length / stride ** 3;
  const [rows, columns] = [height / stride, width / stride];
  const counts = { tp: 0, fp: 0, fn: 0 };
  for (let at = 0; at < voxels; at++) {
    if (weight[channel * voxels + at] === 0) continue;
    const z = Math.floor(at / (rows * columns)) * stride;
    const y = (Math.floor(at / columns) % rows) * stride;
    const isFound = map[(z * height + y) * width + (at % columns) * stride]! >= threshold;
    const isThere = target[channel * voxels + at]! > 0.5;
    if (isFound && isThere) counts.tp++;
    else if (isFound) counts.fp++;
    else if (isThere) counts.fn++;
  }
  return counts;
}

/** Copies one channel (z, y, x) out of maps (z, channels, y, x). */
function channelOf(
  maps: Float32Array,
  channel: number,
  channels: number,
  [depth, height, width]: Shape3,
): Float32Array {
  const plane = height * width;
  const data = new Float32Array(depth * plane);
  for (let z = 0; z < depth; z++) {
    const from = (z * channels + channel) * plane;
    data.set(maps.subarray(from, from + plane), z * plane);
  }
  return data;
}
