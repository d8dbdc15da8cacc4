/** The schema of search.json. */
import type { ScoreInterval } from "../score/statistics/interval.js";
import type { SearchSettings } from "./settings.js";
import type { Trial } from "./trial.js";

/** Contents of search.json; derived from the trials' own files. */
export interface SearchReport {
  readonly searchVersion: 1;
  readonly experiment: string;
  readonly settings: SearchSettings;
  readonly budget: string | null;
  readonly trialBudget: string;
  readonly tuneRuns: readonly string[];
  readonly holdoutRuns: readonly string[];
  readonly trials: readonly Trial[];
  /** The completed trial of highest score on the tune runs. */
  readonly best: { readonly trial: number; readonly score: number; readonly values: Trial["values"] } | null;
  /** The best trial's score on the held-out runs; null until scored, or where none is held out. */
  readonly holdout: Holdout | null;
  /** Trials of this folder whose held-out score was ever seen; several where the search was continued after its end. */
  readonly heldOutSeen: readonly number[];
}

/** A trial's score on the held-out runs. */
export interface Holdout {
  readonly trial: number;
  readonly score: number;
  readonly interval: ScoreInterval | null;
}
