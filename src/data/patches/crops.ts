/**
 * Crops: balanced over scored types and features, the particle or the feature's voxel anywhere well inside the patch, every
 * crop inside its volume.
 */
import type { Particle, ParticlePick } from "../../domain/particles.js";
import type { Random } from "../../domain/random.js";
import { positionToIndex, type Shape3, type Volume } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { isBlankAt, isBlankIndex } from "../blank/blank.js";
import { isPartial, knownCount, voxelAt, yesCount } from "../masks/mask.js";
import { type HardPlaces, numbersByType, placeOf } from "./hardPlaces.js";
import {
  alignedMap,
  drawRotation,
  mapVector,
  type Orientation,
  orientation,
  orientationMatrix,
  orientedShape,
  type PatchMap,
  patchCentre,
  patchVoxel,
  rotatedMap,
  transform,
  type Vector3,
} from "./map.js";
import { featuresIn, type PatchSource, type PatchSpec, scoredTypes } from "./spec.js";

/** A crop: its run, its reconstruction, and the patch's map into the volume. */
export interface Crop {
  readonly source: PatchSource;
  readonly volume: Volume;
  readonly map: PatchMap;
  /** The particle, or the false pick of one, that the crop was drawn around; undefined for a crop centred anywhere. */
  readonly pick: ParticlePick | undefined;
}

/** A place that a crop is drawn around, as a continuous volume index. */
interface Centre {
  readonly source: PatchSource;
  readonly index: (volume: Volume) => Vector3;
  /** Distance in Å that it keeps from the patch's faces, where that is less than a quarter of the patch. */
  readonly margin: number;
  readonly pick?: ParticlePick;
}

/** What crops are drawn around. */
export interface CropCentres {
  /** Classes: scored types with picks, and features with voxels, over all runs. */
  readonly classes: readonly ((random: Random) => Centre)[];
  /** How often each class is drawn beside the others; equally often if absent. */
  readonly weights?: readonly number[] | undefined;
  /** Draws a hard place; undefined where there is none. */
  readonly hard?: ((random: Random) => Centre) | undefined;
  /**
   * For each class, the known voxels that the middle of a background crop is drawn from; undefined where all voxels of all
   * runs are known. Empty where that is so of all classes.
   */
  readonly known: readonly (VoxelDraw | undefined)[];
}

/** Draws a voxel, uniformly over those of all runs. */
type VoxelDraw = (random: Random) => { readonly source: PatchSource; readonly index: Vector3 };

/**
 * Lists what crops can be drawn around: by scored type the particles that do not lie in blank voxels, and by feature the
 * voxels of its masks.
 *
 * @param places hard ones, which are drawn beside them
 * @throws PickbenchError BadDataset where crops shall hold particles and all lie in blank voxels
 */
export function cropCentres(
  spec: PatchSpec,
  sources: readonly PatchSource[],
  places?: HardPlaces,
): CropCentres {
  const features = featuresIn(spec);
  const ofTypes = pickedCentres(spec, sources).map(({ name, picked }) => ({
    name,
    draw: (random: Random) => picked[random.integer(picked.length)]!,
  }));
  const ofFeatures = features.flatMap((name) => {
    const voxel = voxelsOf(name, sources, "yes");
    const draw = (random: Random): Centre => {
      const { source, index } = voxel!(random);
      return { source, index: () => index, margin: Number.POSITIVE_INFINITY };
    };
    return voxel ? [{ name, draw }] : [];
  });
  const named = [...ofTypes, ...ofFeatures];
  const classes = named.map(({ draw }) => draw);
  const { weights } = spec;
  const drawn = weights && { weights: named.map(({ name }) => weights[name] ?? 1) };
  const what = features.length > 0 ? `picks and voxels of ${features.join(", ")}` : "picks";
  if (classes.length === 0 && spec.backgroundShare < 1)
    throw new PickbenchError(
      "BadDataset",
      `Runs ${sources.map(({ run }) => run).join(", ")}: all ${what} lie in blank voxels, which hold no data; is it the tomogram that they were found in? Correct them or the tomogram.`,
    );
  const partial = features.map((name) => {
    const isWhole = sources.every(({ masks }) => {
      const mask = masks?.get(name);
      return mask !== undefined && !isPartial(mask);
    });
    return isWhole ? undefined : voxelsOf(name, sources, "known");
  });
  const isAllKnown = partial.every((draw) => draw === undefined);
  const known = isAllKnown ? [] : [...scoredTypes(spec).map(() => undefined), ...partial];
  return { classes, known, ...drawn, ...(places && { hard: hardDraw(spec, sources, places) }) };
}

/** Returns a draw of hard places: a type by its weight in the score, then one of its places uniformly. */
function hardDraw(
  { types }: PatchSpec,
  sources: readonly PatchSource[],
  places: HardPlaces,
): CropCentres["hard"] {
  const byType = [...numbersByType(places)].map(([type, numbers]) => ({ ...types[type]!, numbers }));
  if (byType.length === 0) return undefined;
  const weights = byType.map(({ weight }) => weight);
  return (random) => {
    const { name, radius, numbers } = byType[drawWeighted(weights, random)]!;
    const { source, at } = placeOf(places, numbers[random.integer(numbers.length)]!);
    return {
      source: sources[source]!,
      pick: { type: name, ...at },
      margin: radius,
      index: ({ spacing }: Volume) => positionToIndex(at, spacing),
    };
  };
}

/** Returns a draw of a feature's voxels that are yes, or known, in any run; undefined where there is none. */
function voxelsOf(name: string, sources: readonly PatchSource[], of: "yes" | "known"): VoxelDraw | undefined {
  const countOf = of === "yes" ? yesCount : knownCount;
  const there = sources.flatMap((source) => {
    const mask = source.masks?.get(name);
    const count = mask && countOf(mask);
    return mask && count ? [{ source, mask, count }] : [];
  });
  const total = there.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return undefined;
  return (random) => {
    let left = random.integer(total);
    let at = 0;
    for (; left >= there[at]!.count; at++) left -= there[at]!.count;
    const { source, mask } = there[at]!;
    return { source, index: voxelAt(mask, of, left) };
  };
}

/** Lists the particles of each scored type that has any that do not lie in blank voxels. */
function pickedCentres(
  spec: PatchSpec,
  sources: readonly PatchSource[],
): { readonly name: string; readonly picked: readonly Centre[] }[] {
  return scoredTypes(spec)
    .map(({ name, radius }: Particle) => ({
      name,
      picked: sources.flatMap((source) =>
        source.picks
          .filter((pick) => pick.type === name && !source.volumes.some((volume) => isBlankAt(volume, pick)))
          .map((pick) => ({
            source,
            pick,
            margin: radius,
            index: ({ spacing }: Volume) => positionToIndex(pick, spacing),
          })),
      ),
    }))
    .filter(({ picked }) => picked.length > 0);
}

/**
 * Draws a crop: background and hard places with the spec's shares; else a type or feature by its weight, then one of its
 * particles or voxels uniformly. Where features are annotated in part, a background crop is of a type or feature too, drawn
 * uniformly, and its middle is a voxel that is known of it.
 */
export function drawCrop(
  spec: PatchSpec,
  sources: readonly PatchSource[],
  centres: CropCentres,
  random: Random,
): Crop {
  const share = random.uniform();
  const aroundParticle = share >= spec.backgroundShare;
  const centre = aroundParticle ? drawCentre(spec, centres, share, random) : undefined;
  const isOfKnown = !aroundParticle && centres.known.length > 0;
  const known = isOfKnown ? centres.known[random.integer(centres.known.length)]?.(random) : undefined;
  const source = centre?.source ?? known?.source ?? sources[random.integer(sources.length)]!;
  const volume = source.volumes[random.integer(source.volumes.length)]!;
  const oriented = drawOrientation(spec, volume.shape, random);
  const around = centre?.index(volume);
  const middle =
    centre === undefined || around === undefined
      ? (known?.index ?? drawWithData(volume, orientedShape(spec.patchShape, oriented), random))
      : drawAround(around, centre.margin, spec, volume, oriented, random);
  return {
    source,
    volume,
    map: placePatch(spec, volume, oriented, middle, around ?? known?.index, random),
    pick: centre?.pick,
  };
}

/** @param share from 0 to 1, the last part of which is that of hard places */
function drawCentre(
  { hardShare = 0 }: PatchSpec,
  { classes, weights, hard }: CropCentres,
  share: number,
  random: Random,
): Centre {
  if (hard && share >= 1 - hardShare) return hard(random);
  return classes[weights ? drawWeighted(weights, random) : random.integer(classes.length)]!(random);
}

/** Draws an index, each as often as its weight beside the others. */
export function drawWeighted(weights: readonly number[], random: Random): number {
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  let at = 0;
  for (; at < weights.length - 1 && left >= weights[at]!; at++) left -= weights[at]!;
  return at;
}

function drawOrientation(
  { augment, patchShape }: PatchSpec,
  volumeShape: Shape3,
  random: Random,
): Orientation {
  const drawn = augment.rotate90 ? random.integer(4) : 0;
  const fits = fitsInside(orientedShape(patchShape, orientation(drawn, [false, false, false])), volumeShape);
  const flips = [random.uniform(), random.uniform(), random.uniform()].map((u) => augment.flip && u < 0.5);
  return orientation(fits ? drawn : drawn - 1, [flips[0]!, flips[1]!, flips[2]!]);
}

const fitsInside = (shape: Shape3, inside: Shape3): boolean =>
  shape.every((size, axis) => size <= inside[axis]!);

/** Most draws for a patch whose middle holds data. */
const mostDraws = 100;

/** Draws the patch's middle anywhere in the volume, again where it is blank, as a continuous volume index. */
function drawWithData(volume: Volume, covered: Shape3, random: Random): Vector3 {
  let drawn = drawAnywhere(volume.shape, covered, random);
  for (let draws = 1; draws < mostDraws && isBlankIndex(volume, drawn); draws++)
    drawn = drawAnywhere(volume.shape, covered, random);
  return drawn;
}

/** Draws the patch's middle anywhere in the volume, as a continuous volume index. */
function drawAnywhere(volumeShape: Shape3, covered: Shape3, random: Random): Vector3 {
  return mapVector(covered, (size, axis) => (size - 1) / 2 + random.integer(volumeShape[axis]! - size + 1));
}

/**
 * Draws the patch's middle so that a place lies uniformly inside, at least its margin or a quarter of the patch from each
 * face. The result is a continuous volume index.
 */
function drawAround(
  index: Vector3,
  radius: number,
  { patchShape }: PatchSpec,
  { spacing }: Volume,
  oriented: Orientation,
  random: Random,
): Vector3 {
  const fromMiddle = mapVector(patchShape, (size, p) => {
    const margin = Math.min(radius / spacing[oriented.axes[p]!]!, size / 4);
    return random.between(-1, 1) * Math.max(0, (size - 1) / 2 - margin);
  });
  const inVolume = transform(orientationMatrix(oriented), fromMiddle);
  return mapVector(index, (value, axis) => value - inVolume[axis]!);
}

/**
 * Places the patch with its middle as near to the drawn one as the volume allows. A free rotation is left out where it
 * would turn the crop's own particle or voxel out of the patch, as in a volume's corner; elsewhere it may turn the patch's
 * corners out of the volume, which get weight 0.
 */
function placePatch(
  { patchShape, augment }: PatchSpec,
  { shape, spacing }: Volume,
  oriented: Orientation,
  middle: Vector3,
  kept: Vector3 | undefined,
  random: Random,
): PatchMap {
  const covered = orientedShape(patchShape, oriented);
  const half = patchCentre(covered);
  const start = mapVector(middle, (value, axis) =>
    clamp(value - half[axis]!, 0, shape[axis]! - covered[axis]!),
  );
  if (augment.rotation > 0) {
    const centre = mapVector(start, (value, axis) => value + half[axis]!);
    const rotation = drawRotation(random, augment.rotation);
    const map = rotatedMap(oriented, rotation, patchShape, centre, spacing);
    if (kept === undefined || holds(map, patchShape, kept)) return map;
  }
  return alignedMap(oriented, patchShape, mapVector(start, Math.round));
}

const holds = (map: PatchMap, shape: Shape3, index: Vector3): boolean =>
  patchVoxel(map, index).every((value, axis) => value >= 0 && value <= shape[axis]! - 1);

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
