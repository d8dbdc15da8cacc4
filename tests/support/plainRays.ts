// A ray caster without any haste, beside which the graphics card's is held.
import type { Block } from "../../src/web/studio/space/blockBounds.js";
import { type Camera, frameOf, type Size, unproject } from "../../src/web/studio/space/camera.js";

/** Returns 0 to 255, mostly low, now and then high. */
export function noiseAt(i: number): number {
  const mixed = Math.imul((i + 1) ^ ((i + 1) >>> 7), 2_654_435_761) >>> 0;
  return Math.round(255 * (mixed / 2 ** 32) ** 6);
}

/** Casts a ray without any skipping: values between voxels' centres interpolated, a step of one voxel. */
export function greatestAlong(block: Block, camera: Camera, size: Size, x: number, y: number): number {
  const { shape, spacing } = block;
  const frame = frameOf(camera);
  const perVoxel = [spacing[2], spacing[1], spacing[0]];
  const voxels = [shape[2], shape[1], shape[0]];
  const ahead = unproject({ x, y, depth: 1 }, frame, size);
  const way = [0, 1, 2].map((axis) => (ahead[axis]! - frame.eye[axis]!) / perVoxel[axis]!);
  const origin = [0, 1, 2].map((axis) => frame.eye[axis]! / perVoxel[axis]!);
  const ends = [0, 1, 2].map((axis) => [
    -origin[axis]! / way[axis]!,
    (voxels[axis]! - origin[axis]!) / way[axis]!,
  ]);
  const from = Math.max(...ends.map((pair) => Math.min(...pair)));
  const to = Math.min(...ends.map((pair) => Math.max(...pair)));
  const stride = 1 / Math.hypot(...way);
  let best = 0;
  for (let depth = Math.ceil(from / stride) * stride; depth < to; depth += stride)
    best = Math.max(
      best,
      interpolated(
        block,
        [0, 1, 2].map((axis) => origin[axis]! + way[axis]! * depth),
      ),
    );
  return best;
}

function interpolated({ data, shape }: Block, [x, y, z]: readonly number[]): number {
  const [width, height, depth] = [shape[2], shape[1], shape[0]];
  const value = (i: number, j: number, k: number) => {
    const [a, b, c] = [
      Math.min(width - 1, Math.max(0, i)),
      Math.min(height - 1, Math.max(0, j)),
      Math.min(depth - 1, Math.max(0, k)),
    ];
    return data[(c * height + b) * width + a]!;
  };
  const [i, j, k] = [x, y, z].map((place) => Math.floor(place! - 0.5)) as [number, number, number];
  let sum = 0;
  for (const dx of [0, 1])
    for (const dy of [0, 1])
      for (const dz of [0, 1]) {
        const weights = [x! - 0.5 - i, y! - 0.5 - j, z! - 0.5 - k].map((share, axis) =>
          [dx, dy, dz][axis] === 1 ? share : 1 - share,
        );
        sum += weights[0]! * weights[1]! * weights[2]! * value(i + dx, j + dy, k + dz);
      }
  return sum;
}
