/**
 * Finds maps of features on disk and reads them slab by slab as probabilities. The room `maps` is how everything that works
 * on ready maps comes by them: OME-Zarr `RUN.zarr` with a channel a feature, Ais's `RUN__FEATURE.mrc`, copick's
 * segmentations.
 */
import type { Shape3, Spacing3, Volume } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { nearest, suggestion } from "../../system/nearest.js";
import type { Reporter } from "../../system/reporter.js";
import { bringToScale, readScaled, withScales } from "../pick/mapScales.js";
import { type PickTask, planPicking, type TypeLabels } from "../pick/store.js";
import { findStores, openProbabilities } from "../predict/probabilityStores.js";

/** One feature's map of one run: a channel of a store. Its `type` is the feature's name. */
export type FeatureMap = PickTask;

/** What is asked of maps. */
interface MapsAsked {
  /** Features; all channels but the background if absent. */
  readonly features?: readonly string[] | undefined;
  /** Runs; all if absent. */
  readonly runs?: readonly string[] | undefined;
  /** Whether runs and stores may lack features that are asked for: of each, those that it has are found; a
   * feature must have a map somewhere. */
  readonly isPartial?: boolean;
  /** Value of stored voxels that stands for p = 1; by type and range of integers if absent. */
  readonly scale?: number | undefined;
  /** Labels of a copick configuration, for volumes of labels. */
  readonly labels?: TypeLabels | undefined;
  readonly reporter: Reporter;
}

/**
 * Finds the maps at paths: stores themselves, folders of them, or a copick project's folder with segmentations.
 *
 * @returns maps sorted as their stores are, by run
 * @throws PickbenchError BadDataset where a path has no map, or a run that is asked none; BadUsage where integers tell no
 * scale, or a store's channels have no names
 */
export async function findFeatureMaps(
  paths: readonly string[],
  { features = [], runs, isPartial = false, scale, labels, reporter }: MapsAsked,
): Promise<FeatureMap[]> {
  const found = await planPicking(await findStores(paths), isPartial ? [] : features, labels);
  const planned = isPartial ? featuresFound(paths, found, features) : found;
  const there = [...new Set(planned.map(({ run }) => run))];
  for (const run of runs ?? []) if (!there.includes(run)) throw noRun(paths, run, there);
  const wanted = runs ? planned.filter(({ run }) => runs.includes(run)) : planned;
  return withScales(wanted, scale, reporter);
}

/** Leaves the maps of features. @throws PickbenchError BadDataset where a feature has no map at all */
function featuresFound(
  paths: readonly string[],
  found: readonly FeatureMap[],
  features: readonly string[],
): FeatureMap[] {
  const there = [...new Set(found.map(({ type }) => type))];
  const absent = features.find((feature) => !there.includes(feature));
  if (absent === undefined) return found.filter(({ type }) => features.includes(type));
  throw new PickbenchError(
    "BadDataset",
    `${paths.join(", ")}: no map of ${absent}${suggestion(absent, there)}; there is ${there.join(", ")}`,
  );
}

function noRun(paths: readonly string[], run: string, there: readonly string[]): PickbenchError {
  const meant = nearest(run, there);
  return new PickbenchError(
    "BadDataset",
    `${paths.join(", ")}: no map of run ${run}; ${meant === undefined ? `there is ${there.join(", ")}` : `did you mean ${meant}?`}`,
  );
}

/** Reads one map. */
export interface MapReader {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Slices that are best read together: the depth of the store's chunks. */
  readonly slabDepth: number;
  /** Reads slices zStart ≤ z < zEnd as probabilities, z slowest. @throws PickbenchError as `TomogramReader.readRegion` */
  readSlab(zStart: number, zEnd: number): Promise<Float32Array>;
  /** Reads the whole map. @throws as `readSlab` */
  readAll(): Promise<Volume>;
}

/** Opens a map for reading. @throws PickbenchError BadDataset where its metadata are missing or wrong */
export async function openFeatureMap({ store, channel, scale }: FeatureMap): Promise<MapReader> {
  const { reader } = await openProbabilities(store);
  const { shape, spacing, chunkShape } = reader;
  return {
    shape,
    spacing,
    slabDepth: Math.min(chunkShape[0], shape[0]),
    async readSlab(zStart, zEnd) {
      const box = { start: [zStart, 0, 0], end: [zEnd, shape[1], shape[2]] } as const;
      const values = await reader.readRegion(box, channel);
      if (scale !== undefined) bringToScale(values, scale);
      return values;
    },
    readAll: () => readScaled(store, channel, scale),
  };
}
