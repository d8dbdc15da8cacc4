/** The nearest other particle of each place. */
import { pointGrid } from "../../score/match/pointGrid.js";

/** The nearest other place: its index, −1 where there is none, and its distance in Å, NaN where there is none. */
interface Neighbours {
  readonly indices: Int32Array;
  readonly distances: Float64Array;
}

/**
 * Finds, for each place, the nearest other one among chosen places.
 *
 * @param places x y z in Å, flat
 * @param among indices of the chosen places; of two as near the earlier one counts
 */
export function nearestOthers(places: Float64Array, among: readonly number[]): Neighbours {
  const chosen = new Float64Array(among.length * 3);
  for (const [at, i] of among.entries()) chosen.set(places.subarray(3 * i, 3 * i + 3), 3 * at);
  const count = places.length / 3;
  const indices = new Int32Array(count).fill(-1);
  const distances = new Float64Array(count).fill(Number.NaN);
  const extent = extentOf(places);
  const usual = extent / Math.cbrt(Math.max(1, among.length)) + 1;
  const grid = pointGrid(chosen, usual);
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [places[3 * i]!, places[3 * i + 1]!, places[3 * i + 2]!];
    for (let reach = usual; indices[i] === -1; reach *= 2) {
      const near = grid.within(x, y, z, reach, found);
      let least = Number.POSITIVE_INFINITY;
      for (let at = 0; at < near; at++) {
        const other = among[found[at]!]!;
        if (other === i) continue;
        const distance = Math.hypot(
          places[3 * other]! - x,
          places[3 * other + 1]! - y,
          places[3 * other + 2]! - z,
        );
        if (distance > least || (distance === least && other > indices[i]!)) continue;
        least = distance;
        indices[i] = other;
        distances[i] = distance;
      }
      if (reach > 2 * extent + 2) break;
    }
  }
  return { indices, distances };
}

/** Returns the diagonal of the box around places. */
function extentOf(places: Float64Array): number {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let at = 0; at < places.length; at++) {
    low[at % 3] = Math.min(low[at % 3]!, places[at]!);
    high[at % 3] = Math.max(high[at % 3]!, places[at]!);
  }
  return places.length === 0 ? 0 : Math.hypot(high[0]! - low[0]!, high[1]! - low[1]!, high[2]! - low[2]!);
}
