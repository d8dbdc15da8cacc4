/** The specification of training patches: shapes, types, target, augmentation, and what can be cut from given runs. */
import { challengeParticles, type Particle, type ParticlePick } from "../../domain/particles.js";
import type { Shape3, Volume } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { type Mask, yesCount } from "../masks/mask.js";
import { offsetChannels } from "./offsets.js";
import type { PaintedType, TargetSpec } from "./targets.js";

/** How training patches are drawn, labelled and varied. */
export interface PatchSpec {
  readonly seed: number;
  /** Size in voxels. */
  readonly patchShape: Shape3;
  readonly batchSize: number;
  /** Types with one target channel each, in this order. */
  readonly types: readonly Particle[];
  /** Features with one target channel each, after the types; with any, every channel has its own weights. */
  readonly features?: readonly string[];
  /** True: channel 0 is background and a voxel's channels sum to 1. False: each type has one independent channel. */
  readonly background: boolean;
  readonly target: TargetSpec;
  readonly head: HeadSpec;
  /** Names of types whose voxels get weight 0, whether or not they are in `types`. */
  readonly ignore: readonly string[];
  /** Share of crops centred anywhere, 0 to 1; the rest hold a particle or a feature, all of them balanced. */
  readonly backgroundShare: number;
  /** How often crops are drawn around a type or feature beside the others, by name; 1 where it is not named. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  /** Share of crops drawn around hard places, where there are any; taken from those that hold a particle or feature. */
  readonly hardShare?: number | undefined;
  /** Shares of crops of further data sets; the rest is of the first. */
  readonly furtherShares?: readonly number[] | undefined;
  readonly augment: AugmentSpec;
}

/** Augmentation of each example. */
export interface AugmentSpec {
  /** Whether to flip along each axis with probability ½. */
  readonly flip: boolean;
  /** Whether to turn by 0, 90, 180 or 270° about z, where the turned patch fits the volume. */
  readonly rotate90: boolean;
  /** Largest angle, in degrees, of a further rotation about a random axis. */
  readonly rotation: number;
  /** Ranges of input · (1 ± scale) ± shift + normal noise of a standard deviation drawn from 0 to noise. */
  readonly intensity: { readonly scale: number; readonly shift: number; readonly noise: number };
  /** Mixes each example with another by a share from Beta(mixup, mixup); 0 turns mixup off. */
  readonly mixup: number;
  /** Whether each example is a mixture of two reconstructions of its run, of one grid, by a share from 0 to 1. */
  readonly mixReconstructions?: boolean | undefined;
  /** Standard deviation of the logarithm of a radial gain, drawn for each example; 0 or absent for none. */
  readonly spectrum?: number | undefined;
}

/** A run to cut patches from. */
export interface PatchSource {
  readonly run: string;
  /** Data set of the run: 0, as if absent, is the first, others the further ones in order. */
  readonly dataset?: number;
  /** Normalised reconstructions of the run; one is drawn per crop. */
  readonly volumes: readonly Volume[];
  readonly picks: readonly ParticlePick[];
  /** Masks of features on the volumes' grid; nothing is known of a feature that has none. */
  readonly masks?: ReadonlyMap<string, Mask>;
}

/** A batch of n examples with one input channel and several target channels. */
export interface Batch {
  /** (n,1,z,y,x) */
  readonly input: Float32Array;
  /**
   * (n,channels,z,y,x) at the head's stride, soft under mixup; the last three channels are the offsets, if there are
   * any.
   */
  readonly target: Float32Array;
  /** (n,1,z,y,x) at the head's stride, or (n,channels,z,y,x) where there are features; 0 is ignored. */
  readonly weight: Float32Array;
}

/** Form of the target beside its classes. */
interface HeadSpec {
  /** Input voxels per target voxel along each axis. */
  readonly stride: 1 | 2;
  /** Whether every voxel of a ball also predicts the offset to its particle's centre. */
  readonly offsets: boolean;
}

/** Returns the names of the features, whose channels come after those of the types. */
export const featuresIn = ({ features = [] }: Pick<PatchSpec, "features">): readonly string[] => features;
/** Returns the number of class channels: the types, after the background, and the features. */
export const classCount = (spec: PatchSpec): number =>
  spec.types.length + (spec.background ? 1 : 0) + featuresIn(spec).length;
/** Returns the number of weights of a voxel: one, or one a channel. */
export const weightChannels = (spec: PatchSpec): number =>
  featuresIn(spec).length > 0 ? classCount(spec) : 1;
/** Returns the number of target channels: classes and offsets. */
export const channelCount = (spec: PatchSpec): number =>
  classCount(spec) + (spec.head.offsets ? offsetChannels : 0);
/** Returns the target's size in voxels along z, y, x. */
export const targetShape = ({ patchShape: [z, y, x], head: { stride } }: PatchSpec): Shape3 => [
  z / stride,
  y / stride,
  x / stride,
];

/** Returns the types that crops are balanced over. */
export const scoredTypes = (spec: PatchSpec): readonly Particle[] =>
  spec.types.filter(({ name }) => !spec.ignore.includes(name));

/** What decides which types are painted, and on which channels. */
type Painted = Pick<PatchSpec, "types" | "ignore" | "background">;

/**
 * Returns the types in the order that decides ties, the ignored ones last.
 *
 * @throws PickbenchError BadExperiment for an ignored type whose radius is not known
 */
export function paintedTypes(spec: Painted): readonly PaintedType[] {
  const first = spec.background ? 1 : 0;
  const scored = spec.types.flatMap((particle, k) =>
    spec.ignore.includes(particle.name) ? [] : [{ particle, channel: k + first }],
  );
  const ignored = spec.ignore.map((name) => ({ particle: particleNamed(name, spec), channel: undefined }));
  return [...scored, ...ignored];
}

function particleNamed(name: string, spec: Painted): Particle {
  const found = [...spec.types, ...challengeParticles].find((particle) => particle.name === name);
  if (found !== undefined) return found;
  const known = [...new Set([...spec.types, ...challengeParticles].map((particle) => particle.name))];
  throw new PickbenchError(
    "BadExperiment",
    `ignore: got ${JSON.stringify(name)}, a type without a known radius, wanted one of ${known.join(", ")}; correct its name or leave it out.`,
  );
}

/**
 * Checks that patches of this spec can be cut from these runs.
 *
 * @throws PickbenchError BadExperiment where a size does not fit; BadDataset where the runs hold no reconstruction, or
 * no particle to balance the crops over
 */
export function checkPatches(spec: PatchSpec, sources: readonly PatchSource[]): void {
  paintedTypes(spec);
  for (const [name, value] of [
    ...spec.patchShape.map((size) => ["patch.shape", size] as const),
    ["patch.batch", spec.batchSize] as const,
  ]) {
    if (!Number.isInteger(value) || value < 1) {
      throw new PickbenchError(
        "BadExperiment",
        `${name}: got ${value}, wanted a whole number of at least 1.`,
      );
    }
  }
  if (sources.length === 0) {
    throw new PickbenchError(
      "BadExperiment",
      "The train split: got no runs, wanted at least one; name runs in it.",
    );
  }
  for (const source of sources) checkVolumes(spec.patchShape, source);
  checkParticles(spec, sources);
}

function checkVolumes(patchShape: Shape3, { run, volumes }: PatchSource): void {
  if (volumes.length === 0) {
    throw new PickbenchError(
      "BadDataset",
      `Run ${run}: got no reconstruction, wanted at least one to train on.`,
    );
  }
  for (const { shape } of volumes) {
    if (patchShape.some((size, axis) => size > shape[axis]!)) {
      throw new PickbenchError(
        "BadExperiment",
        `patch.shape: got ${patchShape.join("×")} voxels, wanted at most run ${run}'s volume of ${shape.join("×")} (z×y×x); make the patch smaller.`,
      );
    }
  }
}

function checkParticles(spec: PatchSpec, sources: readonly PatchSource[]): void {
  if (spec.backgroundShare >= 1) return;
  const names = scoredTypes(spec).map(({ name }) => name);
  if (sources.some(({ picks }) => picks.some(({ type }) => names.includes(type)))) return;
  const features = featuresIn(spec);
  const hasFeature = ({ masks }: PatchSource) =>
    features.some((name) => {
      const mask = masks?.get(name);
      return mask !== undefined && yesCount(mask) > 0;
    });
  if (sources.some(hasFeature)) return;
  if (features.length > 0)
    throw new PickbenchError(
      "BadDataset",
      `Runs ${sources.map(({ run }) => run).join(", ")}: got neither a pick of ${names.join(", ") || "a type"} nor a voxel of ${features.join(", ")}, wanted at least one to draw crops around; add picks or masks, or set patch.backgroundShare to 1.`,
    );
  throw new PickbenchError(
    "BadDataset",
    `Runs ${sources.map(({ run }) => run).join(", ")}: got no picks of ${names.join(", ") || "any scored type"}, wanted at least one to draw crops around; add picks or set patch.backgroundShare to 1.`,
  );
}
