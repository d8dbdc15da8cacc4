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
  /** Types of picks that are there; the particles are all of the data set's if absent. */
  readonly picked?: readonly string[];
}

/**
 * Makes a copick configuration (`config_type: filesystem`) of a data set: its particles as pickable objects, its roots
 * as `local://` paths. copick resolves no relative paths, so they are absolute.
 */
export function copickProject(dataset: Dataset, options: ProjectOptions): Record<string, unknown> {
  const { known, unknown } = objectsOf(dataset, options.picked ?? []);
  const staticRoot = dataset.roots.find((root) => root !== dataset.overlayRoot);
  return {
    config_type: "filesystem",
    name: options.name,
    description: options.description,
    version: "1.0.0",
    pickable_objects: labelled([...known, ...unknown.map(unknownParticle)]).map(pickableObject),
    user_id: ownUserId,
    session_id: options.sessionId,
    overlay_root: localUrl(dataset.overlayRoot),
    overlay_fs_args: { auto_mkdir: true },
    ...(staticRoot === undefined ? {} : { static_root: localUrl(staticRoot), static_fs_args: {} }),
  };
}

/**
 * Returns the data set's particles that a project lists, and the types of picks that are none of them, whose radius
 * nobody knows yet. Where there are such types, only the particles that were picked too are listed.
 */
export function objectsOf(
  { particles }: Pick<Dataset, "particles">,
  picked: readonly string[],
): { readonly known: readonly Particle[]; readonly unknown: readonly string[] } {
  const unknown = picked.filter((type) => !particles.some(({ name }) => name === type));
  return {
    known: unknown.length === 0 ? particles : particles.filter(({ name }) => picked.includes(name)),
    unknown,
  };
}

/** A pickable object: a particle whose radius may be left to be filled in. */
type Listed = Omit<Particle, "radius"> & { readonly radius: Particle["radius"] | null };

const unknownParticle = (name: string): Listed => ({
  name,
  radius: null,
  weight: 1,
  colour: [128, 128, 128],
});

const localUrl = (path: string): string => `local://${resolve(path).split(sep).join("/")}`;

/** Gives every particle its own label: the one it has, else the lowest free number. */
export function labelled<Each extends Pick<Particle, "label">>(
  particles: readonly Each[],
): (Each & { readonly label: number })[] {
  const taken = new Set(particles.flatMap(({ label }) => label ?? []));
  let next = 1;
  return particles.map((particle) => {
    if (particle.label !== undefined) return { ...particle, label: particle.label };
    while (taken.has(next)) next++;
    return { ...particle, label: next++ };
  });
}

/** Returns particles as pickable objects, each with a label. */
export const copickObjects = (particles: readonly Particle[]): Record<string, unknown>[] =>
  labelled(particles).map(pickableObject);

const pickableObject = ({
  name,
  radius,
  weight,
  colour,
  label,
  pdbId,
}: Listed & { readonly label: number }): Record<string, unknown> => ({
  name,
  is_particle: true,
  label,
  color: [...colour, 255],
  radius,
  ...(pdbId === undefined ? {} : { pdb_id: pdbId }),
  metadata: { score_weight: weight },
});
