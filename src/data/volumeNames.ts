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
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith(".")).sort();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return [];
    throw error;
  }
}
