import { type Angstrom, angstrom } from "./units.js";

/** What a score knows of a type whose picks are counted. */
export interface Weighted {
  readonly name: string;
  /** Weight in the challenge's score; 0 is not scored. */
  readonly weight: number;
}

/** A type of particle: copick calls it a pickable object. */
export interface Particle extends Weighted {
  readonly radius: Angstrom;
  /** RGB, 0–255, for pictures. */
  readonly colour: readonly [number, number, number];
  /** Its voxels' value in label maps, from 1; copick's `label`. */
  readonly label?: number;
  /** Of its structure in the Protein Data Bank. */
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

/** Match distance of the score as a share of the radius, and the score's beta. */
export const matchFraction = 0.5;
export const scoreBeta = 4;

/** A particle's centre, as truth or as a prediction. */
export interface ParticlePick {
  readonly type: string;
  readonly x: Angstrom;
  readonly y: Angstrom;
  readonly z: Angstrom;
  /** Confidence of a prediction; higher is surer. */
  readonly score?: number;
}
