/** All layouts of data sets, in the order in which they are asked. */
import { basename, join } from "node:path";
import { PickbenchError } from "../../system/errors.js";
import { copickConfig } from "./copickConfig.js";
import { copickFolder } from "./copickFolder.js";
import { croissant } from "./croissant.js";
import type { Asked, FoundData, Layout } from "./layout.js";
import { listRuns, otherRuns } from "./runs.js";
import { singleVolume } from "./volumeFolder.js";

/** A folder whose runs lie outside copick's tree; picks go into its overlay. */
const otherFolder: Layout = {
  async recognise(path) {
    const runs = await otherRuns(path);
    if (runs.length === 0) return undefined;
    const known = new Map([[path, runs]]);
    return { root: path, overlay: join(path, "overlay"), roots: [path], runs: await listRuns([path], known) };
  },
};

/** Layouts of a folder that holds one data set, or of each of its parts. */
const folders: readonly Layout[] = [copickFolder, otherFolder];

/** A folder that is no part, and has none. */
const wholeFolder: Layout = {
  async recognise(path, asked) {
    const found = await firstOf(folders, path, asked);
    const { part } = asked;
    if (found === undefined || part === undefined || basename(path) === part) return found;
    throw new PickbenchError(
      "BadDataset",
      `${path}: has static/ or overlay/ itself, so there is no ${part} part to choose; leave the part out`,
      { path },
    );
  },
};

/** A folder with `train/` and `test/` inside; the preferred one counts where both are there and none is asked for. */
const folderOfParts: Layout = {
  async recognise(path, asked) {
    const byPreference = asked.prefer === "test" ? ["test", "train"] : ["train", "test"];
    for (const part of asked.part === undefined ? byPreference : [asked.part]) {
      const found = await firstOf(folders, join(path, part), asked);
      if (found) return found;
    }
    return undefined;
  },
};

const layouts: readonly Layout[] = [singleVolume, croissant, copickConfig, wholeFolder, folderOfParts];

/** Asks the layouts one after another what lies at a path that exists; undefined where none knows it. */
export const recogniseData = (path: string, asked: Asked): Promise<FoundData | undefined> =>
  firstOf(layouts, path, asked);

async function firstOf(all: readonly Layout[], path: string, asked: Asked): Promise<FoundData | undefined> {
  for (const layout of all) {
    const found = await layout.recognise(path, asked);
    if (found) return found;
  }
  return undefined;
}
