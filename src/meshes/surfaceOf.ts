/** A map's surface: smoothed, meshed slab by slab, without dust, simplified. */

import { type Shape3, type Spacing3, voxelVolume } from "../domain/volume.js";
import { PickbenchError } from "../system/errors.js";
import { MarchingCubes } from "./marchingCubes.js";
import { arrangeParts, type Mesh } from "./mesh.js";
import { simplifyMesh } from "./simplify.js";
import { smoothed } from "./smooth.js";

/** What surface is made of a map. */
export interface SurfaceSettings {
  /** Least value of a voxel inside. */
  readonly level: number;
  /** Components of less than so many Å³ are left out. */
  readonly dust: number;
  /** Standard deviation in Å of the Gaussian that smooths the map first; 0 for none. */
  readonly smooth: number;
  /** Share of the triangles that is kept, below 1, or how many triangles are. */
  readonly simplify?: number | undefined;
}

/** A map that is read slab by slab. */
export interface SlabSource {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  readonly slabDepth: number;
  readSlab(zStart: number, zEnd: number): Promise<Float32Array>;
}

/** A map's surface, its parts the components inside, the largest first. */
export interface MapSurface {
  readonly mesh: Mesh;
  /** Å³ of each component's voxels. */
  readonly components: readonly number[];
  /** Components that were left out as dust. */
  readonly dust: number;
  /** Triangles before simplification. */
  readonly facesBefore: number;
}

/**
 * Makes a map's surface. Of the map, a slab and the slices of the smoothing are in memory at a time; of the surface, all of
 * it. What is inside is joined by faces, edges and corners (26 neighbours) to components.
 *
 * @param onSlice is told how many slices were read
 * @throws PickbenchError NotFinite at a voxel that is NaN or +Infinity; Unsupported for a surface of too many vertices
 */
export async function surfaceOf(
  map: SlabSource,
  { level, dust, smooth, simplify }: SurfaceSettings,
  onSlice: (done: number) => void = () => undefined,
): Promise<MapSurface> {
  const { shape, spacing } = map;
  const cubes = new MarchingCubes(shape, spacing, level);
  const [z, y, x] = spacing.map((step) => smooth / step);
  const sink =
    smooth > 0 ? smoothed(shape, [z!, y!, x!], (slice) => cubes.add(slice)) : { add: cubes.add.bind(cubes) };
  await readSlices(map, sink.add, onSlice);
  if ("finish" in sink) sink.finish();
  const { mesh, components } = cubes.finish();
  const volumes = components.voxels.map((voxels) => voxels * voxelVolume(spacing));
  const large = volumes
    .map((volume, component) => ({ volume, component }))
    .filter(({ volume }) => volume >= dust)
    .sort((a, b) => b.volume - a.volume || a.component - b.component);
  const ranks = new Int32Array(volumes.length).fill(-1);
  for (const [rank, { component }] of large.entries()) ranks[component] = rank;
  const whole = arrangeParts(
    mesh,
    components.ofRun.map((component) => ranks[component]!),
  );
  return {
    mesh: simplified(whole, simplify),
    components: large.map(({ volume }) => volume),
    dust: volumes.length - large.length,
    facesBefore: whole.faces.length / 3,
  };
}

async function readSlices(
  { shape, slabDepth, readSlab }: SlabSource,
  add: (slice: Float32Array) => void,
  onSlice: (done: number) => void,
): Promise<void> {
  const size = shape[1] * shape[2];
  for (let start = 0; start < shape[0]; start += slabDepth) {
    const end = Math.min(start + slabDepth, shape[0]);
    const slab = await readSlab(start, end);
    for (let i = 0; i < slab.length; i++)
      if (!(slab[i]! < Number.POSITIVE_INFINITY))
        throw notFinite(slab[i]!, start + Math.floor(i / size), i % size, shape[2]);
    for (let slice = 0; slice < end - start; slice++) add(slab.subarray(slice * size, (slice + 1) * size));
    onSlice(end);
  }
}

function notFinite(value: number, z: number, index: number, width: number): PickbenchError {
  return new PickbenchError(
    "NotFinite",
    `the map holds ${value} at z,y,x = ${z},${Math.floor(index / width)},${index % width}, wanted finite numbers: predict it anew`,
  );
}

function simplified(mesh: Mesh, simplify: number | undefined): Mesh {
  const faces = mesh.faces.length / 3;
  if (simplify === undefined || faces === 0) return mesh;
  const target = simplify < 1 ? Math.round(simplify * faces) : simplify;
  return target < faces ? simplifyMesh(mesh, target) : mesh;
}
