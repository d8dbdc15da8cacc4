import type { PicksAuthor } from "../../data/picks.js";
import type { Angstrom } from "../../units.js";
import type { Shape3 } from "../../volume.js";
import type { StarBlock } from "../star.js";
import type { FrameName } from "./frames.js";
import type { Rotation } from "./orientation.js";

/** Along x, y, z. */
export type Vector3 = readonly [x: number, y: number, z: number];

/** A position in a tomogram with all that formats say about it. */
export interface TomogramPosition {
  /** x y z in the frame of its set. */
  readonly at: Vector3;
  readonly type?: string;
  /** Confidence; higher is surer. */
  readonly score?: number;
  /** What it is part of: positions with one id sample one filament, one membrane. */
  readonly instance?: number;
  /** Turns the reference into the particle as it lies in the tomogram. */
  readonly rotation?: Rotation;
  /** Å, where a 4×4 transform moves as well as turns. */
  readonly translation?: Vector3;
  /** Size of the box around it, in voxels of the set. */
  readonly box?: Vector3;
  /** One value for each of the set's extra columns. */
  readonly extra?: readonly string[];
}

/** A tomogram's volume: where its centre and its far faces lie. */
export interface VolumeExtent {
  readonly size: Shape3;
  readonly spacing: Angstrom;
}

/** Columns of a file that mean nothing here but are kept for the way through. */
export interface ExtraColumns {
  /** Whose names these are: only a format of the same family, or a table, can carry them on. */
  readonly family: "star" | "dynamo" | "table";
  readonly names: readonly string[];
}

/** Positions of one run with the way in which they count. */
export interface PositionSet {
  /** The run (tomogram), where the file names it. */
  readonly run?: string;
  readonly frame: FrameName;
  /** Å per voxel in which the positions count, where the file says so or the user did. */
  readonly pixel?: Angstrom;
  readonly volume?: VolumeExtent;
  readonly author?: PicksAuthor;
  readonly positions: readonly TomogramPosition[];
  readonly extra?: ExtraColumns;
  /** The other blocks of a STAR file: optics and the like. */
  readonly blocks?: readonly StarBlock[];
  /** What its reader has to tell the user. */
  readonly notes?: readonly string[];
}
