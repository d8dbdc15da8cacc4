/** Stores of probabilities on disk: finding and reading them by pickbench's, copick's and Ais's names. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { aisSeparator } from "../../data/layouts/volumeFolder.js";
import type { TomogramReader } from "../../data/model.js";
import { openOmeZarr, openTomogram } from "../../data/tomograms/omeZarr.js";
import { isMrcName, mrcStem, volumeStem } from "../../data/volumeNames.js";
import { messageOf, PickbenchError } from "../../system/errors.js";

/** Probabilities in a file or folder, with run and types as far as name or metadata state them. */
interface ProbabilityStore {
  readonly run: string;
  readonly channels: readonly string[] | undefined;
  /** Whether the name states the store's only type. */
  readonly isOneType: boolean;
  /** Whether the name says that voxels are labels, one number a type. */
  readonly isLabels: boolean;
  /** Type of the stored voxels, such as int8. */
  readonly voxelType: string;
  /** Whether voxels are integers, whose scale probabilities need (mapScales.ts). */
  readonly isWhole: boolean;
  /** Opens the voxels as they are stored. */
  readonly reader: TomogramReader;
}

/**
 * Finds the stores at paths, sorted by name: a path that is a store itself; in a folder those named `RUN.zarr` and, as Ais
 * names them, `RUN__TYPE.mrc`; in copick's layout the segmentations of single types, or where there are none, those of
 * labels.
 *
 * @throws PickbenchError BadDataset where a path has none
 */
export async function findStores(paths: readonly string[]): Promise<string[]> {
  return (await Promise.all(paths.map(storesAt))).flat();
}

async function storesAt(path: string): Promise<string[]> {
  if (isMrcName(path) && (await stat(path).catch(() => undefined))?.isFile()) return [path];
  const names = await readdir(path).catch((cause: unknown) => {
    throw new PickbenchError(
      "BadDataset",
      `${path}: ${messageOf(cause)}; wanted an OME-Zarr folder of probabilities`,
      { path, cause },
    );
  });
  if (names.includes(".zattrs") || names.includes("zarr.json")) return [path];
  const stores = names.filter(isStoreName).sort();
  if (stores.length > 0) return stores.map((name) => join(path, name));
  const segmentations = names.includes(runsFolder) ? await copickStores(join(path, runsFolder)) : [];
  if (segmentations.length > 0) return segmentations;
  throw new PickbenchError(
    "BadDataset",
    `${path}: neither an OME-Zarr folder nor a folder with RUN.zarr or RUN__TYPE.mrc in it; write one with pickbench predict`,
    { path },
  );
}

const isStoreName = (name: string): boolean =>
  !name.startsWith(".") && (name.endsWith(".zarr") || (isMrcName(name) && aisNames(name) !== undefined));

const runsFolder = "ExperimentRuns";
const segmentationsFolder = "Segmentations";
const labelsEnd = "-multilabel";
/** copick's names `{voxel spacing}_{user}_{session}_{name}.zarr`; names of labels, not probabilities, end in -multilabel. */
const copickName = /^\d+(?:\.\d+)?_[^_]+_[^_]+_([^_]+)\.zarr$/;

async function copickStores(folder: string): Promise<string[]> {
  const found: string[] = [];
  const labels: string[] = [];
  for (const run of (await readdir(folder)).sort()) {
    const inside = join(folder, run, segmentationsFolder);
    const names = await readdir(inside).catch(() => []);
    for (const name of names.sort())
      if (copickName.test(name))
        (name.endsWith(`${labelsEnd}.zarr`) ? labels : found).push(join(inside, name));
  }
  return found.length > 0 ? found : labels;
}

/** Opens a store; run and types are read from its name where that is copick's or Ais's. */
export async function openProbabilities(path: string): Promise<ProbabilityStore> {
  const full = resolve(path);
  const reader = await openTomogram(await openOmeZarr(full));
  const { run, channels } = reader.ref;
  const named = namesOf(full);
  const voxelType = reader.level.dataType ?? "float32";
  return {
    run: named?.run ?? run,
    channels: channels ?? (named ? [named.type] : undefined),
    isOneType: channels === undefined && named !== undefined,
    isLabels: volumeStem(basename(full)).endsWith(labelsEnd),
    voxelType,
    isWhole: !voxelType.startsWith("float"),
    reader,
  };
}

/** Returns the run of a store by its name alone, as `openProbabilities` does. */
export const runOfStore = (path: string): string =>
  namesOf(resolve(path))?.run ?? volumeStem(basename(resolve(path)));

function namesOf(path: string): { run: string; type: string } | undefined {
  if (isMrcName(path)) return aisNames(basename(path));
  const type = copickName.exec(basename(path))?.[1];
  const folder = dirname(path);
  return type !== undefined && basename(folder) === segmentationsFolder
    ? { run: basename(dirname(folder)), type }
    : undefined;
}

function aisNames(name: string): { run: string; type: string } | undefined {
  const stem = mrcStem(name);
  const at = stem.lastIndexOf(aisSeparator);
  const [run, type] = [stem.slice(0, at), stem.slice(at + aisSeparator.length)];
  return at > 0 && type !== "" ? { run, type } : undefined;
}
