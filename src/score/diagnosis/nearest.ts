/** Distances between places, and what lies nearest to one, among the items of an experiment. */
import type { Position } from "../../domain/units.js";

/** Returns the distance between two positions, in Å. */
export const distanceBetween = (a: Position, b: Position): number =>
  Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2);

interface Nearest<T> {
  readonly item: T;
  /** Å */
  readonly distance: number;
}

/** Returns the item nearest to a place, the first of equally near ones; undefined without items. */
export function nearestOf<T>(
  place: Position,
  items: readonly T[],
  positionOf: (item: T) => Position,
): Nearest<T> | undefined {
  let nearest: Nearest<T> | undefined;
  for (const item of items) {
    const distance = distanceBetween(place, positionOf(item));
    if (nearest === undefined || distance < nearest.distance) nearest = { item, distance };
  }
  return nearest;
}

/** Groups items by experiment, in their order. */
export function groupByExperiment<T extends { readonly experiment: string }>(
  items: readonly T[],
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.experiment);
    if (group) group.push(item);
    else groups.set(item.experiment, [item]);
  }
  return groups;
}
