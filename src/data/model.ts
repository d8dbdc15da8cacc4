import type { Particle } from "../domain/particles.js";
import type { Box, Shape3, Spacing3, Volume } from "../domain/volume.js";
import type { ArrayAxes } from "../formats/zarr/ome.js";

/** One resolution of a tomogram: an array inside the OME-Zarr folder. */
export interface Level {
  /** The array's folder inside the OME-Zarr folder, e.g. `0`. */
  readonly path: string;
  /** Voxels along z, y, x. */
  readonly shape: Shape3;
  /** Å per voxel along z, y, x, from the multiscales metadata. */
  readonly spacing: Spacing3;
  /** Voxels of a chunk along z, y, x. */
  readonly chunkShape: Shape3;
  /** Which axes of the array these are; z, y, x behind the channels where it is left out. */
  readonly axes?: ArrayAxes;
  /** Of the stored values: `float32`, `int16`, … */
  readonly dataType?: string;
}

/** Where a tomogram lies. Its metadata is read by `openTomogram`, so that listing many runs costs nothing. */
export interface TomogramRef {
  readonly run: string;
  /** The reconstruction: `denoised`, `wbp`, … */
  readonly tomoType: string;
  /** The OME-Zarr folder or MRC file. */
  readonly path: string;
  /** True where it is its run's only one and its name says no type: then it is taken for whichever is asked for. */
  readonly isOnly?: boolean;
  /** Å per voxel along z, y, x, over what an MRC file's header says. */
  readonly givenSpacing?: Spacing3;
  /** The number in `VoxelSpacing10.000`: a label to choose by, never used as a spacing. */
  readonly voxelSpacing?: number;
  /** Finest first; present once the metadata has been read. */
  readonly levels?: readonly Level[];
  /** Names along a leading channel axis, where there is one. */
  readonly channels?: readonly string[];
}

/** One tilt series or sample of a data set: its tomograms, and points beside them. */
export interface Run {
  readonly name: string;
  /** Sorted by voxel spacing, then by reconstruction. */
  readonly tomograms: readonly TomogramRef[];
  /** Points beside the tomograms, in the CryoET Data Portal's layout. */
  readonly annotations?: readonly PortalAnnotation[];
  /** Its files and folders, where they lie in another layout than copick's. */
  readonly sources?: readonly string[];
}

/** A data set that was opened: its runs, and the particles that are looked for in them. */
export interface Dataset {
  /** What `--data` led to: the folder that holds `static/` and `overlay/`, or the copick configuration. */
  readonly root: string;
  /** The writable root, where picks go. */
  readonly overlayRoot: string;
  /** The roots that exist, in the order of precedence: overlay, static. */
  readonly roots: readonly string[];
  readonly particles: readonly Particle[];
  /** Sorted by name. */
  readonly runs: readonly Run[];
}

/** A tomogram whose metadata has been read. */
export interface ResolvedTomogram extends TomogramRef {
  readonly levels: readonly Level[];
}

/** Reads one level of a tomogram, as float32 whatever is stored, a chunk at a time. */
export interface TomogramReader {
  readonly ref: ResolvedTomogram;
  readonly level: Level;
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  readonly chunkShape: Shape3;
  /**
   * The voxels of a box inside the volume, z slowest, in shared memory. Besides them one decoded chunk a thread is held.
   *
   * @param channel index along the leading channel axis, where there is one
   * @throws BadDataset naming the chunk's file where it is missing, short or undecodable
   * @throws NotFinite naming the first voxel that is NaN or infinite
   */
  readRegion(box: Box, channel?: number): Promise<Float32Array>;
  /** The whole volume, in shared memory. @throws as `readRegion` */
  readAll(channel?: number): Promise<Volume>;
  /** The chunks' boxes in the order of their files, with the file of each. */
  chunks(channel?: number): readonly { readonly box: Box; readonly file: string }[];
  /** Whole z planes in order, where a file is best read once from its beginning to its end. */
  slabs?(channel?: number): AsyncIterable<{ readonly zStart: number; readonly values: Float32Array }>;
}

/** Points of one object in a run, as the CryoET Data Portal keeps them. */
export interface PortalAnnotation {
  /** The particle's name: ours where the object is one of the challenge's. */
  readonly type: string;
  /** The ndjson file. */
  readonly path: string;
  /** The annotation's number, or the metadata's name where files lie flat. */
  readonly id: string;
  readonly isGroundTruth: boolean;
  /** The number in the voxel spacing's folder, to whose voxels the points refer. */
  readonly voxelSpacing: number;
}
