/** The entrants of a comparison: one experiment per architecture and seed. */
import type { Shape3 } from "../domain/volume.js";
import { buildNetwork } from "../nets/architecture.js";
import { architectureNamed } from "../nets/library/catalogue.js";
import { receptiveField } from "../nets/receptiveField.js";
import { writeWhole } from "../system/files.js";
import { inside } from "../system/paths/names.js";
import { checkExperiment, runName } from "../train/experiment/experiment.js";
import { experimentYaml } from "../train/experiment/experimentYaml.js";
import type { Experiment } from "../train/experiment/schema.js";

/** An architecture with a seed: its experiment is the common recipe with another network. */
export interface Entrant {
  readonly architecture: string;
  readonly seed: number;
  readonly experiment: Experiment;
  /** Path of the experiment's YAML, so that anyone can run it alone. */
  readonly path: string;
  /** Folder of the run. */
  readonly folder: string;
}

/** Number of slices in a patch or tile for a network of single slices, which sees them as a batch. */
const slicesAtOnce = 8;

/**
 * Returns the recipe with another architecture. Networks that see slices one by one get thin patches and tiles, since
 * neighbouring slices would cost them time and memory without information.
 */
export function experimentFor(recipe: Experiment, architecture: string, seed: number): Experiment {
  const network = buildNetwork(architectureNamed(architecture), { outputs: 1 });
  const planar = receptiveField(network)[0] === 1;
  const thin = ([, y, x]: Shape3): Shape3 => [slicesAtOnce, y, x];
  const overlap = recipe.predict.overlap;
  const across =
    typeof overlap === "number" ? ([overlap, overlap] as const) : ([overlap[1], overlap[2]] as const);
  const content = {
    ...recipe,
    name: `${recipe.name}-${architecture}`,
    network: architecture,
    seed,
    patch: {
      ...recipe.patch,
      shape: fitted(planar ? thin(recipe.patch.shape) : recipe.patch.shape, network.multiple),
    },
    predict: planar
      ? { ...recipe.predict, tile: thin(recipe.predict.tile), overlap: [0, ...across] }
      : recipe.predict,
  };
  return checkExperiment(content, `${recipe.name} with ${architecture}`);
}

/** Rounds a size up to whole multiples. */
export const fitted = (shape: Shape3, multiple: Shape3): Shape3 => {
  const up = (axis: 0 | 1 | 2) => Math.ceil(shape[axis] / multiple[axis]) * multiple[axis];
  return [up(0), up(1), up(2)];
};

/** Writes an entrant's experiment into `out`. */
export async function writeEntrant(
  recipe: Experiment,
  architecture: string,
  seed: number,
  out: string,
): Promise<Entrant> {
  const experiment = experimentFor(recipe, architecture, seed);
  const name = runName(experiment);
  const origin = { what: "experiment", path: out, tag: "BadExperiment" } as const;
  const path = inside(out, `${name}.yaml`, origin);
  const comment = [`${recipe.name} with ${architecture}, as pickbench compare runs it`];
  await writeWhole(path, experimentYaml(experiment, out, comment));
  return { architecture, seed, experiment, path, folder: inside(out, name, origin) };
}
