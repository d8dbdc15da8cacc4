import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";

const mrcName = /\.(mrc|rec|map|ccp4|st|ali)(\.gz|\.bz2)?$/i;

/** Whether a file's name is an MRC volume's, as programs of the field call them. */
export const isMrcName = (name: string): boolean => mrcName.test(name);

/** The name without what marks it as an MRC file. */
export const mrcStem = (name: string): string => name.replace(mrcName, "");

/** Whether a name is a volume's: an MRC file or an OME-Zarr folder. */
export const isVolumeName = (name: string): boolean =>
  !name.startsWith(".") && (isMrcName(name) || name.endsWith(".zarr"));

/** A volume's name without what says its format. */
export const volumeStem = (name: string): string => mrcStem(name).replace(/\.zarr$/, "");

/** Names in a folder; none where it does not exist or is a file. */
export const namesIn = async (folder: string): Promise<string[]> =>
  (await entriesIn(folder)).map(({ name }) => name).sort();

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
