/** Folders of volumes without any layout: each file, or each subfolder of files, is a run. */
import { basename, dirname, join } from "node:path";
import { runNameOf } from "../../formats/runNames.js";
import type { Run, TomogramRef } from "../model.js";
import { isVolume, isVolumeName, namesIn, tellsType, volumeStem, volumesIn } from "../volumeNames.js";
import type { Layout } from "./layout.js";

/** Separator in the names of Ais's outputs for a tomogram: `{tomogram}__{Feature}`. */
export const aisSeparator = "__";
const notRuns: readonly string[] = ["ExperimentRuns", "static", "overlay", "train", "test"];

/**
 * Lists the runs of a folder that holds volumes in no other layout: each `RUN.mrc` (or `RUN.zarr`) is a run, and so is
 * each folder with files `RUN/TYPE.mrc`. Outputs of Ais beside a tomogram (`RUN__Feature.mrc`) are no runs.
 */
export async function volumeRuns(folder: string): Promise<Run[]> {
  const names = await namesIn(folder);
  const volumes = new Set(await volumesIn(folder));
  const stems = new Map<string, string[]>();
  for (const name of volumes) stems.set(runNameOf(name), [...(stems.get(runNameOf(name)) ?? []), name]);
  const runs = [...stems]
    .filter(([stem]) => !stems.has(stem.slice(0, Math.max(0, stem.lastIndexOf(aisSeparator)))))
    .map(([stem, files]) => runOf(folder, stem, files));
  for (const name of names) {
    if (volumes.has(name) || notRuns.includes(name)) continue;
    const files = await volumesIn(join(folder, name));
    if (files.length > 0) runs.push(runOf(join(folder, name), runNameOf(name), files));
  }
  return runs;
}

/** One volume alone; picks are looked for in `overlay/` beside it. */
export const singleVolume: Layout = {
  async recognise(path) {
    if (!isVolumeName(basename(path)) || !(await isVolume(path))) return undefined;
    const overlay = join(dirname(path), "overlay");
    const run = runOf(dirname(path), runNameOf(basename(path)), [basename(path)]);
    return { root: path, overlay, roots: [overlay], runs: [run] };
  },
};

const unnamed = "tomogram";

/** Makes a run of its files. The type of a single file whose name holds the run's, or is `tomogram`, is unknown. */
function runOf(folder: string, run: string, files: readonly string[]): Run {
  const isPlain = (file: string) => files.length === 1 && !tellsType(volumeStem(file), run);
  const tomograms = files.map(
    (file): TomogramRef => ({
      run,
      tomoType: isPlain(file)
        ? unnamed
        : files.length > 1 && volumeStem(file) === run
          ? file
          : volumeStem(file),
      path: join(folder, file),
      ...(isPlain(file) ? { isOnly: true } : {}),
    }),
  );
  return { name: run, tomograms, sources: tomograms.map(({ path }) => path) };
}
