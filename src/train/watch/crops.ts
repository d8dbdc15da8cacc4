/** The crops of the tune runs that a training is watched on: always the same, balanced over types, not augmented. */
import { batchBytes, makeExample } from "../../data/patches/batch.js";
import { cropCentres } from "../../data/patches/crops.js";
import type { Batch, PatchSource, PatchSpec } from "../../data/patches/spec.js";
import type { ParticlePick } from "../../domain/particles.js";
import { randomFor } from "../../domain/random.js";
import type { Shape3, Volume } from "../../domain/volume.js";

/** A crop, what a network shall make of it, and where it lies. */
export interface WatchedCrop {
  readonly example: Batch;
  readonly volume: Volume;
  /** True particles of the volume's run. */
  readonly truth: readonly ParticlePick[];
  /** Lowest voxel in the volume. */
  readonly start: Shape3;
  readonly shape: Shape3;
}

/** Limit in bytes of all crops together, which lie in memory as long as the network is trained. */
const mostBytes = 2 ** 28;

/**
 * Cuts crops of a network's patch size from the tune runs, each around a particle or voxel of the next type or feature in turn, as for
 * training but without augmentation: a function of the seed alone.
 *
 * @param count wanted; fewer where they would take more than 256 MB, none where no run's volumes hold a patch
 */
export function watchedCrops(spec: PatchSpec, runs: readonly PatchSource[], count: number): WatchedCrop[] {
  const sources = runs.filter(({ volumes }) =>
    volumes.every(({ shape }) => spec.patchShape.every((size, axis) => size <= shape[axis]!)),
  );
  if (sources.length === 0) return [];
  const still = { ...spec, ...notVaried, batchSize: 1 };
  const centres = cropCentres({ ...still, backgroundShare: 1 }, sources);
  const most = Math.max(1, Math.floor(mostBytes / batchBytes(still)));
  return Array.from({ length: Math.min(count, most) }, (_, k) => {
    const { classes } = centres;
    const around = classes.length > 0 ? [classes[k % classes.length]!] : [];
    const drawn = { ...still, backgroundShare: around.length > 0 ? 0 : 1 };
    const of = { classes: around, known: centres.known };
    const { example, crop } = makeExample(drawn, sources, of, randomFor(spec.seed, "watch", k));
    const { source, volume, map } = crop;
    return { example, volume, truth: source.picks, start: map.offset, shape: spec.patchShape };
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
