/** Training targets of features: the nearest voxels of a mask under the patch's map. */
import { unknown, yes } from "../../domain/maskValues.js";
import type { Shape3 } from "../../domain/volume.js";
import type { Mask } from "../masks/mask.js";
import type { PatchMap } from "./map.js";

/**
 * Paints a feature's target and weight (z,y,x at the stride) of one patch: 1 where the mask's nearest voxel is yes, and
 * weight 0 where it is unknown, where the patch leaves the volume or holds no data. A voxel of a coarse target covers 8
 * voxels of the patch: it is known where at least half of them are, and yes where at least half of the known ones are.
 *
 * @param mask undefined where nothing is known
 * @param inside weight of the voxels whatever the feature, at the stride
 * @param into `target` must be zero everywhere
 */
export function paintFeature(
  mask: Mask | undefined,
  map: PatchMap,
  shape: Shape3,
  stride: 1 | 2,
  into: { readonly target: Float32Array; readonly weight: Float32Array; readonly inside: Float32Array },
): void {
  const { target, weight, inside } = into;
  if (mask === undefined) {
    weight.fill(0);
    return;
  }
  weight.set(inside);
  const fine = nearestValues(mask, map, shape);
  if (stride === 1) {
    for (let at = 0; at < fine.length; at++) {
      if (fine[at] === unknown) weight[at] = 0;
      else if (fine[at] === yes) target[at] = 1;
    }
    return;
  }
  const [known, yeses] = [new Uint8Array(target.length), new Uint8Array(target.length)];
  const [, height, width] = shape;
  for (let at = 0; at < fine.length; at++) {
    if (fine[at] === unknown) continue;
    const x = (at % width) >> 1;
    const y = (Math.floor(at / width) % height) >> 1;
    const z = Math.floor(at / (width * height)) >> 1;
    const to = (z * (height >> 1) + y) * (width >> 1) + x;
    known[to]!++;
    if (fine[at] === yes) yeses[to]!++;
  }
  for (let to = 0; to < target.length; to++) {
    if (known[to]! < 4) weight[to] = 0;
    else if (2 * yeses[to]! >= known[to]!) target[to] = 1;
  }
}

/** Returns the mask's value at the voxel nearest to each voxel of a patch (z,y,x); unknown outside the volume. */
function nearestValues(
  { voxels, shape: size }: Mask,
  { matrix, offset }: PatchMap,
  shape: Shape3,
): Uint8Array {
  const values = new Uint8Array(shape[0] * shape[1] * shape[2]);
  const [mz, my, mx] = matrix;
  let to = 0;
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++) {
      const rowZ = offset[0] + mz[0] * z + mz[1] * y;
      const rowY = offset[1] + my[0] * z + my[1] * y;
      const rowX = offset[2] + mx[0] * z + mx[1] * y;
      for (let x = 0; x < shape[2]; x++, to++) {
        const atZ = Math.round(rowZ + mz[2] * x);
        const atY = Math.round(rowY + my[2] * x);
        const atX = Math.round(rowX + mx[2] * x);
        const isInside = atZ >= 0 && atZ < size[0] && atY >= 0 && atY < size[1] && atX >= 0 && atX < size[2];
        values[to] = isInside ? voxels[(atZ * size[1] + atY) * size[2] + atX]! : unknown;
      }
    }
  return values;
}
