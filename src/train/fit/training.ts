/** What the training of one network is given, and what comes of it. */
import type { PatchSource } from "../../data/patches/stream.js";
import type { Reporter } from "../../system/reporter.js";
import type { Budget } from "../experiment/budget.js";
import type { Mining } from "./mining.js";
import type { TrainingProgress } from "./progressFile.js";
import type { TrainedSpec } from "./session.js";
import type { StepLog } from "./stepLog.js";

/** Progress of the network in training. */
export type Current = NonNullable<TrainingProgress["current"]>;

/** What the training of one network is given. */
export interface NetworkTraining extends TrainedSpec {
  /** What is being done, as the user is told. */
  readonly label: string;
  readonly budget: Budget;
  readonly sources: readonly PatchSource[];
  /** Progress to resume from; null starts anew. */
  readonly from: Current | null;
  readonly log: Pick<StepLog, "write">;
  /** Tune runs, crops of which are watched. */
  readonly watched?: readonly PatchSource[];
  /** Hears how far it has come; its signal stops it after a step. */
  readonly reporter: Reporter;
  /** Scores, on the tune runs, the weights after a number of steps; null where there are no tune runs. */
  readonly evaluate: ((weights: Float32Array, step: number) => Promise<number>) | null;
  /** Finds hard places; null where none are wanted. */
  readonly mining?: Mining | null;
  /** Saves the progress on disk. */
  readonly save: (current: Current) => Promise<void>;
  /** Rungs at which the training is compared with others; needs `evaluate`. */
  readonly rungs?: Rungs | null;
}

/** Points of a training at which it may be ended for being worse than others. */
export interface Rungs {
  /** Shares of the budget, rising, each below 1. */
  readonly at: readonly number[];
  /**
   * Receives the score on the tune runs at a rung; false ends the training there, and `later` stops it where it can go on,
   * from the same rung.
   */
  readonly goesOn: (rung: number, score: number) => Promise<boolean | "later">;
}

/** Result of one network's training. */
export interface TrainedNetwork {
  readonly weights: Float32Array;
  readonly score: number | null;
  readonly steps: number;
  /** Share of the training time that steps waited for data. */
  readonly waitedShare: number;
  /** Share of the training time that was spent on watching, and number of looks. */
  readonly watchedShare: number;
  readonly looks: number;
  /** Steps in which the rate rose, the last decay of the weights' average, and number of evaluations. */
  readonly schedule: Readonly<Record<"warmupSteps" | "averageDecay" | "evaluations", number>>;
  /** Whether a rung ended the training before its budget. */
  readonly ended: boolean;
}
