import type { Shape3, Volume } from "../volume.js";
import { readTile } from "./tiles.js";

/** Voxels along an edge of the tiles, at least. */
const edge = 64;
/** Where tiles lie along each axis, as shares of the way from face to face: eight tiles in all. */
const places = [0.2, 0.8];

/** Tiles spread over a volume, the same ones every time, for a network to be measured on. */
export function calibrationTiles(
  volume: Volume,
  multiple: Shape3,
): { readonly patch: Shape3; readonly tiles: Iterable<Float32Array> } {
  const sizeOf = (axis: 0 | 1 | 2): number => Math.ceil(edge / multiple[axis]) * multiple[axis];
  const patch: Shape3 = [sizeOf(0), sizeOf(1), sizeOf(2)];
  const startsOf = (axis: 0 | 1 | 2): number[] =>
    places.map((place) => Math.round(Math.max(0, volume.shape[axis] - patch[axis]) * place));
  const starts = startsOf(0).flatMap((z) =>
    startsOf(1).flatMap((y) => startsOf(2).map((x): Shape3 => [z, y, x])),
  );
  return { patch, tiles: tilesAt(volume, starts, patch) };
}

function* tilesAt(volume: Volume, starts: readonly Shape3[], patch: Shape3): Generator<Float32Array> {
  for (const start of starts) yield readTile(volume, start, patch);
}
