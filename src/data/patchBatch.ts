import { type Random, randomFor } from "../random.js";
import { voxelCount } from "../volume.js";
import { drawBeta, mixInto, varyIntensity } from "./augment.js";
import { cropCentres, drawCrop } from "./crops.js";
import { samplePatch } from "./patchSample.js";
import {
  type Batch,
  channelCount,
  checkPatches,
  type PatchSource,
  type PatchSpec,
  paintedTypes,
} from "./patchSpec.js";
import { paintTarget } from "./targets.js";

/**
 * The batch of a step: a function of its arguments alone, the same bits in whatever thread.
 * @throws as checkPatches does
 */
export function makeBatch(spec: PatchSpec, sources: readonly PatchSource[], step: number): Batch {
  checkPatches(spec, sources);
  const batch = emptyBatch(spec, spec.batchSize);
  const maker = exampleMaker(spec, sources);
  for (let k = 0; k < spec.batchSize; k++) {
    const example = exampleOf(batch, k, spec.batchSize);
    maker(example, randomFor(spec.seed, "patch", step, k));
    if (spec.augment.mixup > 0) {
      const random = randomFor(spec.seed, "mixup", step, k);
      const other = emptyBatch(spec, 1);
      maker(other, random);
      mixInto(example, other, drawBeta(spec.augment.mixup, random));
    }
  }
  return batch;
}

/** Bytes of one batch. */
export const batchBytes = (spec: PatchSpec): number =>
  spec.batchSize * voxelCount(spec.patchShape) * (channelCount(spec) + 2) * Float32Array.BYTES_PER_ELEMENT;

function emptyBatch(spec: PatchSpec, examples: number): Batch {
  const voxels = examples * voxelCount(spec.patchShape);
  return {
    input: new Float32Array(voxels),
    target: new Float32Array(voxels * channelCount(spec)),
    weight: new Float32Array(voxels),
  };
}

/** A view of one of a batch's examples. */
function exampleOf({ input, target, weight }: Batch, k: number, examples: number): Batch {
  const part = (values: Float32Array): Float32Array => {
    const size = values.length / examples;
    return values.subarray(k * size, (k + 1) * size);
  };
  return { input: part(input), target: part(target), weight: part(weight) };
}

function exampleMaker(
  spec: PatchSpec,
  sources: readonly PatchSource[],
): (into: Batch, random: Random) => void {
  const centres = cropCentres(spec, sources);
  const types = paintedTypes(spec);
  return (into, random) => {
    const { source, volume, map } = drawCrop(spec, sources, centres, random);
    const shape = spec.patchShape;
    samplePatch(volume, map, shape, into);
    varyIntensity(into.input, spec.augment.intensity, random);
    paintTarget(
      spec.target,
      spec.background,
      types,
      { shape, map, spacing: volume.spacing, picks: source.picks },
      into,
    );
  };
}
