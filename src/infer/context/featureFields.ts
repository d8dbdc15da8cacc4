/** Reads one feature's map once, slab by slab, for all that is asked of it about places: means in balls, and distances. */
import { DistanceField } from "../../domain/morphology/distance.js";
import { removeDust } from "../../domain/morphology/dust.js";
import { voxelCount } from "../../domain/volume.js";
import type { MapReader } from "../maps/featureMaps.js";
import { type BallRule, Balls, flatVoxel, type Grid } from "./ball.js";
import type { DistanceTerm, SampleTerm } from "./terms.js";

/** Places in a run, moved by an offset along their axes: x y z in Å, flat; NaN where there is no axis. */
export type PlacesAt = (offset: number) => Float64Array;

/** Values of terms at places, by the terms' names; NaN where there is none. */
type FieldValues = Map<string, Float64Array>;

/**
 * Measures a map at places. Memory holds a slab, and for distances the whole map as bytes and once as float32.
 *
 * @throws PickbenchError as `MapReader.readSlab`
 */
export async function measureMap(
  reader: MapReader,
  placesAt: PlacesAt,
  asked: {
    readonly samples: readonly SampleTerm[];
    readonly distances: readonly DistanceTerm[];
    readonly rule: BallRule;
  },
): Promise<FieldValues> {
  const balls = asked.samples.map(
    ({ offset, radius }) => new Balls(placesAt(offset), radius, asked.rule, reader),
  );
  const masks = asked.distances.map(() => new Uint8Array(voxelCount(reader.shape)));
  await eachSlab(
    reader,
    (zStart, zEnd) => masks.length > 0 || balls.some((ball) => ball.touches(zStart, zEnd)),
    (zStart, values) => {
      for (const ball of balls) ball.add(zStart, values);
      for (const [i, { threshold }] of asked.distances.entries())
        markAbove(masks[i]!, zStart * reader.shape[1] * reader.shape[2], values, threshold);
    },
  );
  const found: FieldValues = new Map();
  for (const [i, { name }] of asked.samples.entries()) found.set(name, balls[i]!.means());
  const field = masks.length > 0 ? new DistanceField(reader.shape, reader.spacing) : undefined;
  for (const [i, { name, dust, offset }] of asked.distances.entries()) {
    if (dust) removeDust(masks[i]!, reader.shape, reader.spacing, dust);
    found.set(name, signedDistances(masks[i]!, reader, placesAt(offset), field!));
  }
  return found;
}

/** Reads the slabs of a map that are wanted, in order. */
export async function eachSlab(
  reader: MapReader,
  isWanted: (zStart: number, zEnd: number) => boolean,
  visit: (zStart: number, values: Float32Array) => void | Promise<void>,
): Promise<void> {
  const [depth] = reader.shape;
  for (let zStart = 0; zStart < depth; zStart += reader.slabDepth) {
    const zEnd = Math.min(depth, zStart + reader.slabDepth);
    if (isWanted(zStart, zEnd)) await visit(zStart, await reader.readSlab(zStart, zEnd));
  }
}

/** Sets a mask's voxels from `base` on to 1 where values lie above a threshold, as picking does, else to 0. */
export function markAbove(mask: Uint8Array, base: number, values: Float32Array, threshold: number): void {
  const limit = Math.fround(threshold);
  for (let i = 0; i < values.length; i++) mask[base + i] = values[i]! > limit ? 1 : 0;
}

/**
 * Measures from places to a mask (z, y, x; 0 and 1), in Å between centres of voxels: to the nearest voxel of the mask from
 * outside, and below 0 to the nearest voxel that is not in it from inside.
 *
 * @param places x y z in Å, flat
 * @returns NaN where a place lies outside of the volume, and where everything or nothing is in the mask
 */
export function signedDistances(
  mask: Uint8Array,
  grid: Grid,
  places: Float64Array,
  field: DistanceField,
): Float64Array {
  const voxels = Int32Array.from({ length: places.length / 3 }, (_, i) => flatVoxel(places, i, grid));
  const distances = new Float64Array(voxels.length).fill(Number.NaN);
  for (const kind of [1, 0] as const) {
    const isHere = (voxel: number) => voxel >= 0 && mask[voxel] !== kind;
    if (!voxels.some(isHere) || !mask.includes(kind)) continue;
    field.measure(mask, kind);
    for (const [i, voxel] of voxels.entries())
      if (isHere(voxel)) distances[i] = field.at(voxel) * (kind === 1 ? 1 : -1);
  }
  return distances;
}
