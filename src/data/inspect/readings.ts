/** Other readings of the same coordinates: the common mistakes with mirrors, axis order, units and origin. */
import { angstrom, type Position } from "../../domain/units.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";

/** Another reading of the same coordinates. */
export interface Reading {
  /** Condition of the reading, as words that complete "if the picks were …". */
  readonly words: string;
  readonly read: (position: Position) => Position;
}

const at = (x: number, y: number, z: number): Position => ({
  x: angstrom(x),
  y: angstrom(y),
  z: angstrom(z),
});

/** Orders of the axes other than x, y, z. */
export const orderReadings: readonly Reading[] = [
  { words: "in the order z, y, x", read: ({ x, y, z }) => at(z, y, x) },
  { words: "in the order y, x, z", read: ({ x, y, z }) => at(y, x, z) },
  { words: "in the order x, z, y", read: ({ x, y, z }) => at(x, z, y) },
  { words: "in the order y, z, x", read: ({ x, y, z }) => at(z, x, y) },
  { words: "in the order z, x, y", read: ({ x, y, z }) => at(y, z, x) },
];

/** Nanometres in place of Å. */
export const nanometreReading: Reading = {
  words: "in nm, not in Å",
  read: ({ x, y, z }) => at(x * 10, y * 10, z * 10),
};

/** Lists the readings that a volume of this size makes possible. */
export function readingsOf(shape: Shape3, spacing: Spacing3): Reading[] {
  const size = shape.map((voxels, axis) => voxels * spacing[axis]!) as [number, number, number];
  const mirrors = [1, 2, 3, 4, 5, 6, 7].map((bits): Reading => {
    const axes = ["x", "y", "z"].filter((_, axis) => bits & (1 << axis));
    const flip = (axis: number, value: number) => (bits & (1 << axis) ? size[2 - axis]! - value : value);
    return {
      words: `mirrored in ${axes.join(", ")}`,
      read: ({ x, y, z }) => at(flip(0, x), flip(1, y), flip(2, z)),
    };
  });
  return [
    ...mirrors,
    ...orderReadings,
    {
      words: "in voxels, not in Å",
      read: ({ x, y, z }) => at(x * spacing[2], y * spacing[1], z * spacing[0]),
    },
    nanometreReading,
    {
      words: "measured from the volume's centre, not its corner",
      read: ({ x, y, z }) => at(x + size[2] / 2, y + size[1] / 2, z + size[0] / 2),
    },
  ];
}
