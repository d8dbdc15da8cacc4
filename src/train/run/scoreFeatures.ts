/** Scores the features of held-out and tune runs, and draws their masks. */
import type { Volume } from "../../domain/volume.js";
import { voxelsAbove } from "../../infer/predict/sparseMap.js";
import { renderOverlay, tellingSlice } from "../../present/pictures/overlay.js";
import { type FeatureReport, featureReport } from "../../score/masks/featureScores.js";
import type { MaskScore } from "../../score/masks/maskScore.js";
import { type MaskPool, openMaskPool } from "../../score/masks/pool.js";
import { writeWhole } from "../../system/files.js";
import type { Reporter } from "../../system/reporter.js";
import type { PredictedMask } from "./holdout.js";
import { overlayFile, type RunFolder } from "./runFolder.js";

/** Part that a run plays: scored, or fitted on. */
type ScoredRole = "holdout" | "tune";

/** Scores features run by run, and keeps no voxel of them. */
export class FeatureScorer {
  readonly #folder: RunFolder;
  readonly #reporter: Reporter;
  readonly #pool: MaskPool = openMaskPool();
  readonly #scores: Readonly<Record<ScoredRole, Map<string, Record<string, MaskScore>>>> = {
    holdout: new Map(),
    tune: new Map(),
  };

  constructor(folder: RunFolder, reporter: Reporter) {
    this.#folder = folder;
    this.#reporter = reporter;
  }

  /** Returns what takes the features of runs of a role, with the tomogram as the network saw it. */
  receive(role: ScoredRole): (masks: readonly PredictedMask[], tomogram: Volume) => Promise<void> {
    return (masks, tomogram) => this.#add(role, masks, tomogram);
  }

  /** Scores a run's features; of a held-out one it draws each too. */
  async #add(role: ScoredRole, masks: readonly PredictedMask[], tomogram: Volume): Promise<void> {
    const [first] = masks;
    if (!first) return;
    const progress = this.#reporter.progress(
      `scoring the features of ${first.run}`,
      masks.length,
      "features",
    );
    try {
      for (const [at, mask] of masks.entries()) {
        await this.#score(role, mask, tomogram);
        progress.update(at + 1, mask.feature);
      }
    } finally {
      progress.stop();
    }
  }

  async #score(
    role: ScoredRole,
    { run, feature, threshold, probability, truth }: PredictedMask,
    tomogram: Volume,
  ): Promise<void> {
    const { shape, spacing } = probability;
    const masks = { truth: truth.voxels, prediction: voxelsAbove(probability, threshold) };
    const score = await this.#pool.score({ ...masks, shape, spacing });
    const ofFeature = this.#scores[role].get(feature) ?? {};
    this.#scores[role].set(feature, { ...ofFeature, [run]: score });
    if (role === "tune") return;
    const picture = renderOverlay(tomogram, masks, tellingSlice(masks, shape));
    await writeWhole(overlayFile(this.#folder, run, feature), picture);
  }

  /**
   * Returns the features' reports by name.
   *
   * @param thresholds of all features, scored in any run or not
   * @param seed of the intervals
   */
  report(thresholds: ReadonlyMap<string, number>, seed: number): Record<string, FeatureReport> {
    return Object.fromEntries(
      [...thresholds].map(([feature, threshold]) => [
        feature,
        featureReport(
          {
            threshold,
            holdout: this.#scores.holdout.get(feature) ?? {},
            tune: this.#scores.tune.get(feature) ?? {},
          },
          seed,
        ),
      ]),
    );
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
