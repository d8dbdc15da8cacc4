import type { AxisTiles } from "./tiles.js";

/**
 * The weights with which one axis's tiles are blended, one array a tile, as long as the tile: trapezoids that rise over
 * the voxels shared with a neighbour, since a network knows least at a tile's edge, and stay full at the volume's own
 * faces. At every voxel they add up to 1, so their products over z, y and x do too, and no sum of weights is kept.
 * Voxels past the far face weigh 0.
 */
export function blendWeights({ length, size, starts }: AxisTiles): Float64Array[] {
  const windows = starts.map((start, i) => {
    const before = i === 0 ? 0 : starts[i - 1]! + size - start;
    const after = i === starts.length - 1 ? 0 : start + size - starts[i + 1]!;
    return Float64Array.from({ length: size }, (_, at) =>
      start + at >= length
        ? 0
        : Math.min(1, (at + 1) / (before + 1), after === 0 ? 1 : (size - at) / (after + 1)),
    );
  });
  const sums = new Float64Array(length);
  for (const [i, window] of windows.entries())
    for (const [at, weight] of window.entries()) if (weight > 0) sums[starts[i]! + at]! += weight;
  for (const [i, window] of windows.entries())
    for (const [at, weight] of window.entries()) if (weight > 0) window[at] = weight / sums[starts[i]! + at]!;
  return windows;
}
