/** Picks a type from predicted maps, and tunes its picking settings on tune runs. */
import { isBlankAt } from "../../data/blank/blank.js";
import type { Mask } from "../../data/masks/mask.js";
import { matchFraction, type Particle, type ParticlePick } from "../../domain/particles.js";
import { angstrom, type Position } from "../../domain/units.js";
import type { PickingSettings } from "../../infer/pick/picking.js";
import type { PickPool } from "../../infer/pick/pool.js";
import type { ProbabilityMaps } from "../../infer/predict/probabilityMaps.js";
import type { PicksByExperiment } from "../../score/score.js";
import { type Candidate, tuneSetting } from "../../score/tuning.js";
import type { Experiment } from "../experiment/schema.js";

/** A tune run's prediction and its true particles. */
export interface TuneRun {
  readonly run: string;
  readonly maps: ProbabilityMaps;
  readonly truth: readonly ParticlePick[];
  /** Masks of features that have any in the run. */
  readonly masks?: ReadonlyMap<string, Mask>;
}

/** Picking settings of a type, and how sure they are. */
export interface TunedPicking
  extends Pick<ReturnType<typeof tuneSetting<PickingSettings>>, "fbeta" | "value" | "flat"> {
  readonly settings: PickingSettings;
  /** Picks in all tune runs with these settings. */
  readonly picked: number;
}

/** Returns settings before tuning. @param volumeShare least volume as a share of the target ball's */
function pickingSettings(
  experiment: Experiment,
  particle: Particle,
  threshold: number,
  volumeShare: number,
): PickingSettings {
  const { picking, target } = experiment;
  const share = target.kind === "ball" ? target.fraction : matchFraction;
  const ball = (4 / 3) * Math.PI * (particle.radius * share) ** 3;
  const spacing = angstrom(particle.radius * picking.minSpacing);
  return { method: picking.method, threshold, minVolume: ball * volumeShare, minSpacing: spacing };
}

/** Returns the experiment's fallback settings, for types that no run tunes. */
export function untunedPicking(experiment: Experiment, particle: Particle): PickingSettings {
  const volumes = experiment.picking.minVolumes;
  return pickingSettings(
    experiment,
    particle,
    experiment.picking.fallbackThreshold,
    volumes[Math.floor(volumes.length / 2)]!,
  );
}

/** Returns the settings that find most: the lowest threshold and the least volume that are tried. */
export function eagerPicking(experiment: Experiment, particle: Particle): PickingSettings {
  const { thresholds, minVolumes } = experiment.picking;
  return pickingSettings(experiment, particle, Math.min(...thresholds), Math.min(...minVolumes));
}

/** Picks particles of one type, moved by the experiment's offset. */
export async function pickType(
  pool: PickPool,
  experiment: Experiment,
  maps: ProbabilityMaps,
  type: string,
  settings: PickingSettings,
): Promise<ParticlePick[]> {
  const { picks } = await pool.pick(maps.sparse(type), settings);
  return shifted(experiment, type, inData(maps, picks));
}

/** Picks particles of one type at each threshold in turn, moved by the experiment's offset. */
export async function sweepType(
  pool: PickPool,
  experiment: Experiment,
  maps: ProbabilityMaps,
  type: string,
  { thresholds, ...settings }: PickingSettings & { readonly thresholds: readonly number[] },
): Promise<ParticlePick[][]> {
  const sweep = await pool.sweep(maps.sparse(type), settings, thresholds);
  return sweep.map(({ picks }) => shifted(experiment, type, inData(maps, picks)));
}

/** Leaves out picks whose centre lies in a blank voxel, as that of a group around a hole may. */
const inData = <Pick extends Position>(maps: ProbabilityMaps, picks: readonly Pick[]): readonly Pick[] =>
  maps.blank ? picks.filter((pick) => !isBlankAt({ ...maps, blank: maps.blank! }, pick)) : picks;

function shifted(
  experiment: Experiment,
  type: string,
  picks: readonly Omit<ParticlePick, "type">[],
): ParticlePick[] {
  const [dx, dy, dz] = experiment.data.offset;
  return picks.map(({ x, y, z, score }) => ({
    type,
    x: angstrom(x + dx),
    y: angstrom(y + dy),
    z: angstrom(z + dz),
    ...(score === undefined ? {} : { score }),
  }));
}

/** Tunes one type: tries every threshold and least volume of the experiment on the tune runs. */
export async function tuneType(
  pool: PickPool,
  experiment: Experiment,
  particle: Particle,
  runs: readonly TuneRun[],
): Promise<TunedPicking> {
  const { thresholds, minVolumes } = experiment.picking;
  const volumes = experiment.picking.method === "peaks" ? minVolumes.slice(0, 1) : minVolumes;
  const grid = volumes.flatMap((share, v) =>
    thresholds.map((threshold) => ({
      setting: pickingSettings(experiment, particle, threshold, share),
      position: [threshold, v],
      picks: new Map<string, ParticlePick[]>(),
    })),
  );
  for (const { run, maps } of runs) {
    const sweeps = volumes.map(async (share, v) => {
      const settings = { ...pickingSettings(experiment, particle, thresholds[0]!, share), thresholds };
      for (const [t, picks] of (await sweepType(pool, experiment, maps, particle.name, settings)).entries())
        grid[v * thresholds.length + t]!.picks.set(run, picks);
    });
    await Promise.all(sweeps);
  }
  const truth: PicksByExperiment = new Map(runs.map((each) => [each.run, each.truth]));
  const candidates: readonly Candidate<PickingSettings>[] = grid;
  const { setting, fbeta, value, flat } = tuneSetting(particle, truth, candidates, experiment.picking.choice);
  const { picks } = grid.find((each) => each.setting === setting)!;
  const picked = [...picks.values()].reduce((sum, each) => sum + each.length, 0);
  return { settings: setting, picked, fbeta, value, flat };
}
