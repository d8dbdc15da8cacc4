/** Picks the particles of a feature set. The room `pick` finds particles in conditioned maps. */
import type { ParticlePick } from "../../domain/particles.js";
import { angstrom } from "../../domain/units.js";
import type { PickingSettings, PickingSteps } from "../../infer/pick/picking.js";
import type { PickPool } from "../../infer/pick/pool.js";
import { gatherMaps } from "../../infer/predict/probabilityMaps.js";
import { PickbenchError } from "../../system/errors.js";
import type { Conditioned, RawRun } from "../segment/conditioned.js";
import type { Model } from "../segment/sources.js";
import { pickingOf } from "../set/particles.js";
import type { FeatureSet } from "../set/schema.js";

/** Particles of one feature in one run. */
export interface PickedFeature {
  readonly feature: string;
  readonly settings: PickingSettings;
  readonly steps: PickingSteps;
  readonly threshold: number;
  readonly picks: readonly ParticlePick[];
}

/**
 * Returns the picking settings of each feature that is a particle, with flags over them.
 *
 * @throws PickbenchError BadUsage where no feature is one
 */
export function particlesOf(
  { features }: FeatureSet,
  flags: Partial<PickingSettings> = {},
): ReadonlyMap<string, PickingSettings> {
  const settings = new Map<string, PickingSettings>();
  for (const feature of features) {
    const picking = pickingOf(feature);
    if (picking) settings.set(feature.name, { ...picking, ...flags });
  }
  if (settings.size > 0) return settings;
  throw new PickbenchError(
    "BadUsage",
    `none of ${features.map(({ name }) => name).join(", ")} has picking settings, so there is nothing to pick; write picking: {} into a feature that is a particle, with minSpacing in Å where it is none of the challenge's`,
  );
}

/** Picks all particles of a run from its conditioned maps, of which only voxels above the thresholds are kept. */
export async function pickRun(
  { shape, spacing }: RawRun,
  conditioned: Conditioned,
  settings: ReadonlyMap<string, PickingSettings>,
  {
    pool,
    models,
    set,
  }: { readonly pool: PickPool; readonly models: readonly Model[]; readonly set: FeatureSet },
): Promise<PickedFeature[]> {
  const types = [...settings.keys()];
  const floors = new Map([...settings].map(([name, { threshold }]) => [name, threshold]));
  const maps = await gatherMaps({ types, shape, spacing, floors }, (onSlab) =>
    conditioned.eachSlab(({ values }) =>
      onSlab({ values: new Map(types.map((type) => [type, values.get(type)!])) }),
    ),
  );
  return Promise.all(
    [...settings].map(async ([feature, its]) => {
      const { picks, ...found } = await pool.pick(maps.sparse(feature), its);
      const offset = offsetOf(feature, set, models);
      return { feature, settings: its, ...found, picks: picks.map((pick) => placed(feature, pick, offset)) };
    }),
  );
}

/** Returns what a feature's model adds to its positions, Å along x, y, z; 0 for ready maps. */
const offsetOf = (feature: string, { features }: FeatureSet, models: readonly Model[]): Model["offset"] =>
  models.find(({ outputs }) => outputs.has(features.findIndex(({ name }) => name === feature)))?.offset ?? [
    0, 0, 0,
  ];

const placed = (
  type: string,
  { x, y, z, score }: { x: number; y: number; z: number; score: number },
  [dx, dy, dz]: Model["offset"],
): ParticlePick => ({ type, x: angstrom(x + dx), y: angstrom(y + dy), z: angstrom(z + dz), score });
