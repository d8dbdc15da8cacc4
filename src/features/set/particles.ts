/** Picking settings of a set's particles: their own, else those of the challenge's particle of that name. */
import { challengeParticles, type Particle } from "../../domain/particles.js";
import { defaultPicking, type PickingSettings } from "../../infer/pick/picking.js";
import type { Feature } from "./schema.js";

/** Returns the challenge's particle of a feature's name. */
export const knownParticle = (name: string): Particle | undefined =>
  challengeParticles.find((particle) => particle.name === name);

/** Returns the picking settings of a checked feature; undefined where it is no particle. */
export function pickingOf({ name, picking, threshold }: Feature): PickingSettings | undefined {
  if (picking === undefined) return undefined;
  const known = knownParticle(name);
  const usual = known && defaultPicking(known);
  const { method, radius, minVolume = usual?.minVolume ?? 0, minSpacing = usual?.minSpacing } = picking;
  if (minSpacing === undefined) throw new TypeError(`${name} has no least distance; check the set first`);
  return { method, radius, minVolume, minSpacing, threshold: picking.threshold ?? threshold };
}
