/** What inputs of a command name themselves: files of experiments and feature sets, roots of copick's configurations, subsets. */
import { dirname } from "node:path";
import type { Named } from "../../../makings/making.js";

/**
 * Returns what a YAML or a copick configuration names; none for other files, and for what cannot be read.
 *
 * @param set values over an experiment's file, KEY.PATH=VALUE each
 */
export async function namedInside({ option, path }: Named, set: readonly string[] = []): Promise<Named[]> {
  if (/\.json$/i.test(path)) {
    const { localRootsOf } = await import("../../../data/layouts/copickConfig.js");
    return (await localRootsOf(path)).map((root) => ({ option, path: root }));
  }
  if (!/\.ya?ml$/i.test(path)) return [];
  if (option === "experiment") return namedInExperiment(path, set);
  const { placesInSet, readFeatureSet } = await import("../../../features/set/featureSet.js");
  const found = await readFeatureSet(path).catch(() => undefined);
  return found ? placesInSet(found).map((place) => ({ option, path: place })) : [];
}

async function namedInExperiment(path: string, set: readonly string[]): Promise<Named[]> {
  const { readExperiment } = await import("../../../train/experiment/experiment.js");
  const experiment = await readExperiment(path, { set }).catch(() => undefined);
  if (experiment === undefined) return [];
  const { network, from, data, features = [] } = experiment;
  const named = (option: string, place: string | undefined): Named[] =>
    place !== undefined ? [{ option, path: place }] : [];
  const { file, onnx } = {
    file: undefined,
    onnx: undefined,
    ...(typeof network === "string" ? {} : network),
  };
  return [
    ...named("network", file ?? onnx),
    ...named("from", from?.checkpoint),
    ...(data.also ?? []).flatMap((also) => named("data", also.data)),
    ...features.flatMap((feature) =>
      typeof feature === "string" || feature.masks === undefined
        ? []
        : named("masks", folderOf(feature.masks)),
    ),
  ];
}

/** The folder that all paths of a pattern with `{run}` lie in; the path itself of others. */
const folderOf = (pattern: string): string =>
  pattern.includes("{run}") ? dirname(`${pattern.slice(0, pattern.indexOf("{run}"))}x`) : pattern;

/** Returns the files of the subsets (`@NAME`) that a list of runs names. */
export async function subsetFiles(runs: unknown): Promise<string[]> {
  if (typeof runs !== "string" || !runs.includes("@")) return [];
  const { subsetFile } = await import("../../../survey/subsets.js");
  const names = runs.split(",").map((word) => word.trim());
  return names.filter((word) => /^@./.test(word)).map((word) => subsetFile(word.slice(1)));
}
