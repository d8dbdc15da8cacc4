/** Writes a copick configuration for a data set. */
import { resolve, sep } from "node:path";
import type { Particle } from "../../domain/particles.js";
import { ownUserId } from "../../formats/copickPicks.js";
import type { Dataset } from "../model.js";

/** Fields of a configuration beside the data's location. */
interface ProjectOptions {
  readonly name: string;
  readonly description: string;
  /** Session that copick gives to new picks. */
  readonly sessionId: string;
}

/**
 * Makes a copick configuration (`config_type: filesystem`) of a data set: its particles as pickable objects, its roots
 * as `local://` paths. copick resolves no relative paths, so they are absolute.
 */
export function copickProject(dataset: Dataset, options: ProjectOptions): Record<string, unknown> {
  const staticRoot = dataset.roots.find((root) => root !== dataset.overlayRoot);
  return {
    config_type: "filesystem",
    name: options.name,
    description: options.description,
    version: "1.0.0",
    pickable_objects: labelled(dataset.particles).map(pickableObject),
    user_id: ownUserId,
    session_id: options.sessionId,
    overlay_root: localUrl(dataset.overlayRoot),
    overlay_fs_args: { auto_mkdir: true },
    ...(staticRoot === undefined ? {} : { static_root: localUrl(staticRoot), static_fs_args: {} }),
  };
}

const localUrl = (path: string): string => `local://${resolve(path).split(sep).join("/")}`;

/** Gives every particle its own label: the one it has, else the lowest free number. */
export function labelled(particles: readonly Particle[]): (Particle & { readonly label: number })[] {
  const taken = new Set(particles.flatMap(({ label }) => label ?? []));
  let next = 1;
  return particles.map((particle) => {
    if (particle.label !== undefined) return { ...particle, label: particle.label };
    while (taken.has(next)) next++;
    return { ...particle, label: next++ };
  });
}

const pickableObject = ({
  name,
  radius,
  weight,
  colour,
  label,
  pdbId,
}: Particle & { readonly label: number }): Record<string, unknown> => ({
  name,
  is_particle: true,
  label,
  color: [...colour, 255],
  radius,
  ...(pdbId === undefined ? {} : { pdb_id: pdbId }),
  metadata: { score_weight: weight },
});
