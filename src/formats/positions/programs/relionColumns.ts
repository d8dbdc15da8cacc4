/** RELION's columns: their names, and where a loop has which. */

/** Columns of coordinates: in voxels in RELION 3 and 4, in Å from the centre in RELION 5. */
export const pixelColumns = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"];
export const centredColumns = [
  "rlnCenteredCoordinateXAngst",
  "rlnCenteredCoordinateYAngst",
  "rlnCenteredCoordinateZAngst",
];
/** Columns of a refinement's shifts, which are subtracted from the coordinates. */
const originPixels = ["rlnOriginX", "rlnOriginY", "rlnOriginZ"];
const originAngstroms = ["rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"];
export const angleColumns = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"];
/** Columns of the orientation in which a subtomogram was cut out; the particle's own orientation is relative to it. */
const subtomogramColumns = ["rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi"];
const runColumns = ["rlnTomoName", "rlnMicrographName"];
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
  readonly isCentred: boolean;
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
    const centred = whole(centredColumns);
    this.isCentred = centred.length > 0;
    this.at = this.isCentred ? centred : whole(pixelColumns);
    this.originPixels = whole(originPixels);
    this.originAngstroms = whole(originAngstroms);
    this.angles = whole(angleColumns);
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
  [pixelColumns, centredColumns].some((names) => names.every((name) => columns.includes(name)));
