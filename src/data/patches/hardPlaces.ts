/** Hard places: where a network in training picks a particle that is not there. Crops are drawn around them. */
import { angstrom, type Position } from "../../domain/units.js";

/** Numbers of a place: index of its source, index of the type that was picked among the spec's, and x, y, z in Å. */
const perPlace = 5;

/** Places of false picks, five numbers each; single precision, so that a file keeps them to the bit. */
export type HardPlaces = Float32Array;

/** A false pick. */
export interface HardPlace {
  /** Index of its source. */
  readonly source: number;
  /** Index of the type that was picked, among the spec's types. */
  readonly type: number;
  readonly at: Position;
}

/** Packs places, in their order. */
export function packPlaces(places: readonly HardPlace[]): HardPlaces {
  return Float32Array.from(places.flatMap(({ source, type, at: { x, y, z } }) => [source, type, x, y, z]));
}

/** Returns the place of that number. */
export function placeOf(places: HardPlaces, number: number): HardPlace {
  const [source, type, x, y, z] = places.subarray(number * perPlace, (number + 1) * perPlace);
  return { source: source!, type: type!, at: { x: angstrom(x!), y: angstrom(y!), z: angstrom(z!) } };
}

/** Returns the numbers of the places of each type that has any, by the type's index. */
export function numbersByType(places: HardPlaces): ReadonlyMap<number, readonly number[]> {
  const byType = new Map<number, number[]>();
  for (let number = 0; number < places.length / perPlace; number++) {
    const type = places[number * perPlace + 1]!;
    const ofType = byType.get(type);
    if (ofType) ofType.push(number);
    else byType.set(type, [number]);
  }
  return byType;
}
