/**
 * Offset targets: in every voxel of a ball, the vector to its particle's centre. This is the regression half of
 * anchor-free detection, as in FCOS (Tian et al. 2019), with sub-voxel vectors instead of boxes.
 */
import { mapVector, patchVoxel, type Vector3 } from "./map.js";
import type { PaintedType, PatchScene } from "./targets.js";

/** Input voxels per unit of an offset, so that learned values are of the order of 1. */
export const offsetUnit = 8;
/** Number of offset channels: along z, y, x. */
export const offsetChannels = 3;

/**
 * Paints the offsets (3,z,y,x) of one patch: in every voxel of a ball of `fraction` of its particle's radius, the
 * vector from that voxel's centre to the particle's along the patch's z, y, x, in units of `offsetUnit` input voxels. A
 * voxel of the scene is `stride` input voxels wide. Of overlapping balls the nearest relative to its radius counts, as
 * in the ball target itself.
 *
 * @param into (3,z,y,x), zero everywhere
 */
export function paintOffsets(
  fraction: number,
  stride: number,
  types: readonly PaintedType[],
  scene: PatchScene,
  into: Float32Array,
): void {
  const [depth, height, width] = scene.shape;
  const voxels = depth * height * width;
  const nearest = new Float32Array(voxels).fill(Number.POSITIVE_INFINITY);
  for (const { particle, channel } of types) {
    if (channel === undefined) continue;
    for (const pick of scene.picks) {
      if (pick.type !== particle.name) continue;
      const centre = patchVoxel(
        scene.map,
        mapVector([pick.z, pick.y, pick.x], (value, axis) => value / scene.spacing[axis]! - 0.5),
      );
      paintOne(centre, fraction * particle.radius, particle.radius);
    }
  }

  function paintOne(centre: Vector3, reach: number, radius: number): void {
    const size = mapVector(scene.spacing, (spacing) => spacing * stride);
    const low = mapVector(centre, (value, axis) => Math.max(0, Math.ceil(value - reach / size[axis]!)));
    const high = mapVector(centre, (value, axis) =>
      Math.min(scene.shape[axis]! - 1, Math.floor(value + reach / size[axis]!)),
    );
    for (let z = low[0]; z <= high[0]; z++)
      for (let y = low[1]; y <= high[1]; y++)
        for (let x = low[2]; x <= high[2]; x++) {
          const way: Vector3 = [centre[0] - z, centre[1] - y, centre[2] - x];
          const distance = Math.hypot(way[0] * size[0], way[1] * size[1], way[2] * size[2]);
          const voxel = (z * height + y) * width + x;
          const relative = distance / radius;
          if (distance > reach || relative >= nearest[voxel]!) continue;
          nearest[voxel] = relative;
          for (let axis = 0; axis < offsetChannels; axis++)
            into[axis * voxels + voxel] = (way[axis]! * stride) / offsetUnit;
        }
  }
}
