/** Scores networks and weighted members on the tune runs, and remembers every score. */
import type { Dataset } from "../../data/model.js";
import type { TomogramChoice } from "../../data/normalisation.js";
import type { EngineName } from "../../engines/engine.js";
import { openPickPool, type PickPool } from "../../infer/pick/pool.js";
import type { Averaging } from "../../infer/predict/averaging.js";
import { type AnyNetwork, openPredictor } from "../../infer/predict/predictor.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { ownVersion } from "../../system/version.js";
import type { HeldReference } from "../checkpoint/commonReference.js";
import { experimentText } from "../experiment/experiment.js";
import type { Experiment } from "../experiment/schema.js";
import { type Tuned, tuneMaps, tuneNetworks, tuningFloors } from "../fit/tuneNetworks.js";
import type { TuneRun } from "../fit/tunePicking.js";
import type { EnsembleMember } from "./members.js";
import type { EnsembleParts } from "./parts.js";
import { blendMaps, type StoredMaps, storeMaps } from "./storedMaps.js";
import { type EnsembleTuneRun, viewsOfRun } from "./tuneData.js";

/** Settings shared by all scores of an ensemble. */
export interface JudgeOptions {
  /** Experiment whose settings hold for all members: tiles, test-time images, the grid that picking is tuned on. */
  readonly experiment: Experiment;
  /** Spectrum that tomograms are given, where they are. */
  readonly reference: HeldReference;
  readonly dataset: Dataset;
  readonly runs: readonly EnsembleTuneRun[];
  readonly averaging: Averaging;
  readonly engine: EngineName;
  readonly threads: number;
  readonly parts: EnsembleParts;
  /** Hears how far the work has come; its signal stops it after a tomogram. */
  readonly reporter: Reporter;
}

/** Scores networks, or members with weights, on the tune runs. A known score is not computed again. */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #pool: PickPool = openPickPool();

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** Scores networks. @param key identifies these networks among all */
  scoreNetworks(key: unknown, networks: readonly AnyNetwork[]): Promise<number> {
    return this.#options.parts.score(this.#keyed(key), async () => (await this.tune(networks)).score);
  }

  /** Predicts with the networks as in later use, and tunes their picking. */
  tune(networks: readonly AnyNetwork[]): Promise<Tuned> {
    const { runs, dataset } = this.#options;
    return tuneNetworks(this.#options, networks, runs, ({ run }, predictor) => {
      this.#checkStop();
      return viewsOfRun(dataset, this.#choice(), run, predictor);
    });
  }

  /** Returns a member's maps of every tune run, from disk where an earlier call stored them. */
  async store({ sha256, checkpoint }: EnsembleMember): Promise<StoredMaps[]> {
    const { runs, dataset, experiment, engine, threads, averaging, parts } = this.#options;
    const settings = { ...experiment.predict, engine, threads, averaging };
    const predictor = await openPredictor(checkpoint.networks, settings);
    try {
      const stored: StoredMaps[] = [];
      for (const { run, stamp } of runs) {
        const views = await viewsOfRun(dataset, this.#choice(), run, predictor);
        const folder = parts.mapsFolder(this.#keyed({ sha256, stamp }));
        stored.push(await storeMaps(folder, predictor, views, () => this.#checkStop()));
      }
      return stored;
    } finally {
      await predictor.close();
    }
  }

  /** Scores members with shares. @param stored maps of each member, per tune run */
  scoreShares(
    members: readonly EnsembleMember[],
    stored: readonly (readonly StoredMaps[])[],
    shares: readonly number[],
  ): Promise<number> {
    const { experiment, dataset, runs, averaging, parts } = this.#options;
    const counted = [...members.keys()].filter((m) => shares[m]! > 0);
    const key = counted.map((m) => [members[m]!.sha256, shares[m]]);
    return parts.score(this.#keyed(key), async () => {
      const tuneRuns: TuneRun[] = [];
      for (const [r, { run, truth }] of runs.entries()) {
        this.#checkStop();
        const blended = counted.map((m) => ({
          maps: stored[m]![r]!,
          share: shares[m]!,
          activation: activationOf(members[m]!),
        }));
        const types = blended.flatMap(({ maps }) => maps.types);
        const maps = await blendMaps(blended, averaging, tuningFloors(experiment, types));
        tuneRuns.push({ run, truth, maps });
      }
      return (await tuneMaps(this.#pool, experiment, dataset.particles, tuneRuns)).score;
    });
  }

  #choice(): TomogramChoice {
    const { experiment, reference } = this.#options;
    return { ...experiment.data, ...reference };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Completes a key with everything else that scores and maps depend on. */
  #keyed(key: unknown): unknown {
    const { experiment, reference, runs, averaging, engine, threads } = this.#options;
    const stamps = runs.map(({ stamp }) => stamp);
    return {
      key,
      experiment: experimentText(experiment),
      ...reference,
      stamps,
      averaging,
      engine,
      threads,
      version: ownVersion(),
    };
  }

  #checkStop(): void {
    if (this.#options.reporter.signal.aborted)
      throw new PickbenchError(
        "Stopped",
        "stopped before the ensemble was made; give the same command again to go on from there",
      );
  }
}

/** Returns softmax where a member's probabilities of a voxel add up to 1, sigmoid where each type is independent. */
const activationOf = ({ checkpoint }: EnsembleMember): "softmax" | "sigmoid" =>
  checkpoint.networks.every(({ activation }) => activation === "softmax") ? "softmax" : "sigmoid";
