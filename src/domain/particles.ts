/** Particles: the types that are picked, the challenge's own six, and picks of them. */
import { type Angstrom, angstrom } from "./units.js";

/** A particle type as the score knows it. */
export interface Weighted {
  readonly name: string;
  /** Weight in the challenge's score; types of weight 0 are not scored. */
  readonly weight: number;
}

/** A particle type, copick's pickable object. */
export interface Particle extends Weighted {
  readonly radius: Angstrom;
  /** Colour in pictures as red, green, blue, 0 to 255. */
  readonly colour: readonly [number, number, number];
  /** Value of the type's voxels in label maps, from 1; copick's `label`. */
  readonly label?: number;
  /** Id of the structure in the Protein Data Bank. */
  readonly pdbId?: string;
}

/** The CZII challenge's six types (docs/metric.md): name, radius, weight, colour. The one place where they stand. */
export const challengeParticles: readonly Particle[] = [
  { name: "apo-ferritin", radius: angstrom(60), weight: 1, colour: [0, 117, 220] },
  { name: "beta-amylase", radius: angstrom(65), weight: 0, colour: [153, 63, 0] },
  { name: "beta-galactosidase", radius: angstrom(90), weight: 2, colour: [76, 0, 92] },
  { name: "ribosome", radius: angstrom(150), weight: 1, colour: [0, 92, 49] },
  { name: "thyroglobulin", radius: angstrom(130), weight: 2, colour: [43, 206, 72] },
  { name: "virus-like-particle", radius: angstrom(135), weight: 1, colour: [255, 204, 153] },
];

/** Largest distance of a match as a share of the particle's radius, in the challenge's score. */
export const matchFraction = 0.5;
/** Beta of the challenge's F-beta score. */
export const scoreBeta = 4;

/** Centre of a particle, in the truth or as a prediction. */
export interface ParticlePick {
  readonly type: string;
  readonly x: Angstrom;
  readonly y: Angstrom;
  readonly z: Angstrom;
  /** Confidence of a prediction; higher is better. */
  readonly score?: number;
  /** Rotation that turns the reference into the particle, nine numbers row by row, where it is known. */
  readonly rotation?: readonly number[];
  /** Number of the filament that it lies on. */
  readonly instance?: number;
}
