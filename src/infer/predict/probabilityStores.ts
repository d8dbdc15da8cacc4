/** Stores of probabilities on disk: finding and reading them by pickbench's, copick's and Ais's names. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { aisSeparator } from "../../data/layouts/volumeFolder.js";
import type { TomogramReader } from "../../data/model.js";
import { openOmeZarr, openTomogram } from "../../data/tomograms/omeZarr.js";
import { isMrcName, mrcStem } from "../../data/volumeNames.js";
import type { Volume } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";

/** Probabilities in a file or folder, with run and types as far as name or metadata state them. */
interface ProbabilityStore {
  readonly run: string;
  readonly channels: readonly string[] | undefined;
  /** Whether the name states the store's only type. */
  readonly isOneType: boolean;
  /** Reads a channel's probabilities, between 0 and 1. */
  readonly read: (channel: number) => Promise<Volume>;
}

/**
 * Finds the stores at paths, sorted by name: a path that is a store itself; in a folder those named `RUN.zarr` and, as Ais
 * names them, `RUN__TYPE.mrc`; in copick's layout the segmentations of single types.
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
      `${path}: no such folder; wanted an OME-Zarr folder of probabilities`,
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
/** copick's names `{voxel spacing}_{user}_{session}_{name}.zarr`; names of labels, not probabilities, end in -multilabel. */
const copickName = /^\d+(?:\.\d+)?_[^_]+_[^_]+_([^_]+)\.zarr$/;

async function copickStores(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const run of (await readdir(folder)).sort()) {
    const inside = join(folder, run, segmentationsFolder);
    const names = await readdir(inside).catch(() => []);
    for (const name of names.sort())
      if (copickName.test(name) && !name.endsWith("-multilabel.zarr")) found.push(join(inside, name));
  }
  return found;
}

/** Opens a store; run and types are read from its name where that is copick's or Ais's. */
export async function openProbabilities(path: string): Promise<ProbabilityStore> {
  const full = resolve(path);
  const reader = await openTomogram(await openOmeZarr(full));
  const { run, channels } = reader.ref;
  const named = namesOf(full);
  const isAis = isMrcName(full) && named !== undefined;
  return {
    run: named?.run ?? run,
    channels: channels ?? (named ? [named.type] : undefined),
    isOneType: channels === undefined && named !== undefined,
    async read(channel) {
      const volume = await reader.readAll(channel);
      if (isAis) rescaleBytes(volume.data, reader);
      return volume;
    },
  };
}

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

/** Rescales Ais's trunc(255·p) in bytes to p; in MRC's signed bytes, values above 127 are read as negative. */
function rescaleBytes(values: Float32Array, { level }: TomogramReader): void {
  if (level.dataType?.startsWith("float")) return;
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! < 0 ? values[i]! + 256 : values[i]!) / 255;
}
