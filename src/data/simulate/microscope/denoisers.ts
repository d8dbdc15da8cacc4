/** Denoisers of reconstructions: filters by frequency, and a median. */
import { axisFrequencies, fourierTransform } from "../../../domain/fourier.js";
import { type Shape3, voxelCount } from "../../../domain/volume.js";

/** Kinds of denoisers. */
export const denoiserKinds = ["none", "gaussian", "median", "wiener"] as const;

/** A denoiser with its settings. */
export type Denoiser =
  | { readonly kind: "none" | "median" }
  /** Standard deviation in Å. */
  | { readonly kind: "gaussian"; readonly sigma: number }
  /**
   * Cut in Å, at whose frequency half is left; `lift` raises lengths above `liftLength` Å, which contrast transfer left
   * faint.
   */
  | { readonly kind: "wiener"; readonly cut: number; readonly lift: number; readonly liftLength: number };

/** Returns by how much a denoiser multiplies a frequency (1/Å); 1 for one that is no filter. */
export function gainOf(denoiser: Denoiser, frequency: number): number {
  if (denoiser.kind === "gaussian") return Math.exp(-2 * (Math.PI * frequency * denoiser.sigma) ** 2);
  if (denoiser.kind !== "wiener") return 1;
  const { cut, lift, liftLength } = denoiser;
  return (1 + lift / (1 + (frequency * liftLength) ** 2)) / (1 + (frequency * cut) ** 4);
}

/** Denoises values of a shape in place. @param spacing Å per voxel. Memory: as much again for a filter. */
export function denoise(values: Float32Array, shape: Shape3, spacing: number, denoiser: Denoiser): void {
  if (denoiser.kind === "median") medianFilter(values, shape);
  else if (denoiser.kind !== "none")
    filter(values, shape, spacing, (frequency) => gainOf(denoiser, frequency));
}

function filter(re: Float32Array, shape: Shape3, spacing: number, gain: (frequency: number) => number): void {
  const im = new Float32Array(re.length);
  fourierTransform(re, im, shape);
  const [nz, ny, nx] = shape;
  const share = 1 / voxelCount(shape);
  const [alongZ, alongY, alongX] = shape.map((size) => axisFrequencies(size, spacing)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const across = alongZ[z]! ** 2 + alongY[y]! ** 2;
      for (let x = 0; x < nx; x++) {
        const at = (z * ny + y) * nx + x;
        const factor = share * gain(Math.sqrt(across + alongX[x]! ** 2));
        re[at]! *= factor;
        im[at]! *= factor;
      }
    }
  }
  fourierTransform(im, re, shape);
}

/**
 * Replaces each voxel by the median of the 3 × 3 × 3 around it, in place; the outermost voxels stand for those beyond. The
 * nine values of each column are sorted once, and the median taken by merging three columns.
 */
function medianFilter(values: Float32Array, [nz, ny, nx]: Shape3): void {
  const plane = ny * nx;
  const planes = [0, 1, 2].map(() => new Float32Array(plane));
  const planeAt = (z: number) => planes[(z + 3) % 3]!;
  planeAt(-1).set(values.subarray(0, plane));
  planeAt(0).set(values.subarray(0, plane));
  const columns = new Float32Array(9 * nx);
  for (let z = 0; z < nz; z++) {
    const next = Math.min(nz - 1, z + 1) * plane;
    planeAt(z + 1).set(values.subarray(next, next + plane));
    for (let y = 0; y < ny; y++) {
      const rows = [Math.max(0, y - 1), y, Math.min(ny - 1, y + 1)].map((row) => row * nx);
      sortColumns(columns, planes, rows, nx);
      const to = z * plane + y * nx;
      for (let x = 0; x < nx; x++)
        values[to + x] = middleOf(columns, 9 * Math.max(0, x - 1), 9 * x, 9 * Math.min(nx - 1, x + 1));
    }
  }
}

/** Sorts the nine values at each x of three rows in three planes (by insertion). */
function sortColumns(
  columns: Float32Array,
  planes: readonly Float32Array[],
  rows: readonly number[],
  nx: number,
): void {
  for (let x = 0; x < nx; x++) {
    const first = 9 * x;
    let end = first;
    for (let p = 0; p < 3; p++) {
      for (let r = 0; r < 3; r++) {
        const value = planes[p]![rows[r]! + x]!;
        let at = end++;
        for (; at > first && columns[at - 1]! > value; at--) columns[at] = columns[at - 1]!;
        columns[at] = value;
      }
    }
  }
}

/** Returns the 14th of three sorted nines that begin at a, b and c. */
function middleOf(columns: Float32Array, a: number, b: number, c: number): number {
  const [endA, endB, endC] = [a + 9, b + 9, c + 9];
  let value = 0;
  for (let taken = 0; taken < 14; taken++) {
    const va = a < endA ? columns[a]! : Infinity;
    const vb = b < endB ? columns[b]! : Infinity;
    const vc = c < endC ? columns[c]! : Infinity;
    if (va <= vb && va <= vc) {
      value = va;
      a++;
    } else if (vb <= vc) {
      value = vb;
      b++;
    } else {
      value = vc;
      c++;
    }
  }
  return value;
}
