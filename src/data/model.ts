/** The data model: data sets of runs, runs of tomograms and picks, tomograms of levels. */
import type { Particle } from "../domain/particles.js";
import type { Box, Shape3, Spacing3, Volume } from "../domain/volume.js";
import type { ArrayAxes } from "../formats/zarr/ome.js";
import type { Reporter } from "../system/reporter.js";

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
  /** Which axes of the array are z, y, x; z, y, x after the channels if absent. */
  readonly axes?: ArrayAxes;
  /** Type of the stored values: `float32`, `int16`, … */
  readonly dataType?: string;
}

/** A tomogram's place. Its metadata is read by `openTomogram`, so that listing many runs costs nothing. */
export interface TomogramRef {
  readonly run: string;
  /** The reconstruction: `denoised`, `wbp`, … */
  readonly tomoType: string;
  /** The OME-Zarr folder or MRC file. */
  readonly path: string;
  /** True where its name tells no type: as a run's only tomogram it is used for whichever type is requested. */
  readonly isOnly?: boolean;
  /** Å per voxel along z, y, x, in place of what the file says or where it says nothing. */
  readonly givenSpacing?: Spacing3;
  /** Whether NaN is read as blank instead of being refused. */
  readonly nan?: "blank" | undefined;
  /** The number in `VoxelSpacing10.000`: a label to choose by, never used as a spacing. */
  readonly voxelSpacing?: number;
  /** Å per voxel that metadata beside the volume states, to be compared alone. */
  readonly statedSpacing?: number;
  /** Levels, finest first; present once the metadata has been read. */
  readonly levels?: readonly Level[];
  /** Names along a leading channel axis, where there is one. */
  readonly channels?: readonly string[];
}

/** A run: one place on the grid, with its reconstructions. */
export interface Run {
  readonly name: string;
  /** Tomograms sorted by voxel spacing, then by reconstruction. */
  readonly tomograms: readonly TomogramRef[];
  /** Points beside the tomograms, in the CryoET Data Portal's layout. */
  readonly annotations?: readonly PortalAnnotation[];
  /** The run's files and folders, in any layout but copick's. */
  readonly sources?: readonly string[];
  /** Masks of what is seen in the run, in copick's folders or the Data Portal's. */
  readonly segmentations?: readonly SegmentationRef[];
  /** Files that an experiment names beside the data set, each under the name it has in manifests. */
  readonly besides?: readonly { readonly name: string; readonly path: string }[];
}

/** A mask's place: which voxels belong to a feature, or to which of several. */
export interface SegmentationRef {
  /** The feature's name; that of the whole where it is multilabel. */
  readonly name: string;
  /** The OME-Zarr folder or MRC file. */
  readonly path: string;
  /** copick's user; `portal` for an annotation of the Data Portal, whose session is its number. */
  readonly userId: string;
  readonly sessionId: string;
  /** Å per voxel, as in the file's name or its folder's. */
  readonly voxelSpacing: number;
  /** Whether voxels hold labels of the data set's objects. */
  readonly isMultilabel: boolean;
  /** False for an annotation that the Data Portal does not mark as ground truth. */
  readonly isTruth: boolean;
}

/** An object of a copick configuration, particle or not, with the label that it has in multilabel masks. */
export interface LabelledObject {
  readonly name: string;
  readonly label: number;
}

/** How files that lie on a server come here when they are needed. Each data set that is opened has its own. */
export interface DataAccess {
  /** Hears of fetching, and says when to stop. */
  readonly reporter: Reporter;
  /** Fetched files whose hash was compared, with their time of change then. */
  readonly compared: Map<string, number>;
}

/** A data set: runs with tomograms and picks, under up to two roots. */
export interface Dataset {
  /** Path behind `--data`: the folder that holds `static/` and `overlay/`, or the copick configuration. */
  readonly root: string;
  /** The writable root, which picks are written to. */
  readonly overlayRoot: string;
  /** The existing roots in the order of precedence: overlay, static. */
  readonly roots: readonly string[];
  readonly particles: readonly Particle[];
  /** Objects of the configuration that have labels; absent without a configuration. */
  readonly objects?: readonly LabelledObject[];
  /** Runs sorted by name. */
  readonly runs: readonly Run[];
  /** Access for whatever opens its tomograms, which is silent without it. */
  readonly access?: DataAccess;
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
   * Reads the voxels of a box inside the volume, z slowest, into shared memory. Besides them, each thread holds one
   * decoded chunk.
   *
   * @param channel index along the leading channel axis, where there is one
   * @throws PickbenchError BadDataset, naming the chunk's file, where it is missing, short or undecodable
   * @throws PickbenchError NotFinite, naming the first voxel that is NaN, unless NaN is blank, or infinite
   */
  readRegion(box: Box, channel?: number): Promise<Float32Array>;
  /** The whole volume, in shared memory. @throws as `readRegion` */
  readAll(channel?: number): Promise<Volume>;
  /** Lists the chunks' boxes and files, in the order of the files. */
  chunks(channel?: number): readonly { readonly box: Box; readonly file: string }[];
  /** Yields whole z planes in order, where a file is best read once from beginning to end. */
  slabs?(channel?: number): AsyncIterable<{ readonly zStart: number; readonly values: Float32Array }>;
}

/** Points of one object in a run, as the CryoET Data Portal stores them. */
export interface PortalAnnotation {
  /** The particle's name; the challenge's name where the object is one of its particles. */
  readonly type: string;
  /** The ndjson file. */
  readonly path: string;
  /** The annotation's number, or the metadata's name where files lie flat. */
  readonly id: string;
  readonly isGroundTruth: boolean;
  /** The number in the voxel spacing's folder; the points count in voxels of this spacing. */
  readonly voxelSpacing: number;
}
