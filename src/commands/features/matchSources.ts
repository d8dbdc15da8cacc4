/** What a search for templates reads: its area, and all that its result depends on. */
import { tomogramStamp } from "../../data/manifest.js";
import type { TomogramRef } from "../../data/model.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import { isFeatureSet } from "../../features/set/path.js";
import { readReadySet } from "../../features/set/readyMaps.js";
import { openProbabilities } from "../../infer/predict/probabilityStores.js";
import { areaMaps, type MatchSettings, type SearchArea } from "../../matching/matchRuns.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashFile, hashOf } from "../../system/files.js";
import { silentReporter } from "../../system/reporter.js";
import { ownVersion } from "../../system/version.js";

/** What is searched: masks, or the features of a set. @throws PickbenchError BadUsage where a feature has no map yet */
export async function areaAsked(given: readonly string[]): Promise<SearchArea> {
  const [path, ...others] = given;
  if (!isFeatureSet(path!)) return { paths: given };
  if (others.length > 0)
    throw new PickbenchError(
      "BadUsage",
      `--within is ${given.join(" ")}: a feature set stands alone; leave the others out`,
    );
  const { paths, features } = await readReadySet(path!, {
    use: "areas are read from",
    next: ", then an area with pickbench mask",
  });
  const thresholds: Record<string, number> = {};
  for (const { channel, threshold } of features)
    thresholds[channel] = Math.min(threshold, thresholds[channel] ?? threshold);
  return { paths, thresholds };
}

/** Hash of what is searched for, and how. */
export const settingsKey = ({ out: _, threads: __, ...settings }: MatchSettings): string =>
  hashOf(canonicalJson({ version: ownVersion(), settings }));

/** What a run's result depends on: settings, and files by their hashes or stamps. */
export async function keyOf(settings: MatchSettings, ref: TomogramRef): Promise<string> {
  const { path, run } = ref;
  const maps = settings.within ? await areaMaps(settings.within, run, silentReporter) : [];
  const readers = await Promise.all(maps.map(async ({ store }) => (await openProbabilities(store)).reader));
  const stamps = await Promise.all([await openTomogram(ref, 0), ...readers].map(tomogramStamp));
  const files = [...settings.templates, ...(settings.mask === undefined ? [] : [settings.mask])];
  const hashes: string[] = [];
  for (const file of files) hashes.push(await hashFile(file));
  return hashOf(canonicalJson({ settings: settingsKey(settings), path, hashes, stamps }));
}
