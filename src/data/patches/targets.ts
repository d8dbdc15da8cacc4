/**
 * Training targets of a patch: balls, heat maps or centre voxels, painted from the picks' positions through the patch's
 * map and never resampled, so that a label is as sharp in a rotated patch as in any other.
 */
import { z } from "zod";
import type { Particle, ParticlePick } from "../../domain/particles.js";
import { type Shape3, type Spacing3, voxelCount } from "../../domain/volume.js";
import { mapVector, type PatchMap, patchVoxel, type Vector3 } from "./map.js";

export const targetSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ball"),
    /**
     * Share of the particle's radius: a voxel belongs to the ball if its centre is at most this far from the
     * particle's.
     */
    fraction: z.number().positive().max(2),
  }),
  z.strictObject({
    kind: z.literal("gaussian"),
    /** Standard deviation in voxels (the cube root of a voxel's volume); the map is cut off at 4 sigma. */
    sigma: z.number().positive().max(64),
  }),
  /** The single voxel that contains the centre. */
  z.strictObject({ kind: z.literal("centre") }),
]);
export type TargetSpec = z.infer<typeof targetSchema>;

/** A type of particle to paint; `channel` is undefined where its voxels are only ignored. */
export interface PaintedType {
  readonly particle: Particle;
  readonly channel: number | undefined;
}

/** A patch's place in its volume, and the picks of that volume. */
export interface PatchScene {
  readonly shape: Shape3;
  readonly map: PatchMap;
  readonly spacing: Spacing3;
  readonly picks: readonly ParticlePick[];
}

/** Squared reach of a heat map in sigma², and of the unscored part of an ignored particle's heat map. */
const heatReach = 16;
const ignoredHeatReach = 4;

/** Squared relative distance up to which a particle of one type paints; `unit` Å is relative distance 1. */
interface Reach {
  readonly unit: number;
  readonly limit: number;
}

function reachOf(target: TargetSpec, type: PaintedType, spacing: Spacing3): Reach {
  switch (target.kind) {
    case "ball":
      return { unit: type.particle.radius, limit: target.fraction ** 2 };
    case "gaussian":
      return {
        unit: target.sigma * Math.cbrt(spacing[0] * spacing[1] * spacing[2]),
        limit: type.channel === undefined ? ignoredHeatReach : heatReach,
      };
    case "centre":
      return { unit: type.particle.radius, limit: Number.POSITIVE_INFINITY };
  }
}

/**
 * Paints target (channels,z,y,x) and weight (z,y,x) of one patch.
 *
 * With `background`, channel 0 is background and the channels of a voxel sum to 1: of overlapping balls (or centres in
 * one voxel) the nearest relative to its radius wins, and a tie goes to the earlier type; heat maps that sum to more
 * than 1 are divided by their sum. Without it each type has its own independent channel. Heat maps are the maximum over
 * a type's particles. A voxel whose nearest particle is of an ignored type gets weight 0 and the target of background.
 *
 * @param into `target` must be zero everywhere; `weight` is only ever lowered
 */
export function paintTarget(
  target: TargetSpec,
  background: boolean,
  types: readonly PaintedType[],
  scene: PatchScene,
  into: { target: Float32Array; weight: Float32Array },
): void {
  const fields: Field[] = [];
  for (const type of types) {
    const nearest = nearestOfType(target, type, scene);
    if (nearest !== undefined) fields.push({ nearest, channel: type.channel });
  }
  const voxels = voxelCount(scene.shape);
  const canvas: Canvas = { target: into.target, voxels, background };
  const paint = target.kind === "gaussian" ? paintHeat : paintHard;
  if (background) into.target.fill(1, 0, voxels);
  for (let voxel = 0; voxel < voxels && fields.length > 0; voxel++) {
    let owner: Field | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < fields.length; k++) {
      const distance = fields[k]!.nearest[voxel]!;
      if (distance < least) {
        least = distance;
        owner = fields[k];
      }
    }
    if (owner === undefined) continue;
    if (owner.channel === undefined) into.weight[voxel] = 0;
    else paint(canvas, voxel, fields, owner.channel);
  }
}

/** Squared relative distance of every voxel to the nearest particle of one type; Infinity out of reach. */
interface Field {
  readonly nearest: Float32Array;
  readonly channel: number | undefined;
}

interface Canvas {
  readonly target: Float32Array;
  /** Number of voxels of one channel. */
  readonly voxels: number;
  readonly background: boolean;
}

function paintHard(
  { target, voxels, background }: Canvas,
  voxel: number,
  fields: readonly Field[],
  winner: number,
): void {
  if (background) {
    target[voxel] = 0;
    target[winner * voxels + voxel] = 1;
    return;
  }
  for (const { channel, nearest } of fields) {
    if (channel !== undefined && nearest[voxel]! < Number.POSITIVE_INFINITY) {
      target[channel * voxels + voxel] = 1;
    }
  }
}

function paintHeat({ target, voxels, background }: Canvas, voxel: number, fields: readonly Field[]): void {
  let sum = 0;
  for (let k = 0; k < fields.length; k++) {
    const { channel, nearest } = fields[k]!;
    const distance = nearest[voxel]!;
    if (channel === undefined || distance === Number.POSITIVE_INFINITY) continue;
    const heat = Math.exp(-distance / 2);
    target[channel * voxels + voxel] = heat;
    sum += heat;
  }
  if (!background) return;
  target[voxel] = Math.max(0, 1 - sum);
  for (let k = 0; k < fields.length && sum > 1; k++) {
    const { channel } = fields[k]!;
    if (channel !== undefined) target[channel * voxels + voxel]! /= sum;
  }
}

function nearestOfType(target: TargetSpec, type: PaintedType, scene: PatchScene): Float32Array | undefined {
  const reach = reachOf(target, type, scene.spacing);
  let nearest: Float32Array | undefined;
  for (const pick of scene.picks) {
    if (pick.type !== type.particle.name) continue;
    const position: Vector3 = [pick.z, pick.y, pick.x];
    const box = target.kind === "centre" ? centreBox(position, scene) : reachedBox(position, reach, scene);
    if (box.low.some((low, axis) => low > box.high[axis]!)) continue;
    nearest ??= new Float32Array(voxelCount(scene.shape)).fill(Number.POSITIVE_INFINITY);
    lowerToNearest(nearest, position, reach, box, scene);
  }
  return nearest;
}

/** First and last voxels along z, y, x, both inclusive. */
interface VoxelRange {
  readonly low: Vector3;
  readonly high: Vector3;
}

/** Returns the patch's voxels that the ellipsoid of reach around a position (z,y,x Å) can touch. */
function reachedBox(position: Vector3, reach: Reach, { map, spacing, shape }: PatchScene): VoxelRange {
  const centre = patchVoxel(
    map,
    mapVector(position, (value, axis) => value / spacing[axis]! - 0.5),
  );
  const extent = mapVector([0, 1, 2], (axis) => {
    const row = map.inverse[axis]!;
    const perAngstrom = Math.hypot(row[0] / spacing[0], row[1] / spacing[1], row[2] / spacing[2]);
    return reach.unit * Math.sqrt(reach.limit) * perAngstrom + 1e-6;
  });
  return {
    low: mapVector(centre, (value, axis) => Math.max(0, Math.ceil(value - extent[axis]!))),
    high: mapVector(centre, (value, axis) => Math.min(shape[axis]! - 1, Math.floor(value + extent[axis]!))),
  };
}

/**
 * Returns the patch's voxel that holds a position (z,y,x Å): by the volume's own half-open voxels where the map is
 * aligned.
 */
function centreBox(position: Vector3, { map, spacing, shape }: PatchScene): VoxelRange {
  const index = mapVector(position, (value, axis) => {
    const inVoxels = value / spacing[axis]!;
    return map.aligned ? Math.floor(inVoxels) : inVoxels - 0.5;
  });
  const voxel = mapVector(patchVoxel(map, index), Math.round);
  const inside = voxel.every((value, axis) => value >= 0 && value < shape[axis]!);
  return inside ? { low: voxel, high: voxel } : { low: [0, 0, 0], high: [-1, -1, -1] };
}

/**
 * Lowers `nearest` to the distances from one particle. Distances are taken at the volume's position of each voxel and
 * summed in the volume's order of axes: a flipped or turned patch gets bitwise the labels of the plain one, and the
 * order of picks does not matter.
 */
function lowerToNearest(
  nearest: Float32Array,
  position: Vector3,
  reach: Reach,
  { low, high }: VoxelRange,
  { shape, map, spacing }: PatchScene,
): void {
  const [mz, my, mx] = map.matrix;
  const [oz, oy, ox] = map.offset;
  const [sz, sy, sx] = spacing;
  const [pz, py, px] = position;
  const unit = reach.unit * reach.unit;
  const limit = reach.limit * unit;
  for (let z = low[0]; z <= high[0]; z++) {
    for (let y = low[1]; y <= high[1]; y++) {
      const rowZ = oz + mz[0] * z + mz[1] * y;
      const rowY = oy + my[0] * z + my[1] * y;
      const rowX = ox + mx[0] * z + mx[1] * y;
      const row = (z * shape[1] + y) * shape[2];
      for (let x = low[2]; x <= high[2]; x++) {
        const dz = (rowZ + mz[2] * x + 0.5) * sz - pz;
        const dy = (rowY + my[2] * x + 0.5) * sy - py;
        const dx = (rowX + mx[2] * x + 0.5) * sx - px;
        const squared = dz * dz + dy * dy + dx * dx;
        if (squared > limit) continue;
        const distance = squared / unit;
        if (distance < nearest[row + x]!) nearest[row + x] = distance;
      }
    }
  }
}
