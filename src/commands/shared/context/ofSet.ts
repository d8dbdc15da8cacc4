/** A feature set as flags on surroundings: what of its features is measured around positions. */
import { readReadySet } from "../../../features/set/readyMaps.js";

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
  path: string,
): Promise<Flags> {
  const { paths, features } = await readReadySet(path, {
    use: "what surrounds picks is measured in",
    next: ", and name them by --maps",
  });
  const { sample = [], distance = [], maps = [] } = flags;
  const named = (kind: string, name: string, channel: string) =>
    name === channel ? channel : `${kind}=${channel}`;
  return {
    ...flags,
    maps: [...maps, ...paths],
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
