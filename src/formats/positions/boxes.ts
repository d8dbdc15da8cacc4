/** Boxes around positions, for formats that hold boxes. */
import { challengeParticles } from "../../domain/particles.js";
import type { PositionFormat, WriteOptions } from "./format.js";
import type { PositionSet, TomogramPosition } from "./frames.js";

/**
 * Gives positions without a box a cube of twice their particle's radius, in whole voxels, where the format holds boxes, the
 * user names no edge, and radius and voxel size are known; notes the edges for the user.
 */
export function withBoxes(
  sets: readonly PositionSet[],
  { hasBoxes }: Pick<PositionFormat, "hasBoxes">,
  { box: given }: WriteOptions,
): { readonly sets: readonly PositionSet[]; readonly notes: readonly string[] } {
  if (!hasBoxes || given !== undefined) return { sets, notes: [] };
  const notes = new Set<string>();
  const boxed = (position: TomogramPosition, pixel: number): TomogramPosition => {
    const particle = challengeParticles.find(({ name }) => name === position.type);
    if (position.box || !particle) return position;
    const edge = Math.max(1, Math.round((2 * particle.radius) / pixel));
    notes.add(
      `boxes of ${particle.name} have an edge of ${edge} voxels, twice the radius of ${particle.radius} Å; --box N sets another`,
    );
    return { ...position, box: [edge, edge, edge] };
  };
  return {
    sets: sets.map((set) => {
      const { pixel } = set;
      return pixel === undefined
        ? set
        : { ...set, positions: set.positions.map((position) => boxed(position, pixel)) };
    }),
    notes: [...notes],
  };
}
