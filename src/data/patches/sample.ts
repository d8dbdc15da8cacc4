/** Voxel values of a patch, copied or interpolated from its volume. */
import type { Shape3, Volume } from "../../domain/volume.js";
import type { PatchMap } from "./map.js";

/**
 * Fills input (z,y,x) with the volume under the patch, and sets weight (z,y,x) to 1 inside the volume and 0 outside,
 * where the nearest voxel's value is used instead. Voxels are copied where the map is aligned and interpolated
 * trilinearly otherwise. Where the nearest voxel is blank, the weight is 0, too.
 */
export function samplePatch(
  volume: Volume,
  map: PatchMap,
  shape: Shape3,
  into: { input: Float32Array; weight: Float32Array },
): void {
  into.weight.fill(1);
  if (map.aligned) copyVoxels(volume, map, shape, into.input);
  else interpolate(volume, map, shape, into.input, into.weight);
  if (volume.blank) ignoreBlank(volume.blank, volume.shape, map, shape, into.weight);
}

/** Sets the weight to 0 where the nearest voxel of the volume is blank. */
function ignoreBlank(
  blank: Uint8Array,
  size: Shape3,
  map: PatchMap,
  shape: Shape3,
  weight: Float32Array,
): void {
  const { matrix, offset } = map;
  const at = [0, 0, 0];
  let to = 0;
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++, to++) {
        for (let axis = 0; axis < 3; axis++) {
          const row = matrix[axis]!;
          at[axis] = nearest(offset[axis]! + row[0] * z + row[1] * y + row[2] * x, size[axis]!);
        }
        if (blank[(at[0]! * size[1] + at[1]!) * size[2] + at[2]!] === 1) weight[to] = 0;
      }
}

const nearest = (index: number, size: number): number => Math.min(size - 1, Math.max(0, Math.round(index)));

/** Copies voxels with strides; the aligned map must stay inside the volume. */
function copyVoxels(
  { data, shape: size }: Volume,
  { matrix, offset }: PatchMap,
  shape: Shape3,
  input: Float32Array,
): void {
  const strides = [size[1] * size[2], size[2], 1] as const;
  const along = (axis: 0 | 1 | 2): number =>
    matrix[0][axis] * strides[0] + matrix[1][axis] * strides[1] + matrix[2][axis] * strides[2];
  const [alongZ, alongY, alongX] = [along(0), along(1), along(2)];
  const first = offset[0] * strides[0] + offset[1] * strides[1] + offset[2] * strides[2];
  let to = 0;
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      let from = first + z * alongZ + y * alongY;
      if (alongX === 1) {
        input.set(data.subarray(from, from + shape[2]), to);
        to += shape[2];
        continue;
      }
      for (let x = 0; x < shape[2]; x++) {
        input[to++] = data[from]!;
        from += alongX;
      }
    }
  }
}

function interpolate(
  { data, shape: size }: Volume,
  { matrix: [mz, my, mx], offset }: PatchMap,
  shape: Shape3,
  input: Float32Array,
  weight: Float32Array,
): void {
  const [lastZ, lastY, lastX] = [size[0] - 1, size[1] - 1, size[2] - 1];
  // A volume one voxel thick has no next voxel: stay on the one there is.
  const stepZ = lastZ > 0 ? size[1] * size[2] : 0;
  const stepY = lastY > 0 ? size[2] : 0;
  const stepX = lastX > 0 ? 1 : 0;
  let to = 0;
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      const rowZ = offset[0] + mz[0] * z + mz[1] * y;
      const rowY = offset[1] + my[0] * z + my[1] * y;
      const rowX = offset[2] + mx[0] * z + mx[1] * y;
      for (let x = 0; x < shape[2]; x++, to++) {
        let atZ = rowZ + mz[2] * x;
        let atY = rowY + my[2] * x;
        let atX = rowX + mx[2] * x;
        if (!(atZ >= 0 && atZ <= lastZ && atY >= 0 && atY <= lastY && atX >= 0 && atX <= lastX)) {
          const inside =
            atZ >= -0.5 &&
            atZ <= lastZ + 0.5 &&
            atY >= -0.5 &&
            atY <= lastY + 0.5 &&
            atX >= -0.5 &&
            atX <= lastX + 0.5;
          if (!inside) weight[to] = 0;
          atZ = Math.min(Math.max(atZ, 0), lastZ);
          atY = Math.min(Math.max(atY, 0), lastY);
          atX = Math.min(Math.max(atX, 0), lastX);
        }
        const z0 = Math.max(0, Math.min(atZ | 0, lastZ - 1));
        const y0 = Math.max(0, Math.min(atY | 0, lastY - 1));
        const x0 = Math.max(0, Math.min(atX | 0, lastX - 1));
        const fz = atZ - z0;
        const fy = atY - y0;
        const fx = atX - x0;
        const a = (z0 * size[1] + y0) * size[2] + x0;
        const b = a + stepY;
        const c = a + stepZ;
        const d = c + stepY;
        const va = data[a]! + fx * (data[a + stepX]! - data[a]!);
        const vb = data[b]! + fx * (data[b + stepX]! - data[b]!);
        const vc = data[c]! + fx * (data[c + stepX]! - data[c]!);
        const vd = data[d]! + fx * (data[d + stepX]! - data[d]!);
        const low = va + fy * (vb - va);
        const high = vc + fy * (vd - vc);
        input[to] = low + fz * (high - low);
      }
    }
  }
}
