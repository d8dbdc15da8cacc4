/** Makes the training batch of a step: crops, voxel values, targets and weights, augmented. */
import { type Random, randomFor } from "../../domain/random.js";
import { type Shape3, voxelCount } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import type { Mask } from "../masks/mask.js";
import { drawBeta, mixInto, varyIntensity } from "./augment.js";
import { type Crop, type CropCentres, drawCrop } from "./crops.js";
import { type CropDraw, cropDraw } from "./draws.js";
import { paintFeature } from "./features.js";
import type { HardPlaces } from "./hardPlaces.js";
import { coarseMap, mapVector, type PatchMap, transform } from "./map.js";
import { paintOffsets } from "./offsets.js";
import { samplePatch } from "./sample.js";
import {
  type Batch,
  channelCount,
  checkPatches,
  classCount,
  featuresIn,
  type PatchSource,
  type PatchSpec,
  paintedTypes,
  targetShape,
  weightChannels,
} from "./spec.js";
import { varySpectrum } from "./spectrum.js";
import { paintTarget } from "./targets.js";

/**
 * Makes the batch of a step: a function of its arguments alone, with the same bits in every thread.
 *
 * @param places hard ones, which the spec's share of crops is drawn around
 * @throws PickbenchError BadExperiment or BadDataset as `checkPatches` does; NotFinite where a volume holds NaN or an
 * infinity
 */
export function makeBatch(
  spec: PatchSpec,
  sources: readonly PatchSource[],
  step: number,
  places?: HardPlaces,
): Batch {
  checkPatches(spec, sources);
  const batch = emptyBatch(spec, spec.batchSize);
  const maker = exampleMaker(spec, cropDraw(spec, sources, places));
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

/** Returns the size of one batch in bytes. */
export const batchBytes = (spec: PatchSpec): number =>
  spec.batchSize *
  (voxelCount(spec.patchShape) +
    voxelCount(targetShape(spec)) * (channelCount(spec) + weightChannels(spec))) *
  Float32Array.BYTES_PER_ELEMENT;

function emptyBatch(spec: PatchSpec, examples: number): Batch {
  const voxels = examples * voxelCount(targetShape(spec));
  return {
    input: new Float32Array(examples * voxelCount(spec.patchShape)),
    target: new Float32Array(voxels * channelCount(spec)),
    weight: new Float32Array(voxels * weightChannels(spec)),
  };
}

/** Returns a view of one example of a batch. */
function exampleOf({ input, target, weight }: Batch, k: number, examples: number): Batch {
  const part = (values: Float32Array): Float32Array => {
    const size = values.length / examples;
    return values.subarray(k * size, (k + 1) * size);
  };
  return { input: part(input), target: part(target), weight: part(weight) };
}

/** Makes one example of its own around one of the `centres` (`cropCentres`); returns its crop too. */
export function makeExample(
  spec: PatchSpec,
  sources: readonly PatchSource[],
  centres: CropCentres,
  random: Random,
): { readonly example: Batch; readonly crop: Crop } {
  const example = emptyBatch(spec, 1);
  const draw: CropDraw = (drawn) => drawCrop(spec, sources, centres, drawn);
  return { example, crop: exampleMaker(spec, draw)(example, random) };
}

function exampleMaker(spec: PatchSpec, draw: CropDraw): (into: Batch, random: Random) => Crop {
  const types = paintedTypes(spec);
  return (into, random) => {
    const crop = draw(random);
    const { source, volume, map } = crop;
    const shape = spec.patchShape;
    const { stride, offsets } = spec.head;
    const features = featuresIn(spec);
    const plain =
      features.length === 0 ? into : { ...into, weight: new Float32Array(voxelCount(targetShape(spec))) };
    const weight = stride === 1 ? plain.weight : new Float32Array(voxelCount(shape));
    samplePatch(volume, map, shape, { input: into.input, weight });
    checkFinite(into.input, crop, shape);
    if (spec.augment.mixReconstructions)
      mixReconstruction(crop, shape, { input: into.input, weight }, random);
    if (stride > 1) lowerWeight(weight, shape, stride, plain.weight);
    const { spectrum = 0 } = spec.augment;
    if (spectrum > 0) varySpectrum(into.input, shape, spectrum, random);
    varyIntensity(into.input, spec.augment.intensity, random);
    const scene = {
      shape: targetShape(spec),
      map: coarseMap(map, stride),
      spacing: volume.spacing,
      picks: source.picks,
    };
    if (features.length > 0) {
      const masks = features.map((name) => source.masks?.get(name));
      paintFeatures(masks, map, shape, stride, { ...into, inside: plain.weight });
    }
    paintTarget(spec.target, spec.background, types, scene, plain);
    if (features.length > 0) spreadWeight(plain.weight, spec.types.length, into.weight);
    if (offsets && spec.target.kind === "ball") {
      const way = into.target.subarray(classCount(spec) * voxelCount(scene.shape));
      paintOffsets(spec.target.fraction, stride, types, scene, way);
    }
    return crop;
  };
}

/**
 * Mixes another reconstruction of the crop's run into its voxels, by a share drawn from 0 to 1; a voxel counts where it does
 * in both.
 */
function mixReconstruction(
  crop: Crop,
  shape: Shape3,
  into: { readonly input: Float32Array; readonly weight: Float32Array },
  random: Random,
): void {
  const others = crop.source.volumes.filter((volume) => volume !== crop.volume);
  if (others.length === 0) return;
  const volume = others[random.integer(others.length)]!;
  const share = random.uniform();
  const { input, weight } = into;
  const other = { input: new Float32Array(input.length), weight: new Float32Array(weight.length) };
  samplePatch(volume, crop.map, shape, other);
  checkFinite(other.input, { ...crop, volume }, shape);
  for (let voxel = 0; voxel < input.length; voxel++) {
    input[voxel] = share * input[voxel]! + (1 - share) * other.input[voxel]!;
    if (other.weight[voxel]! < weight[voxel]!) weight[voxel] = other.weight[voxel]!;
  }
}

/** Paints the channels of features, which are the last, each with its own weights. */
function paintFeatures(
  masks: readonly (Mask | undefined)[],
  map: PatchMap,
  shape: Shape3,
  stride: 1 | 2,
  { target, weight, inside }: Batch & { readonly inside: Float32Array },
): void {
  const voxels = inside.length;
  const first = target.length / voxels - masks.length;
  for (const [k, mask] of masks.entries()) {
    const channel = (values: Float32Array) => values.subarray((first + k) * voxels, (first + k + 1) * voxels);
    paintFeature(mask, map, shape, stride, { target: channel(target), weight: channel(weight), inside });
  }
}

/** Gives each of the first channels, which are of types, the weights of the voxels. */
function spreadWeight(plain: Float32Array, types: number, weight: Float32Array): void {
  for (let channel = 0; channel < types; channel++) weight.set(plain, channel * plain.length);
}

/** Sets the weight of each coarse voxel to the least weight of the input voxels it covers. */
function lowerWeight(fine: Float32Array, shape: Shape3, stride: number, coarse: Float32Array): void {
  coarse.fill(1);
  const [, height, width] = shape;
  const [rows, columns] = [height / stride, width / stride];
  fine.forEach((weight, at) => {
    const x = Math.floor((at % width) / stride);
    const y = Math.floor((Math.floor(at / width) % height) / stride);
    const z = Math.floor(at / (width * height) / stride);
    const to = (z * rows + y) * columns + x;
    if (weight < coarse[to]!) coarse[to] = weight;
  });
}

function checkFinite(input: Float32Array, { source, volume, map }: Crop, [, height, width]: Shape3): void {
  let sum = 0;
  for (let voxel = 0; voxel < input.length; voxel++) sum += input[voxel]!;
  if (Number.isFinite(sum)) return;
  const found = input.findIndex((value) => !Number.isFinite(value));
  const inPatch = [
    Math.floor(found / (height * width)),
    Math.floor(found / width) % height,
    found % width,
  ] as const;
  const near = mapVector(transform(map.matrix, inPatch), (value, axis) =>
    Math.round(value + map.offset[axis]!),
  );
  throw new PickbenchError(
    "NotFinite",
    `Run ${source.run}, reconstruction ${source.volumes.indexOf(volume) + 1} of ${source.volumes.length}: got ${input[found]} at or beside voxel z,y,x ${near.join(", ")}, wanted a finite number; repair or leave out that reconstruction.`,
  );
}
