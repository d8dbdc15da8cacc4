/** Test-time augmentation: symmetries of the x, y plane under which a tomogram is predicted. */
import ndarray from "ndarray";

/**
 * A symmetry of the x, y plane: a tomogram mirrored or turned about z is as good a tomogram, so predictions are averaged
 * over its images.
 */
export interface Symmetry {
  /** Whether y and x are swapped after the flips, which needs square planes. */
  readonly transpose: boolean;
  readonly flipY: boolean;
  readonly flipX: boolean;
}

const symmetry = (transpose: boolean, flipY: boolean, flipX: boolean): Symmetry => ({
  transpose,
  flipY,
  flipX,
});

const identity = symmetry(false, false, false);
const turned = symmetry(false, true, true);
const mirrors = [symmetry(false, false, true), symmetry(false, true, false)];
const quarterTurns = [symmetry(true, true, false), symmetry(true, false, true)];
const diagonalMirrors = [symmetry(true, false, false), symmetry(true, true, true)];

/**
 * Lists symmetries, the identity first: with the half turn about z, which keeps hand and tilt axis, 2; with flips 4; with
 * rotations by 90° about z 4; with flips and rotations the 8 of the square.
 */
export function symmetries(flips: boolean, rotations: boolean, halfTurn = false): readonly Symmetry[] {
  return [
    identity,
    ...(halfTurn || flips || rotations ? [turned] : []),
    ...(flips ? mirrors : []),
    ...(rotations ? quarterTurns : []),
    ...(flips && rotations ? diagonalMirrors : []),
  ];
}

/** Returns the symmetry that undoes another. */
export const inverse = ({ transpose, flipY, flipX }: Symmetry): Symmetry =>
  transpose ? { transpose, flipY: flipX, flipX: flipY } : { transpose, flipY, flipX };

/** Addresses of a symmetry's image: its pixel (y, x) is element `first + y·stepY + x·stepX` of the plane. */
interface PlaneReading {
  readonly first: number;
  readonly stepY: number;
  readonly stepX: number;
}

const noData = new Float32Array(0);

/**
 * Returns the addresses at which a symmetry's image reads a plane.
 *
 * @throws RangeError where a plane that is not square would be turned by 90°
 */
export function planeReading(
  { transpose, flipY, flipX }: Symmetry,
  height: number,
  width: number,
): PlaneReading {
  if (transpose && height !== width)
    throw new RangeError(`a plane of ${height}×${width} cannot be turned by 90°; wanted a square one`);
  const mirrored = ndarray(noData, [height, width]).step(flipY ? -1 : 1, flipX ? -1 : 1);
  const view = transpose ? mirrored.transpose(1, 0) : mirrored;
  return { first: view.offset, stepY: view.stride[0]!, stepX: view.stride[1]! };
}

/** Returns the image of every plane (…, y, x) under a symmetry. */
export function imageOf(
  planes: Float32Array,
  height: number,
  width: number,
  symmetry: Symmetry,
): Float32Array {
  const { first, stepY, stepX } = planeReading(symmetry, height, width);
  const image = new Float32Array(planes.length);
  const plane = height * width;
  for (let from = 0; from < planes.length; from += plane)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        image[from + y * width + x] = planes[from + first + y * stepY + x * stepX]!;
  return image;
}
