/** Writes what a network is to learn, to be looked at: balls of types and masks of features, as volumes and a picture a run. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { unknown, yes } from "../../domain/maskValues.js";
import type { Particle, ParticlePick } from "../../domain/particles.js";
import { type Shape3, type Volume, voxelCount } from "../../domain/volume.js";
import { createOmeZarr } from "../../formats/zarr/writer.js";
import { featureColour } from "../../present/pictures/canvas.js";
import { renderSlice, type Tint } from "../../present/pictures/slice.js";
import { writeWhole } from "../../system/files.js";
import { checkedName, inside } from "../../system/paths/names.js";
import type { Reporter } from "../../system/reporter.js";
import { labelled } from "../layouts/copickProject.js";
import type { Feature } from "../masks/features.js";
import { type Mask, withoutBlank } from "../masks/mask.js";
import { readMask } from "../masks/read.js";
import type { Dataset } from "../model.js";
import { readNormalised } from "../normalisation.js";
import { alignedMap, orientation } from "../patches/map.js";
import { paintedTypes } from "../patches/spec.js";
import { paintTarget, type TargetSpec } from "../patches/targets.js";
import { readRunPicks } from "../picks.js";
import { type GridChoice, gridOf } from "./features.js";

/** What the targets are of. */
export interface TargetsRequest {
  readonly folder: string;
  readonly types: readonly Particle[];
  /** Names of types whose voxels the loss leaves out. */
  readonly ignore: readonly string[];
  readonly target: TargetSpec;
  readonly features: readonly Feature[];
  readonly choice: GridChoice;
}

/** Label of voxels of which nothing is known, in the volumes that are written. */
const unknownLabel = 255;
/** Value from which on a soft target counts as its type. */
const least = 0.5;
/** Planes that are painted at once. */
const slabDepth = 4;

/** Returns the paths that a run's targets are written to: types, features in their order, and the picture. */
export function targetPaths(
  folder: string,
  run: string,
  { types, features }: Pick<TargetsRequest, "types" | "features">,
): { readonly types: string | undefined; readonly features: readonly string[]; readonly picture: string } {
  const origin = { what: "run" };
  const own = inside(folder, checkedName(run, origin), origin);
  const featurePath = ({ name }: Feature) =>
    join(own, "features", `${checkedName(name, { what: "feature" })}.zarr`);
  return {
    types: types.length > 0 ? join(own, "types.zarr") : undefined,
    features: features.map(featurePath),
    picture: inside(folder, `${run}.png`, origin),
  };
}

/**
 * Writes the targets of every run with a tomogram: `RUN/types.zarr` with the label of each voxel's type,
 * `RUN/features/NAME.zarr` with 1 in a feature and 0 elsewhere, both with 255 where nothing is known, and `RUN.png`, a plane
 * near the middle with all of them in colours.
 *
 * @returns the written paths
 */
export async function writeTargets(
  dataset: Dataset,
  request: TargetsRequest,
  reporter: Reporter,
): Promise<string[]> {
  const written: string[] = [];
  const progress = reporter.progress("writing targets", dataset.runs.length, "runs");
  try {
    for (const [at, { name: run }] of dataset.runs.entries()) {
      written.push(...(await writeRun(dataset, run, request)));
      progress.update(at + 1, run);
    }
  } finally {
    progress.stop();
  }
  return written;
}

async function writeRun(dataset: Dataset, run: string, request: TargetsRequest): Promise<string[]> {
  const grid = await gridOf(dataset, run, request.choice);
  if (!grid) return [];
  const { tomoType: tomogram, voxelSpacing } = grid.ref;
  const { level, nan } = request.choice;
  const volume = await readNormalised(dataset, run, { tomogram, voxelSpacing, level, nan });
  const paths = targetPaths(request.folder, run, request);
  await mkdir(join(request.folder, run, "features"), { recursive: true });
  const labels =
    paths.types === undefined
      ? undefined
      : labelsOf(dataset, volume, await readRunPicks(dataset, run), request);
  if (labels) await writeLabels(paths.types!, volume, labels.voxels, labels.most);
  const masks: (Mask | undefined)[] = [];
  for (const [k, feature] of request.features.entries()) {
    const read = await readMask(dataset, run, feature, grid);
    const mask = read && withoutBlank(read, [volume.blank]);
    const voxels = mask?.voxels.map((value) => (value === unknown ? unknownLabel : value));
    await writeLabels(paths.features[k]!, volume, voxels ?? allUnknown(volume), unknownLabel);
    masks.push(mask);
  }
  const z = planeToShow(masks, volume.shape[0]);
  const tints = [
    ...unknownTints(masks, z),
    ...(labels ? typeTints(labels, volume.shape, z, request.types) : []),
    ...maskTints(masks, z),
  ];
  await writeWhole(
    paths.picture,
    renderSlice(volume, { z, thickness: 1, zoom: zoomOf(volume.shape), tints }),
  );
  return [...(paths.types ? [paths.types] : []), ...paths.features, paths.picture];
}

const allUnknown = ({ shape }: Volume): Uint8Array => new Uint8Array(voxelCount(shape)).fill(unknownLabel);

const zoomOf = ([, height, width]: Shape3): number => Math.max(1, Math.ceil(384 / Math.max(height, width)));

/** Labels of a volume's voxels by type. */
interface TypeLabels {
  readonly voxels: Uint16Array;
  readonly labelOf: ReadonlyMap<string, number>;
  readonly most: number;
}

/** Paints the types of a run as the loss takes them: of overlapping balls the nearest, 255 where a type is ignored. */
function labelsOf(
  dataset: Dataset,
  { shape, spacing, blank }: Volume,
  picks: readonly ParticlePick[],
  { types, ignore, target }: TargetsRequest,
): TypeLabels {
  const learned = labelled(dataset.particles).filter(({ name }) => types.some((type) => type.name === name));
  const labelOf = new Map(learned.map(({ name, label }) => [name, label]));
  const painted = paintedTypes({ types, ignore, background: true });
  const voxels = new Uint16Array(voxelCount(shape));
  const plane = shape[1] * shape[2];
  const straight = orientation(0, [false, false, false]);
  for (let z = 0; z < shape[0]; z += slabDepth) {
    const slab: Shape3 = [Math.min(slabDepth, shape[0] - z), shape[1], shape[2]];
    const size = voxelCount(slab);
    const into = {
      target: new Float32Array(size * (types.length + 1)),
      weight: new Float32Array(size).fill(1),
    };
    paintTarget(
      target,
      true,
      painted,
      { shape: slab, map: alignedMap(straight, slab, [z, 0, 0]), spacing, picks },
      into,
    );
    for (let at = 0; at < size; at++) {
      const place = z * plane + at;
      if (into.weight[at] === 0 || blank?.[place] === 1) {
        voxels[place] = unknownLabel;
        continue;
      }
      for (const [k, { name }] of types.entries())
        if (into.target[(k + 1) * size + at]! >= least) voxels[place] = labelOf.get(name)!;
    }
  }
  return { voxels, labelOf, most: Math.max(unknownLabel, ...labelOf.values()) };
}

async function writeLabels(
  path: string,
  { shape, spacing }: Volume,
  voxels: Uint8Array | Uint16Array,
  most: number,
): Promise<void> {
  const voxelType = most > unknownLabel ? "uint16" : "uint8";
  const writer = await createOmeZarr(path, { shape, spacing, voxelType, downsampling: "nearest" });
  const plane = shape[1] * shape[2];
  try {
    for (let z = 0; z < shape[0]; z += slabDepth)
      await writer.writeSlab(z, Float32Array.from(voxels.subarray(z * plane, (z + slabDepth) * plane)));
    await writer.close();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** The plane nearest to the middle that holds voxels of the most features. */
function planeToShow(masks: readonly (Mask | undefined)[], depth: number): number {
  const middle = Math.floor(depth / 2);
  const count = (z: number) =>
    masks.filter((mask) => mask && mask.yesBefore[z + 1]! > mask.yesBefore[z]!).length;
  let best = middle;
  for (let step = 0; step < depth; step++) {
    const z = step % 2 === 0 ? middle + step / 2 : middle - (step + 1) / 2;
    if (z >= 0 && z < depth && count(z) > count(best)) best = z;
  }
  return best;
}

function typeTints(
  { voxels, labelOf }: TypeLabels,
  shape: Shape3,
  z: number,
  types: readonly Particle[],
): Tint[] {
  const size = shape[1] * shape[2];
  const plane = voxels.subarray(z * size, (z + 1) * size);
  return types.map(({ name, colour }) => ({
    area: Uint8Array.from(plane, (label) => Number(label === labelOf.get(name))),
    colour,
    opacity: 0.5,
  }));
}

/** Darkens the voxels of which nothing is known of any feature. */
function unknownTints(masks: readonly (Mask | undefined)[], z: number): Tint[] {
  const planes = masks.flatMap((mask) => (mask ? [planeOf(mask, z)] : []));
  const [first] = planes;
  if (!first) return [];
  const area = first.map((_, at) => Number(planes.every((plane) => plane[at] === unknown)));
  return [{ area, colour: [0, 0, 0], opacity: 0.5 }];
}

const maskTints = (masks: readonly (Mask | undefined)[], z: number): Tint[] =>
  masks.flatMap((mask, k) => {
    if (!mask) return [];
    const area = planeOf(mask, z).map((value) => Number(value === yes));
    return [{ area, colour: featureColour(k), opacity: 0.45 }];
  });

function planeOf({ voxels, shape }: Mask, z: number): Uint8Array {
  const size = shape[1] * shape[2];
  return voxels.subarray(z * size, (z + 1) * size);
}
