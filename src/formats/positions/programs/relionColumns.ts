/** RELION's columns: their names, and where a loop has which. */

/** Columns of coordinates: in voxels in RELION 3 and 4, in Å from the centre in RELION 5. */
export const pixelColumns = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"];
export const centredColumns = [
  "rlnCenteredCoordinateXAngst",
  "rlnCenteredCoordinateYAngst",
  "rlnCenteredCoordinateZAngst",
];
/** Columns of M's species, in Å: one position, or the first of several in time. */
const mColumns = [
  ["wrpCoordinateX1", "wrpCoordinateY1", "wrpCoordinateZ1"],
  ["wrpCoordinateX", "wrpCoordinateY", "wrpCoordinateZ"],
];
const mAngleColumns = [
  ["wrpAngleRot1", "wrpAngleTilt1", "wrpAnglePsi1"],
  ["wrpAngleRot", "wrpAngleTilt", "wrpAnglePsi"],
];
/** Columns of a refinement's shifts, which are subtracted from the coordinates. */
const originPixels = ["rlnOriginX", "rlnOriginY", "rlnOriginZ"];
const originAngstroms = ["rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"];
export const angleColumns = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"];
/** Columns of the orientation in which a subtomogram was cut out; the particle's own orientation is relative to it. */
const subtomogramColumns = ["rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi"];
const runColumns = ["rlnTomoName", "rlnMicrographName", "wrpSourceName"];
const scoreColumns = ["rlnAutopickFigureOfMerit", "rlnLCCmax", "aisParticleSize"];
const instanceColumns = ["pickbenchInstance", "rlnHelicalTubeID"];
export const typeColumn = "pickbenchParticleType";

/** Columns of the coordinates' voxel size in Å, the most reliable first. */
export const pixelNames = [
  "rlnTomoTiltSeriesPixelSize",
  "rlnMicrographPixelSize",
  "rlnImagePixelSize",
  "rlnPixelSize",
];

/** Indices of the known columns in a row; −1, or an empty list, where they are missing. */
export class ParticleColumns {
  readonly names: readonly string[];
  /** Program whose columns these are: RELION 5 counts in Å from the centre, RELION 3 and 4 in voxels, M in Å. */
  readonly kind: "centred" | "pixels" | "m";
  readonly at: readonly number[];
  readonly originPixels: readonly number[];
  readonly originAngstroms: readonly number[];
  readonly angles: readonly number[];
  readonly subtomogram: readonly number[];
  readonly run: number;
  readonly score: number;
  readonly instance: number;
  readonly type: number;
  readonly optics: number;
  /** Indices of columns without meaning here. */
  readonly extra: readonly number[];

  constructor(names: readonly string[]) {
    this.names = names;
    const whole = (wanted: readonly string[]) => {
      const at = wanted.map((name) => names.indexOf(name));
      return at.includes(-1) ? [] : at;
    };
    const first = (wanted: readonly string[]) =>
      names.indexOf(wanted.find((name) => names.includes(name)) ?? "");
    const firstWhole = (...sets: readonly string[][]) =>
      sets.map(whole).find((found) => found.length > 0) ?? [];
    const [centred, pixels] = [whole(centredColumns), whole(pixelColumns)];
    this.kind = centred.length > 0 ? "centred" : pixels.length > 0 ? "pixels" : "m";
    this.at = this.kind === "centred" ? centred : this.kind === "pixels" ? pixels : firstWhole(...mColumns);
    this.originPixels = whole(originPixels);
    this.originAngstroms = whole(originAngstroms);
    this.angles = firstWhole(angleColumns, ...mAngleColumns);
    this.subtomogram = whole(subtomogramColumns);
    this.run = first(runColumns);
    this.score = first(scoreColumns);
    this.instance = first(instanceColumns);
    this.type = first([typeColumn]);
    this.optics = first(["rlnOpticsGroup"]);
    const taken = new Set([
      ...this.at,
      ...this.originPixels,
      ...this.originAngstroms,
      ...this.angles,
      ...this.subtomogram,
      this.run,
      this.score,
      this.instance,
      this.type,
    ]);
    this.extra = names.map((_, index) => index).filter((index) => !taken.has(index));
  }
}

/** Tells whether a loop holds positions. */
export const isParticleLoop = (columns: readonly string[]): boolean =>
  [pixelColumns, centredColumns, ...mColumns].some((names) => names.every((name) => columns.includes(name)));

/** Tells whether a loop has coordinates of any kind, if only along one axis. */
export const hasCoordinates = (columns: readonly string[]): boolean =>
  [pixelColumns, centredColumns, ...mColumns].flat().some((name) => columns.includes(name));
