import { challengeParticles } from "../../particles.js";
import type { Density } from "./density.js";
import type { Cast } from "./phantom.js";
import { distractorShapes, goldBead, shapeOf } from "./shapes.js";

const distractorKinds = 4;

/** The densities that phantoms are made of, at a spacing (Å per voxel). */
export function assembleCast(spacing: number): Cast {
  const particles = new Map<string, Density>();
  for (const { name } of challengeParticles) {
    const shape = shapeOf(name, spacing);
    if (shape) particles.set(name, shape);
  }
  return { particles, distractors: distractorShapes(distractorKinds, spacing), bead: goldBead(spacing) };
}
