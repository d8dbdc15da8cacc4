/** Ready maps that a feature set names, for what does not segment. */
import { PickbenchError } from "../../system/errors.js";
import { readFeatureSet } from "./featureSet.js";

/** A feature's place among ready maps. */
interface ReadyFeature {
  readonly name: string;
  /** Its name in the maps. */
  readonly channel: string;
  readonly threshold: number;
}

/** What maps are wanted for, and what is to be done with those that are made, as parts of a sentence. */
interface Purpose {
  readonly use: string;
  readonly next: string;
}

/**
 * Reads a set all of whose maps are ready.
 *
 * @throws PickbenchError BadUsage where the set is wrong, or a feature comes from a model, which has to segment it first
 */
export async function readReadySet(
  path: string,
  { use, next }: Purpose,
): Promise<{ readonly paths: readonly string[]; readonly features: readonly ReadyFeature[] }> {
  const { features } = await readFeatureSet(path);
  const paths = features.map(({ name, maps, scale }) => {
    if (scale !== undefined)
      throw new PickbenchError(
        "BadUsage",
        `${path}: ${name} has a scale of its own, by which only pickbench segment reads maps; make maps with it first${next}`,
      );
    if (maps !== undefined) return maps;
    throw new PickbenchError(
      "BadUsage",
      `${path}: ${name} comes from a model, and ${use} ready maps; make them with pickbench segment ${path}${next}`,
    );
  });
  return {
    paths: [...new Set(paths)],
    features: features.map(({ name, channel = name, threshold }) => ({ name, channel, threshold })),
  };
}
