/**
 * F4 per type on crops: an indicator of how a training goes, not the challenge's score, which only whole tomograms have.
 *
 * Of each crop counts the inner part: a particle's radius or a quarter of the patch away from its faces, whichever is
 * less, save for faces of the tomogram itself. A true particle in it is found where any pick of the crop lies within the
 * challenge's match distance; a pick in it is false where no true particle of the run lies so near. Of the thresholds,
 * each type has the one that is best over all crops.
 */
import { isBlankAt } from "../../data/blank/blank.js";
import { matchFraction, type Particle } from "../../domain/particles.js";
import { angstrom, type Position } from "../../domain/units.js";
import { positionToIndex } from "../../domain/volume.js";
import { type Counts, fbeta, sumCounts } from "../../score/match/fbeta.js";
import type { WatchedCrop } from "./crops.js";

/** What the picks of all crops are worth, by type; a type without a true particle in any inner part is left out. */
export function judgeCrops(
  crops: readonly WatchedCrop[],
  types: readonly Particle[],
  /** Picks in Å from the crop's corner by crop, type and threshold. */
  picks: readonly Readonly<Record<string, readonly (readonly Position[])[]>>[],
  /** Å along x, y, z, added to every pick. */
  offset: readonly [number, number, number],
): Record<string, number> {
  const judged = types.flatMap((type) => {
    const thresholds = picks[0]?.[type.name]?.length ?? 0;
    const counts = Array.from({ length: thresholds }, (_, at) =>
      sumCounts(crops.map((crop, k) => countCrop(crop, type, picks[k]![type.name]![at]!, offset))),
    );
    const truths = counts[0] ? counts[0].tp + counts[0].fn : 0;
    return truths === 0 ? [] : [[type.name, Math.max(...counts.map((each) => fbeta(each)))] as const];
  });
  return Object.fromEntries(judged);
}

/** Counts one type's picks in one crop. */
export function countCrop(
  { volume, truth, start, shape }: WatchedCrop,
  { name, radius }: Particle,
  picks: readonly Position[],
  [dx, dy, dz]: readonly [number, number, number],
): Counts {
  const { spacing } = volume;
  const reach = radius * matchFraction;
  const isInner = (position: Position): boolean =>
    positionToIndex(position, spacing).every((index, axis) => {
      const size = shape[axis]!;
      const margin = Math.min(radius / spacing[axis]!, size / 4);
      const first = start[axis]!;
      const low = first === 0 ? -0.5 : first + margin;
      const high = first + size === volume.shape[axis] ? first + size - 0.5 : first + size - 1 - margin;
      return index >= low && index <= high;
    });
  const isNear = (a: Position, b: Position): boolean =>
    (a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2 <= reach ** 2;
  const truths = truth.filter(({ type }) => type === name);
  const placed = picks
    .map(({ x, y, z }) => ({
      x: angstrom(x + start[2] * spacing[2]),
      y: angstrom(y + start[1] * spacing[1]),
      z: angstrom(z + start[0] * spacing[0]),
    }))
    .filter((pick) => !isBlankAt(volume, pick))
    .map(({ x, y, z }) => ({ x: angstrom(x + dx), y: angstrom(y + dy), z: angstrom(z + dz) }));
  const inner = truths.filter(isInner);
  const tp = inner.filter((particle) => placed.some((pick) => isNear(pick, particle))).length;
  const fp = placed
    .filter(isInner)
    .filter((pick) => !truths.some((particle) => isNear(pick, particle))).length;
  return { tp, fp, fn: inner.length - tp };
}
