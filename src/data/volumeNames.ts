/** Names of volumes, MRC files and OME-Zarr folders, and of the folders that hold them. */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

const mrcName = /\.(mrc|rec|map|ccp4|st|ali)(\.gz|\.bz2)?$/i;

/** Source maps of programs, `page.js.map`, which share an extension with volumes. */
const sourceMapName = /\.(?:[cm]?[jt]sx?|css)\.map$/i;

/** Tells whether a file's name is that of an MRC volume, by the extensions in use in the field. */
export const isMrcName = (name: string): boolean => mrcName.test(name) && !sourceMapName.test(name);

/** Returns a file's name without its MRC extension. */
export const mrcStem = (name: string): string => name.replace(mrcName, "");

/** Tells whether a name is that of a volume: an MRC file or an OME-Zarr folder. */
export const isVolumeName = (name: string): boolean =>
  !name.startsWith(".") && (isMrcName(name) || name.endsWith(".zarr"));

/** Returns a volume's name without the extension of its format. */
export const volumeStem = (name: string): string => mrcStem(name).replace(/\.zarr$/, "");

/** Tells whether a volume's name tells a type of reconstruction, not merely which run it is of. */
export const tellsType = (stem: string, run: string): boolean =>
  stem !== "tomogram" && !stem.includes(volumeStem(run));

/** Returns the Å a voxel in the name of a folder of copick's or the Data Portal's; undefined for any other name. */
export function voxelSpacingOf(name: string): number | undefined {
  const label = /^VoxelSpacing(\d+(?:\.\d+)?)$/.exec(name)?.[1];
  return label === undefined ? undefined : Number(label);
}

/** Lists the names in a folder; none where it does not exist or is a file. */
export const namesIn = async (folder: string): Promise<string[]> =>
  (await entriesIn(folder)).map(({ name }) => name).sort();

/**
 * Lists the volumes in a folder, told by name and by what they are: MRC files, and OME-Zarr folders. A folder called
 * `ts_1.mrc`, or `ts_1.zarr` around a run's own folders, is none.
 */
export async function volumesIn(folder: string): Promise<string[]> {
  const named = (await namesIn(folder)).filter(isVolumeName);
  const are = await Promise.all(named.map((name) => isVolume(join(folder, name))));
  return named.filter((_, index) => are[index]);
}

/** Tells whether what lies at a path is a volume, by its name and by what it is. */
export async function isVolume(path: string): Promise<boolean> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
  if (isMrcName(path) || isFolder === undefined) return isFolder === false;
  return isFolder && !(await namesIn(path)).some((name) => runFolders.test(name));
}

/** Folders in a run's folder, in copick's layout and the Data Portal's. */
const runFolders = /^(VoxelSpacing\d.*|Picks|Meshes|Segmentations|Reconstructions|ExperimentRuns)$/;

/** Names of the folders in a folder (or links to some); none where it does not exist or is a file. */
export const foldersIn = async (folder: string): Promise<string[]> =>
  (await entriesIn(folder))
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .sort();

/** All but hidden ones. */
async function entriesIn(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter(({ name }) => !name.startsWith("."));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return [];
    throw error;
  }
}
