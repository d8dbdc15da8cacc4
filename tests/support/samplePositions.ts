/** Random positions for tests of formats. */
import { randomFor } from "../../src/domain/random.js";
import { angstrom } from "../../src/domain/units.js";
import type { PositionSet, TomogramPosition } from "../../src/formats/positions/frames.js";
import { rotationOfQuaternion } from "../../src/formats/positions/orientation.js";

export const volume = { size: [184, 630, 631], spacing: angstrom(10.012) } as const;

/** Draws random positions within the volume, x rising so that they can be told apart in any order. */
export function samplePositions(count: number, seed: number): PositionSet {
  const random = randomFor(seed, "positions");
  const far = [...volume.size].reverse().map((voxels) => voxels * volume.spacing);
  const positions = Array.from({ length: count }, (_, i): TomogramPosition => {
    const x = ((i + 0.1 + 0.8 * random.uniform()) / count) * far[0]!;
    const parts = [random.uniform(), random.uniform(), random.uniform(), random.uniform()].map(
      (part) => part - 0.5,
    );
    return {
      at: [x, random.uniform() * far[1]!, random.uniform() * far[2]!],
      type: "ribosome",
      score: random.uniform(),
      rotation: rotationOfQuaternion(parts as unknown as [number, number, number, number]),
      box: [20, 20, 20],
    };
  });
  return { run: "TS_1", frame: "angstrom", pixel: volume.spacing, volume, positions };
}
