/** A folder with `static/` and `overlay/`, as copick and the challenge lay a data set out. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Layout } from "./layout.js";
import { listRuns, otherRuns } from "./runs.js";

/** Beside an overlay alone the folder itself may hold the volumes. */
export const copickFolder: Layout = {
  async recognise(path) {
    const overlay = join(path, "overlay");
    const roots = await existingFolders([overlay, join(path, "static")]);
    if (roots.length === 0) return undefined;
    const beside = roots.length === 1 && roots[0] === overlay ? await otherRuns(path) : [];
    if (beside.length === 0) return { root: path, overlay, roots, runs: await listRuns(roots) };
    const both = [overlay, path];
    return { root: path, overlay, roots: both, runs: await listRuns(both, new Map([[path, beside]])) };
  },
};

/** Those of the paths that are folders. */
export async function existingFolders(paths: readonly string[]): Promise<string[]> {
  const areFolders = await Promise.all(paths.map(isFolder));
  return paths.filter((_, index) => areFolders[index]);
}

/** Whether a folder stands at a path. */
export const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;
