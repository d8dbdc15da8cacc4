/** The crops of the tune runs that a training is watched on: always the same, balanced over types, not augmented. */
import type { Mask } from "../../data/masks/mask.js";
import { batchBytes, makeExample } from "../../data/patches/batch.js";
import { cropCentres } from "../../data/patches/crops.js";
import type { Batch, PatchSource, PatchSpec } from "../../data/patches/spec.js";
import type { ParticlePick } from "../../domain/particles.js";
import { randomFor } from "../../domain/random.js";
import type { Shape3, Volume } from "../../domain/volume.js";

/** A tomogram of a tune run with its true particles. */
export interface WatchedTomogram {
  readonly run: string;
  readonly volume: Volume;
  readonly truth: readonly ParticlePick[];
  /** Masks of the experiment's features. */
  readonly masks?: ReadonlyMap<string, Mask>;
}

/** A crop, what a network shall make of it, and where it lies. */
export interface WatchedCrop {
  readonly example: Batch;
  readonly tomogram: WatchedTomogram;
  /** Lowest voxel in the tomogram. */
  readonly start: Shape3;
  readonly shape: Shape3;
}

/** Limit in bytes of all crops together, which lie in memory as long as the network is trained. */
const mostBytes = 2 ** 28;

/**
 * Cuts crops of a network's patch size from the tune runs, each around a particle or voxel of the next type or feature in turn, as for
 * training but without augmentation: a function of the seed alone.
 *
 * @param count wanted; fewer where they would take more than 256 MB, none where no tomogram holds a patch
 */
export function watchedCrops(
  spec: PatchSpec,
  tomograms: readonly WatchedTomogram[],
  count: number,
): WatchedCrop[] {
  const fitting = tomograms.filter(({ volume }) =>
    spec.patchShape.every((size, axis) => size <= volume.shape[axis]!),
  );
  if (fitting.length === 0) return [];
  const sources = fitting.map(
    ({ run, volume, truth, masks }): PatchSource => ({
      ...{ run, volumes: [volume], picks: truth },
      ...(masks && { masks }),
    }),
  );
  const still = { ...spec, ...notVaried, batchSize: 1 };
  const centres = cropCentres({ ...still, backgroundShare: 1 }, sources);
  const most = Math.max(1, Math.floor(mostBytes / batchBytes(still)));
  return Array.from({ length: Math.min(count, most) }, (_, k) => {
    const { classes } = centres;
    const around = classes.length > 0 ? [classes[k % classes.length]!] : [];
    const drawn = { ...still, backgroundShare: around.length > 0 ? 0 : 1 };
    const of = { classes: around, known: centres.known };
    const { example, crop } = makeExample(drawn, sources, of, randomFor(spec.seed, "watch", k));
    const tomogram = fitting[sources.indexOf(crop.source)]!;
    return { example, tomogram, start: crop.map.offset, shape: spec.patchShape };
  });
}

const notVaried = {
  augment: {
    flip: false,
    rotate90: false,
    rotation: 0,
    intensity: { scale: 0, shift: 0, noise: 0 },
    mixup: 0,
  },
} satisfies Pick<PatchSpec, "augment">;
