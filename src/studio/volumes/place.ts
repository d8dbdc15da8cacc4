/** Volumes that can be looked at: tomograms, maps of features, masks and labels, each as levels of boxes. */
import type {
  DataAccess,
  Dataset,
  Run,
  SegmentationRef,
  TomogramReader,
  TomogramRef,
} from "../../data/model.js";
import { openTomogram, resolveTomogram } from "../../data/tomograms/omeZarr.js";
import type { Box, Shape3, Spacing3 } from "../../domain/volume.js";
import { type FeatureMap, openFeatureMap } from "../../infer/maps/featureMaps.js";
import { shownTomograms } from "../shownTomogram.js";

/** What the numbers of a volume are: greys, shares of 1, yes or no, or numbers of features. */
export type VolumeKind = "tomogram" | "probability" | "mask" | "labels";

/** One resolution of a volume. */
export interface Grid {
  /** Voxels along z, y, x. */
  readonly shape: Shape3;
  /** Å per voxel along z, y, x. */
  readonly spacing: Spacing3;
  /** Voxels that are best read together, along z, y, x. */
  readonly chunkShape: Shape3;
}

/** A volume that is open. */
export interface OpenVolume {
  /** Grids, the finest first. */
  readonly levels: readonly Grid[];
  /** Reads a box of a level, z slowest. @throws PickbenchError BadDataset or NotFinite where its voxels cannot be read */
  read(level: number, box: Box): Promise<Float32Array>;
}

/** A volume by the name under which the page asks for it. */
export interface VolumePlace {
  readonly id: string;
  readonly run: string;
  /** For people: the reconstruction, the feature, or the mask and who made it. */
  readonly name: string;
  readonly kind: VolumeKind;
  /** The OME-Zarr folder or MRC file. */
  readonly path: string;
  /** Whether a run's tomogram is the one that is shown first. */
  readonly isShown?: boolean;
  open(): Promise<OpenVolume>;
}

/** Lists the volumes of a data set's runs and of maps, in the order of runs; ids are the same for the same files. */
export function volumePlaces(dataset: Dataset | undefined, maps: readonly FeatureMap[]): VolumePlace[] {
  const runs = dataset?.runs ?? [];
  const access = dataset?.access;
  const shownOf = dataset && shownTomograms(dataset);
  return [
    ...runs.flatMap((run, at) => [
      ...run.tomograms.map((tomogram, n) => ({
        ...ofTomogram(`t${at}-${n}`, run, tomogram, access),
        isShown: shownOf?.(run) === tomogram,
      })),
      ...(run.segmentations ?? []).map((mask, n) => ofMask(`s${at}-${n}`, run, mask, access)),
    ]),
    ...maps.map((map, n) => ofMap(`m${n}`, map)),
  ];
}

function ofTomogram(id: string, run: Run, tomogram: TomogramRef, access?: DataAccess): VolumePlace {
  const { tomoType, voxelSpacing, path } = tomogram;
  const name = voxelSpacing === undefined ? tomoType : `${tomoType} at ${voxelSpacing} Å`;
  const open = (): Promise<OpenVolume> => openLevels({ ...tomogram, nan: "blank" }, access);
  return { id, run: run.name, name, kind: "tomogram", path, open };
}

function ofMask(id: string, run: Run, mask: SegmentationRef, access?: DataAccess): VolumePlace {
  const { name, path, userId, sessionId, isMultilabel } = mask;
  const kind = isMultilabel ? "labels" : "mask";
  const open = (): Promise<OpenVolume> => openLevels({ run: run.name, tomoType: name, path }, access);
  return { id, run: run.name, name: `${name} by ${userId}, ${sessionId}`, kind, path, open };
}

function ofMap(id: string, map: FeatureMap): VolumePlace {
  const open = async (): Promise<OpenVolume> => {
    const { shape, spacing, slabDepth, readSlab } = await openFeatureMap(map);
    const chunkShape = [slabDepth, shape[1], shape[2]] as const;
    return {
      levels: [{ shape, spacing, chunkShape }],
      read: async (_, { start, end }) => cut(await readSlab(start[0], end[0]), shape, { start, end }),
    };
  };
  return { id, run: map.run, name: map.type, kind: "probability", path: map.store, open };
}

/** Cuts a box out of whole planes that begin where it does. */
function cut(planes: Float32Array, [, height, width]: Shape3, { start, end }: Box): Float32Array {
  const [depth, rows, columns] = [0, 1, 2].map((axis) => end[axis]! - start[axis]!) as [
    number,
    number,
    number,
  ];
  if (rows === height && columns === width) return planes;
  const out = new Float32Array(depth * rows * columns);
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < rows; y++) {
      const from = (z * height + start[1] + y) * width + start[2];
      out.set(planes.subarray(from, from + columns), (z * rows + y) * columns);
    }
  return out;
}

async function openLevels(ref: TomogramRef, access?: DataAccess): Promise<OpenVolume> {
  const resolved = await resolveTomogram(ref, access);
  const readers = new Map<number, Promise<TomogramReader>>();
  const reader = (level: number): Promise<TomogramReader> => {
    const known = readers.get(level);
    if (known) return known;
    const open = openTomogram(resolved, level, access);
    readers.set(level, open);
    open.catch(() => readers.delete(level));
    return open;
  };
  return { levels: resolved.levels, read: async (level, box) => (await reader(level)).readRegion(box) };
}
