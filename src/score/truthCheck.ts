import { PickbenchError } from "../errors.js";
import type { Particle } from "../particles.js";
import type { Positions, PositionsByExperiment } from "./positions.js";

/** @throws PickbenchError BadDataset for an unknown type, or where one place of one experiment is given twice */
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

/** Places are compared one with another only where some share their x, for numbers alone are sorted much faster. */
function placeGivenTwice(positions: readonly Positions[]): Place | undefined {
  const xs = new Float64Array(positions.reduce((sum, { count }) => sum + count, 0));
  let filled = 0;
  for (const { coordinates } of positions)
    for (let i = 0; i < coordinates.length; i += 3) xs[filled++] = coordinates[i]!;
  xs.sort();
  if (!xs.some((x, i) => i > 0 && x === xs[i - 1])) return undefined;
  const places = positions.flatMap(placesOf);
  places.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return places.find((place, i) => i > 0 && place.every((value, axis) => value === places[i - 1]![axis]));
}

const placesOf = ({ coordinates }: Positions): Place[] =>
  Array.from({ length: coordinates.length / 3 }, (_, i) => [
    coordinates[i * 3]!,
    coordinates[i * 3 + 1]!,
    coordinates[i * 3 + 2]!,
  ]);
