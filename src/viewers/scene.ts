/** Scenes: a run's tomogram and its points as coloured layers, to be shown in another program. */
import { matchFraction, type Particle, type ParticlePick } from "../domain/particles.js";
import { type Angstrom, angstrom } from "../domain/units.js";
import type { Shape3, Spacing3 } from "../domain/volume.js";
import type { Colour } from "../present/pictures/canvas.js";
import { PickbenchError } from "../system/errors.js";
import type { ContrastRange } from "./contrast.js";

/** The tomogram of a scene. */
export interface SceneVolume {
  /** Absolute path. */
  readonly path: string;
  readonly kind: "zarr" | "mrc";
  /** The finest level's folder in an OME-Zarr store. */
  readonly level: string;
  /** Voxels along z, y, x. */
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** The array's axes as seen in z, y, x: axes without extent first. */
  readonly order: readonly number[];
  readonly dataType: string | undefined;
  /** Place of the first voxel's centre by the metadata, Å along z, y, x: OME-Zarr's translation. */
  readonly translation: readonly [z: number, y: number, x: number];
  /** Grey values between which it is shown; null where they are not known. */
  readonly contrast: ContrastRange | null;
}

/** Points of one type from one source. */
export interface PointLayer {
  /** Name, unique in its scene. */
  readonly name: string;
  readonly isTruth: boolean;
  readonly type: string;
  readonly colour: Colour;
  /** Radius of the ball to draw. */
  readonly radius: Angstrom;
  readonly points: readonly ParticlePick[];
}

/** A run to be shown in another program. */
export interface Scene {
  readonly run: string;
  readonly volume: SceneVolume;
  readonly layers: readonly PointLayer[];
}

/** Picks of a run by one picker. */
export interface PickerLayer {
  readonly name: string;
  readonly picks: readonly ParticlePick[];
}

/** Returns a name for a picker that neither the truth nor another one has. */
export function pickerName(name: string, others: readonly PickerLayer[]): string {
  const isTaken = name === "truth" || others.some((other) => other.name === name);
  return isTaken ? `${name}-${others.length + 1}` : name;
}

/**
 * Makes the layers of a scene: truth as balls of the particle's radius in the particle's colour; picks in a shade of
 * that colour, as balls of the match distance. Types without points have no layer.
 */
export function layersOf(
  particles: readonly Particle[],
  truth: readonly ParticlePick[],
  pickers: readonly PickerLayer[],
): PointLayer[] {
  const layersBy = (
    picks: readonly ParticlePick[],
    layer: (particle: Particle) => Omit<PointLayer, "type" | "points">,
  ) =>
    particles.flatMap((particle): PointLayer[] => {
      const points = picks.filter(({ type }) => type === particle.name);
      return points.length === 0 ? [] : [{ ...layer(particle), type: particle.name, points }];
    });
  return [
    ...layersBy(truth, ({ name, colour, radius }) => ({
      name: `truth ${name}`,
      isTruth: true,
      colour,
      radius,
    })),
    ...pickers.flatMap(({ name: picker, picks }, index) =>
      layersBy(picks, ({ name, colour, radius }) => ({
        name: `${picker} ${name}`,
        isTruth: false,
        colour: shade(colour, index),
        radius: angstrom(radius * matchFraction),
      })),
    ),
  ];
}

/** Shares of white (positive) or black (negative) mixed into the colour, picker by picker. */
const shades = [0.5, -0.4, 0.75, -0.65] as const;

function shade(colour: Colour, index: number): Colour {
  const share = shades[index % shades.length]!;
  const goal = share > 0 ? 255 : 0;
  const [red, green, blue] = colour.map((value) => Math.round(value + (goal - value) * Math.abs(share)));
  return [red!, green!, blue!];
}

/** Returns the first voxel's centre in Å along x, y, z, where the volume's corner is 0. */
export const firstCentre = ({ spacing: [z, y, x] }: SceneVolume): [x: number, y: number, z: number] => [
  x / 2,
  y / 2,
  z / 2,
];

/**
 * Makes a part of a file name from any text: letters, digits, dots, dashes and underscores.
 *
 * @throws PickbenchError BadUsage where nothing is left of the text
 */
export function fileStem(text: string): string {
  const stem = text.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^[._-]+/, "");
  if (stem !== "") return stem.slice(0, 100);
  throw new PickbenchError(
    "BadUsage",
    `${JSON.stringify(text)} cannot name a file, wanted letters or digits; rename it`,
  );
}

/** Writes JSON in printable ASCII; for plain text and numbers it is also a Python literal. */
export const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
