/** The spectrum that several checkpoints together give tomograms. */
import { meanPower } from "../../data/spectrum/gain.js";
import { PickbenchError } from "../../system/errors.js";
import type { Checkpoint } from "./checkpoint.js";

/** What is known of a tomogram's spectrum: that of the training where tomograms are matched to it. */
export type HeldReference = Pick<Checkpoint, "reference">;

/**
 * Returns the mean of the spectra that checkpoints were trained on; nothing where none matches tomograms.
 *
 * @throws PickbenchError BadCheckpoint where only some do
 */
export function commonReference(
  paths: readonly string[],
  checkpoints: readonly HeldReference[],
): HeldReference {
  const held = checkpoints.flatMap(({ reference }) => reference ?? []);
  if (held.length === 0) return {};
  const bare = checkpoints.findIndex(({ reference }) => reference === undefined);
  if (bare < 0) return { reference: held.length === 1 ? held[0]! : meanPower(held) };
  const matched = checkpoints.findIndex(({ reference }) => reference !== undefined);
  throw new PickbenchError(
    "BadCheckpoint",
    `${paths[matched]}: gives tomograms the spectrum of its training (data.spectrum), ${paths[bare]} does not; give checkpoints of one kind`,
    { path: paths[matched]! },
  );
}
