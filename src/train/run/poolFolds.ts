/** Thresholds from the held-out runs of all folds: chosen, scored, and written into a checkpoint of each fold. */
import { type PooledThresholds, poolSweeps } from "../../score/pooled.js";
import { readSweep, type ThresholdSweep } from "../../score/sweep.js";
import { PickbenchError } from "../../system/errors.js";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../checkpoint/checkpoint.js";
import { lineageOf, tunedAlso } from "../checkpoint/lineage.js";
import { ownCode } from "../prepare/prepare.js";
import type { Fold } from "./fold.js";
import type { FoldsPlan } from "./foldsPlan.js";

/**
 * Chooses thresholds on the sweeps of finished folds, where the experiment asks for it, and writes `pooled.safetensors` into
 * each fold. Nothing is predicted.
 *
 * @returns undefined where it does not
 * @throws PickbenchError BadExperiment where the sweep of a fold is missing, damaged or of other runs
 */
export async function poolFolds(plan: FoldsPlan): Promise<PooledThresholds | undefined> {
  const { experiment, prepared, folds } = plan;
  if (experiment.picking.from !== "folds") return undefined;
  const sweeps = await Promise.all(folds.map(readOwnSweep));
  const pooled = poolSweeps(sweeps, prepared.dataset.particles, experiment.picking.choice);
  if (pooled) for (const fold of folds) await writePooled(plan, fold, pooled);
  return pooled;
}

async function readOwnSweep({ folder, splits }: Fold): Promise<ThresholdSweep> {
  const sweep = await readSweep(folder.sweep);
  if (sweep && sweep.runs.toSorted().join() === splits.holdout.toSorted().join()) return sweep;
  const what = sweep ? `counts ${sweep.runs.join(", ")}, wanted ${splits.holdout.join(", ")}` : "is missing";
  throw new PickbenchError(
    "BadExperiment",
    `${folder.sweep}: ${what}, and thresholds are chosen by it; remove ${folder.path} to train this fold again`,
    { path: folder.sweep },
  );
}

/** Writes a fold's checkpoint with pooled thresholds, which no density moves: it would hold to the tuned ones. */
async function writePooled(
  { prepared }: FoldsPlan,
  { folder }: Fold,
  pooled: PooledThresholds,
): Promise<void> {
  const trained = await readCheckpoint(folder.best, ownCode(prepared));
  const picking: Checkpoint["picking"] = new Map(
    [...trained.picking].map(([type, settings]) => {
      const threshold = pooled.perType[type]?.threshold;
      const { density: _, ...unmoved } = settings;
      return [type, threshold === undefined ? settings : { ...unmoved, threshold }];
    }),
  );
  const names = prepared.external ? ["all"] : prepared.networks.map(({ name }) => name);
  const lineage = tunedAlso(lineageOf(trained), [...prepared.fingerprints.values()]);
  await writeCheckpoint(folder.pooled, names, {
    ...trained,
    ...{ picking, lineage, tuneScore: pooled.fittedScore },
  });
}
