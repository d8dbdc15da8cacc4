/** Crops: balanced over scored types, the particle anywhere well inside the patch, every crop inside its volume. */
import type { Particle, ParticlePick } from "../../domain/particles.js";
import type { Random } from "../../domain/random.js";
import { positionToIndex, type Shape3, type Volume } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { isBlankAt, isBlankIndex } from "../blank/blank.js";
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
import { type PatchSource, type PatchSpec, scoredTypes } from "./spec.js";

/** A crop: its run, its reconstruction, and the patch's map into the volume. */
export interface Crop {
  readonly source: PatchSource;
  readonly volume: Volume;
  readonly map: PatchMap;
  /** The particle that the crop was drawn around; undefined for a crop centred anywhere. */
  readonly pick: ParticlePick | undefined;
}

/** Picks of each scored type that has any, over all runs. */
type CropCentres = readonly (readonly {
  readonly source: PatchSource;
  readonly pick: ParticlePick;
}[])[];

/**
 * Lists the particles that crops can be drawn around, by scored type: those not in blank voxels.
 *
 * @throws PickbenchError BadDataset where crops shall hold particles and all lie in blank voxels
 */
export function cropCentres(spec: PatchSpec, sources: readonly PatchSource[]): CropCentres {
  const centres = scoredTypes(spec)
    .map(({ name }) =>
      sources.flatMap((source) =>
        source.picks
          .filter((pick) => pick.type === name && !source.volumes.some((volume) => isBlankAt(volume, pick)))
          .map((pick) => ({ source, pick })),
      ),
    )
    .filter((ofType) => ofType.length > 0);
  if (centres.length > 0 || spec.backgroundShare >= 1) return centres;
  throw new PickbenchError(
    "BadDataset",
    `Runs ${sources.map(({ run }) => run).join(", ")}: all picks lie in blank voxels, which hold no data; is it the tomogram that they were picked in? Correct the picks or the tomogram.`,
  );
}

/** Draws a crop: background with the spec's share; else a type uniformly, then one of its particles uniformly. */
export function drawCrop(
  spec: PatchSpec,
  sources: readonly PatchSource[],
  centres: CropCentres,
  random: Random,
): Crop {
  const aroundParticle = random.uniform() >= spec.backgroundShare;
  const ofType = aroundParticle ? centres[random.integer(centres.length)]! : undefined;
  const centre = ofType?.[random.integer(ofType.length)];
  const source = centre?.source ?? sources[random.integer(sources.length)]!;
  const volume = source.volumes[random.integer(source.volumes.length)]!;
  const oriented = drawOrientation(spec, volume.shape, random);
  const middle =
    centre === undefined
      ? drawWithData(volume, orientedShape(spec.patchShape, oriented), random)
      : drawAround(centre.pick, spec, volume, oriented, random);
  return {
    source,
    volume,
    map: placePatch(spec, volume, oriented, middle, centre?.pick, random),
    pick: centre?.pick,
  };
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
 * Draws the patch's middle so that the particle lies uniformly inside, at least its radius or a quarter of the patch
 * from each face. The result is a continuous volume index.
 */
function drawAround(
  pick: ParticlePick,
  { patchShape, types }: PatchSpec,
  { spacing }: Volume,
  oriented: Orientation,
  random: Random,
): Vector3 {
  const { radius }: Particle = types.find(({ name }) => name === pick.type)!;
  const fromMiddle = mapVector(patchShape, (size, p) => {
    const margin = Math.min(radius / spacing[oriented.axes[p]!]!, size / 4);
    return random.between(-1, 1) * Math.max(0, (size - 1) / 2 - margin);
  });
  const index = positionToIndex(pick, spacing);
  const inVolume = transform(orientationMatrix(oriented), fromMiddle);
  return mapVector(index, (value, axis) => value - inVolume[axis]!);
}

/**
 * Places the patch with its middle as near to the drawn one as the volume allows. A free rotation is left out where it
 * would turn the crop's own particle out of the patch, as in a volume's corner; elsewhere it may turn the patch's
 * corners out of the volume, which get weight 0.
 */
function placePatch(
  { patchShape, augment }: PatchSpec,
  { shape, spacing }: Volume,
  oriented: Orientation,
  middle: Vector3,
  pick: ParticlePick | undefined,
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
    if (pick === undefined || holds(map, patchShape, positionToIndex(pick, spacing))) return map;
  }
  return alignedMap(oriented, patchShape, mapVector(start, Math.round));
}

const holds = (map: PatchMap, shape: Shape3, index: Vector3): boolean =>
  patchVoxel(map, index).every((value, axis) => value >= 0 && value <= shape[axis]! - 1);

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
