import type { Box } from "../volume.js";
import type { TomogramReader } from "./omeZarr.js";

/** Whole z planes of a volume. */
export interface Slab {
  readonly zStart: number;
  /** (planes, y, x) */
  readonly values: Float32Array;
}

/** Voxels of a slab at most, where a row of chunks has more: they are then decoded more than once. */
const mostVoxels = 2 ** 27;

/** A volume's slabs in order, one of them in memory at a time. */
export async function* slabsOf(reader: TomogramReader, channel = 0): AsyncGenerator<Slab> {
  if (reader.slabs) return yield* reader.slabs(channel);
  const [depth, height, width] = reader.shape;
  const planes = Math.max(1, Math.min(reader.chunkShape[0], Math.floor(mostVoxels / (height * width))));
  for (let zStart = 0; zStart < depth; zStart += planes) {
    const box: Box = { start: [zStart, 0, 0], end: [Math.min(depth, zStart + planes), height, width] };
    yield { zStart, values: await reader.readRegion(box, channel) };
  }
}
