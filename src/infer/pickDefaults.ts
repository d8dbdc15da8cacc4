import { matchFraction, type Particle } from "../particles.js";
import type { PickingSettings } from "./picking.js";

/**
 * Settings for a particle type whose network was trained on balls of half its radius and has not been tuned: threshold
 * ½, a third of that ball's volume at least, centres at least one radius apart.
 */
export function defaultPicking({ radius }: Pick<Particle, "radius">): PickingSettings {
  const ballVolume = (4 / 3) * Math.PI * (radius * matchFraction) ** 3;
  return { method: "watershed", threshold: 0.5, minVolume: ballVolume / 3, minSpacing: radius };
}
