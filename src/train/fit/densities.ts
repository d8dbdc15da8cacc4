/** How many picks a tomogram may hold, by the densities of particles in the annotated runs. */
import { findRun, findTomogram } from "../../data/dataset.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import { voxelCount, voxelVolume } from "../../domain/volume.js";
import type { PickDensity } from "../../infer/pick/density.js";
import type { PreparedRun } from "../prepare/prepare.js";
import type { Tuned } from "./tuneNetworks.js";

/** Particles of a type in a run, and the run's size in Å³. */
export interface RunDensity {
  readonly particles: number;
  readonly size: number;
}

/** Fewest annotated runs whose densities say how much densities differ. */
const fewestRuns = 3;

/**
 * Returns the picks per Å³ that annotated runs allow: those found on the tune runs, times the least and the greatest density
 * of any annotated run over that of the tune runs. Undefined for fewer than three runs, or where the tune runs have no
 * particle or no pick.
 *
 * @param annotated runs trained and tuned on
 * @param picked picks in all tune runs at the tuned threshold
 */
export function allowedDensity(
  annotated: readonly RunDensity[],
  tuned: readonly RunDensity[],
  picked: number,
): PickDensity | undefined {
  const size = tuned.reduce((sum, each) => sum + each.size, 0);
  const particles = tuned.reduce((sum, each) => sum + each.particles, 0);
  if (annotated.length < fewestRuns || particles === 0 || picked === 0) return undefined;
  const shares = annotated.map((each) => each.particles / each.size / (particles / size));
  const per = picked / size;
  return { least: per * Math.min(...shares), most: per * Math.max(...shares) };
}

/** Returns tuned settings with the density that each type may have, where the experiment asks for it. */
export async function withDensities<Stage extends Pick<Tuned, "picking" | "tuned">>(
  prepared: PreparedRun,
  stage: Stage,
): Promise<Stage> {
  const { experiment, splits, picks } = prepared;
  if (experiment.picking.density === undefined || stage.tuned === undefined) return stage;
  const runs = [...splits.train, ...splits.tune];
  const sizes = await sizesOf(prepared, runs);
  const picking = [...stage.picking].map(([type, settings]) => {
    const inRun = (run: string): RunDensity => ({
      particles: picks.get(run)!.filter((pick) => pick.type === type).length,
      size: sizes.get(run)!,
    });
    const density = allowedDensity(
      runs.map(inRun),
      splits.tune.map(inRun),
      stage.tuned!.get(type)?.picked ?? 0,
    );
    return [type, density === undefined ? settings : { ...settings, density }] as const;
  });
  return { ...stage, picking: new Map(picking) };
}

/** Sizes of the runs of a training, which are asked for after every evaluation. */
const known = new WeakMap<PreparedRun, ReadonlyMap<string, number>>();

async function sizesOf(prepared: PreparedRun, runs: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const before = known.get(prepared);
  if (before) return before;
  const sizes = new Map<string, number>();
  for (const run of runs) sizes.set(run, await sizeOf(prepared, run));
  known.set(prepared, sizes);
  return sizes;
}

/** Å³ of the tomogram of a run, blank voxels included. */
async function sizeOf({ dataset, experiment }: PreparedRun, run: string): Promise<number> {
  const { tomogram, voxelSpacing, level } = experiment.data;
  const ref = findTomogram(findRun(dataset, run), tomogram, voxelSpacing);
  const { shape, spacing } = await openTomogram(ref, level, dataset.access);
  return voxelCount(shape) * voxelVolume(spacing);
}
