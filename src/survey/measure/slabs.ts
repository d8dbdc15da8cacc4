/** Reading of volumes slab by slab within a bounded memory. */
import type { Shape3 } from "../../domain/volume.js";

/** Voxels of a slab: as many as wanted where chunks allow it, and at most so many, 96 MB of float32. */
const wanted = 4 * 2 ** 20;
const most = 24 * 2 ** 20;

/** Returns how many planes are read at once: whole chunks, where those of one slab are not too many voxels. */
export function slabDepth([depth, height, width]: Shape3, chunkDepth: number): number {
  const plane = height * width;
  const chunks = Math.max(1, Math.floor(wanted / (plane * chunkDepth)));
  const planes = Math.min(chunkDepth * chunks, Math.floor(most / plane));
  return Math.max(1, Math.min(depth, planes));
}

/** A volume whose whole planes are read. */
interface Planes {
  readonly shape: Shape3;
  readonly chunkDepth: number;
  readonly read: (zStart: number, zEnd: number) => Promise<Float32Array>;
}

/** Hands whole planes in order to `visit`. */
export async function eachSlabOf(
  { shape, chunkDepth, read }: Planes,
  visit: (zStart: number, values: Float32Array, shape: Shape3) => void,
): Promise<void> {
  const step = slabDepth(shape, chunkDepth);
  for (let z = 0; z < shape[0]; z += step) {
    const end = Math.min(shape[0], z + step);
    visit(z, await read(z, end), [end - z, shape[1], shape[2]]);
  }
}
