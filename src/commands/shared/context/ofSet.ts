/** A feature set as flags on surroundings: what of its features is measured around positions. */
import { readFeatureSet } from "../../../features/set/featureSet.js";
import { PickbenchError } from "../../../system/errors.js";

/** Å of the ball that a feature is averaged in. */
const radius = 100;

interface SurroundingsFlags {
  readonly sample: readonly string[] | undefined;
  readonly distance: readonly string[] | undefined;
  readonly maps: readonly string[] | undefined;
}

/**
 * Returns flags with each feature of a set added: the distance to it at its threshold, and its mean within 100 Å, from the
 * maps that the set names.
 *
 * @throws PickbenchError BadUsage where the set is wrong, or a feature comes from a model, which has to segment it first
 */
export async function withSetContext<Flags extends SurroundingsFlags>(
  flags: Flags,
  path: string | undefined,
): Promise<Flags> {
  if (path === undefined) return flags;
  const { features } = await readFeatureSet(path);
  const ofModel = features.find(({ maps }) => maps === undefined);
  if (ofModel)
    throw new PickbenchError(
      "BadUsage",
      `${path}: ${ofModel.name} comes from a model, and what surrounds picks is measured in ready maps; make them with pickbench segment ${path}, and name them by --maps`,
    );
  const { sample = [], distance = [], maps = [] } = flags;
  const named = (kind: string, name: string, channel = name) =>
    name === channel ? channel : `${kind}=${channel}`;
  return {
    ...flags,
    maps: [...maps, ...new Set(features.map((each) => each.maps!))],
    sample: [
      ...sample,
      ...features.map(({ name, channel }) => `${named(`sample.${name}${radius}`, name, channel)}:${radius}`),
    ],
    distance: [
      ...distance,
      ...features.map(
        ({ name, channel, threshold }) => `${named(`distance.${name}`, name, channel)}:${threshold}`,
      ),
    ],
  };
}
