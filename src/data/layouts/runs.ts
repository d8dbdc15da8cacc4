/** Runs under roots: in copick's tree, as the Data Portal lays them out, or as volumes in folders. */
import { join } from "node:path";
import type { Run, TomogramRef } from "../model.js";
import { foldersIn, tellsType, voxelSpacingOf } from "../volumeNames.js";
import { portalRuns } from "./portal.js";
import { copickSegmentations } from "./segmentations.js";
import { volumeRuns } from "./volumeFolder.js";

/** Lists the runs of a folder that is not in copick's tree: the Data Portal's, else volumes. */
export async function otherRuns(root: string): Promise<Run[]> {
  const portal = await portalRuns(root);
  return portal.length > 0 ? portal : volumeRuns(root);
}

/**
 * Lists the runs of all roots together: a run may have its tomograms in one and its picks in the other.
 *
 * @param known runs outside copick's tree, by root, where they were listed already
 */
export async function listRuns(
  roots: readonly string[],
  known: ReadonlyMap<string, readonly Run[]> = new Map(),
): Promise<Run[]> {
  const folders = new Map<string, string[]>();
  for (const root of roots) {
    const runsFolder = join(root, "ExperimentRuns");
    for (const name of await foldersIn(runsFolder))
      folders.set(name, [...(folders.get(name) ?? []), join(runsFolder, name)]);
  }
  const runs = new Map<string, Run>();
  for (const [name, runFolders] of folders) {
    const segmentations = await copickSegmentations(runFolders);
    runs.set(name, {
      name,
      tomograms: await listTomograms(name, runFolders),
      ...(segmentations.length > 0 ? { segmentations } : {}),
    });
  }
  for (const root of roots)
    for (const run of known.get(root) ?? (await otherRuns(root)))
      runs.set(run.name, joined(runs.get(run.name), run));
  return [...runs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One run whose picks, or some of whose tomograms, lie in copick's layout and the rest in another. */
function joined(first: Run | undefined, second: Run): Run {
  if (!first) return second;
  const segmentations = [...(first.segmentations ?? []), ...(second.segmentations ?? [])];
  return {
    ...second,
    tomograms: [...first.tomograms, ...second.tomograms],
    ...(segmentations.length > 0 ? { segmentations } : {}),
  };
}

/** Reconstructions of a run; where both roots hold the same one, the overlay's, which comes first, counts. */
async function listTomograms(run: string, runFolders: readonly string[]): Promise<TomogramRef[]> {
  const found = new Map<string, TomogramRef & { voxelSpacing: number }>();
  for (const folder of runFolders) {
    for (const spacingName of await foldersIn(folder)) {
      const voxelSpacing = voxelSpacingOf(spacingName);
      if (voxelSpacing === undefined) continue;
      for (const name of await foldersIn(join(folder, spacingName))) {
        if (!name.endsWith(".zarr")) continue;
        const tomoType = name.slice(0, -".zarr".length);
        const key = `${voxelSpacing}/${tomoType}`;
        if (found.has(key)) continue;
        found.set(key, {
          run,
          tomoType,
          path: join(folder, spacingName, name),
          voxelSpacing,
          ...(tellsType(tomoType, run) ? {} : { isOnly: true }),
        });
      }
    }
  }
  return [...found.values()].sort(
    (a, b) => a.voxelSpacing - b.voxelSpacing || (a.tomoType < b.tomoType ? -1 : 1),
  );
}
