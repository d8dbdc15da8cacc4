import { challengeParticles } from "../../particles.js";
import type { Density } from "./density.js";
import { isParticle, readDensities } from "./densityFolder.js";
import { distractorShapes, goldBead, shapeOf } from "./shapes.js";

/** Densities to draw from: the particles by name, the distractors, and a bead of gold. */
export interface Cast {
  readonly particles: ReadonlyMap<string, Density>;
  readonly distractors: readonly Density[];
  readonly bead: Density;
}

/** Kinds of built-in distractors. */
const distractorKinds = 4;

/**
 * The densities that phantoms are made of: maps where the folder has them, built-in shapes for the rest.
 *
 * @param spacing Å per voxel of the tomograms
 * @param folder of density maps, see readDensities
 */
export async function assembleCast(spacing: number, folder?: string): Promise<Cast> {
  const maps = folder === undefined ? new Map<string, Density>() : await readDensities(folder, spacing);
  const particles = new Map<string, Density>();
  for (const { name } of challengeParticles) {
    const density = maps.get(name) ?? shapeOf(name, spacing);
    if (density) particles.set(name, density);
  }
  const distractors = [...maps.values()].filter(({ name }) => !isParticle(name));
  return {
    particles,
    distractors: [...distractors, ...distractorShapes(distractorKinds, spacing)],
    bead: goldBead(spacing),
  };
}
