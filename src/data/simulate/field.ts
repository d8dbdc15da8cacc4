/** Fields of density on which tomograms are drawn and imaged. */
import { fastLength } from "../../domain/fourier.js";
import { type Shape3, voxelCount } from "../../domain/volume.js";

/** A field of density on a grid larger than the tomogram, so that nothing wraps round into the tomogram. */
export interface Field {
  /** Before imaging: density in Da/Å³. After imaging: the raw reconstruction. */
  readonly density: Float32Array;
  readonly shape: Shape3;
  /** First voxel of the tomogram in the field. */
  readonly offset: Shape3;
  /** Å per voxel, the same along all axes. */
  readonly spacing: number;
}

/** Voxels kept free around the tomogram, on both sides together. */
const margin = 8;

/** Makes an empty field for a tomogram. */
export function emptyField(tomogram: Shape3, spacing: number): Field {
  const shape = tomogram.map((size) => fastLength(size + margin)) as unknown as Shape3;
  const offset = tomogram.map((size, i) => (shape[i]! - size) >> 1) as unknown as Shape3;
  return { density: new Float32Array(voxelCount(shape)), shape, offset, spacing };
}

/** Moves the tomogram's rows to the front of a field's values and returns that front part. */
export function croppedInPlace(
  values: Float32Array,
  { shape, offset }: Field,
  [nz, ny, nx]: Shape3,
): Float32Array {
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const from = ((z + offset[0]) * shape[1] + y + offset[1]) * shape[2] + offset[2];
      values.copyWithin((z * ny + y) * nx, from, from + nx);
    }
  }
  return values.subarray(0, nz * ny * nx);
}
