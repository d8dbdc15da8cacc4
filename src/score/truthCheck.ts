/** Checks of a truth before it is scored: known types, and no position twice. */
import type { Particle } from "../domain/particles.js";
import { PickbenchError } from "../system/errors.js";
import type { Positions, PositionsByExperiment } from "./match/positions.js";

/** Checks a truth. @throws PickbenchError BadDataset for an unknown type, or for two particles at the same position */
export function checkTruth(truth: PositionsByExperiment, particles: readonly Particle[]): void {
  const known = new Set(particles.map(({ name }) => name));
  for (const [experiment, ofExperiment] of truth) {
    for (const type of ofExperiment.keys())
      if (!known.has(type)) throw unknownType("BadDataset", type, experiment, particles);
    const twice = placeGivenTwice([...ofExperiment.values()]);
    if (twice)
      throw new PickbenchError(
        "BadDataset",
        `the truth of ${experiment} holds two particles at x y z = ${twice.join(" ")} Å, wanted every particle once; remove one of them`,
      );
  }
}

/** Makes the error for a particle type that is not among the known ones. */
export function unknownType(
  tag: "BadDataset" | "BadSubmission",
  type: string,
  experiment: string,
  particles: readonly Particle[],
): PickbenchError {
  const whose = tag === "BadDataset" ? "the truth" : "the submission";
  return new PickbenchError(
    tag,
    `unknown particle type "${type}" in ${whose} for ${experiment}, wanted one of ${particles.map(({ name }) => name).join(", ")}`,
  );
}

type Place = readonly [x: number, y: number, z: number];

/** Finds a position that occurs twice. Positions are compared only where some share their x. */
function placeGivenTwice(positions: readonly Positions[]): Place | undefined {
  if (!sharesAnyX(positions)) return undefined;
  const places = positions.flatMap(placesOf);
  places.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return places.find((place, i) => i > 0 && place.every((value, axis) => value === places[i - 1]![axis]));
}

/**
 * Tells whether any two positions share their x: a hash table with open addressing, at most half full; NaN marks free
 * slots.
 */
function sharesAnyX(positions: readonly Positions[]): boolean {
  const count = positions.reduce((sum, { coordinates }) => sum + coordinates.length / 3, 0);
  const bits = 33 - Math.clz32(count);
  const table = new Float64Array(2 ** bits).fill(Number.NaN);
  for (const { coordinates } of positions) {
    for (let i = 0; i < coordinates.length; i += 3) {
      const x = coordinates[i]!;
      number[0] = x + 0; // so that −0 equals 0
      let place = Math.imul(words[0]! ^ words[1]!, hashFactor) >>> (32 - bits);
      while (!Number.isNaN(table[place]!)) {
        if (table[place] === x) return true;
        place = (place + 1) & (table.length - 1);
      }
      table[place] = x;
    }
  }
  return false;
}

const number = new Float64Array(1);
const words = new Int32Array(number.buffer);
/** 2³² over the golden ratio (Knuth, volume 3, 6.4). */
const hashFactor = 0x9e3779b1;

const placesOf = ({ coordinates }: Positions): Place[] =>
  Array.from({ length: coordinates.length / 3 }, (_, i) => [
    coordinates[i * 3]!,
    coordinates[i * 3 + 1]!,
    coordinates[i * 3 + 2]!,
  ]);
