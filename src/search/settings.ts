/** Settings of a search, checked before the first trial. */
import { PickbenchError } from "../system/errors.js";
import { canonicalJson, hashOf } from "../system/files.js";
import type { Reporter } from "../system/reporter.js";
import { type Budget, parseBudget } from "../train/experiment/budget.js";
import { readSearched } from "../train/experiment/experiment.js";
import type { Experiment } from "../train/experiment/schema.js";
import type { SearchParameter } from "../train/experiment/searchSpace.js";
import { prepareRun } from "../train/prepare/prepare.js";
import type { Method } from "./sampler.js";
import type { Trial } from "./trial.js";
import { checkParameters } from "./trialExperiment.js";

/** Options of a search. */
export interface SearchOptions {
  readonly experiment: string;
  readonly data: string;
  /** Å per voxel of all tomograms, over what their files and the experiment say. */
  readonly spacing?: number | undefined;
  readonly trials: number;
  /** Amount of training after which no new trial begins. */
  readonly budget: string | undefined;
  /** Budget of a whole trial; the experiment's if undefined. */
  readonly trialBudget: string | undefined;
  /** KEY.PATH=VALUE each, over the experiment's file. */
  readonly set?: readonly string[] | undefined;
  /** What to begin with, over the experiment's: a path, or the name of a model that comes along. */
  readonly from?: string | undefined;
  readonly out: string;
  /** Seed of the sampling; every training uses the experiment's own. */
  readonly seed: number;
  readonly method: Method;
  /** Inverse of the share that goes on at a rung; 1 means no rungs. */
  readonly eta: number;
  readonly resume: boolean;
  /** Replaces a search that is there. */
  readonly overwrite?: boolean;
  readonly engine: Experiment["engine"] | undefined;
  readonly threads?: number | undefined;
  /** Whether the best trials are told after each, as to one who watches. */
  readonly tellsBest: boolean;
  /** Hears how far the work has come, and says when to stop. */
  readonly reporter: Reporter;
}

/** Settings shared by all trials of a search. */
export interface SearchSettings {
  readonly parameters: readonly SearchParameter[];
  readonly method: Method;
  readonly seed: number;
  readonly eta: number;
  /** Hash of the base experiment with the trials' budget. */
  readonly experimentHash: string;
  readonly dataHash: string;
}

/** A search together with its data, fully checked. */
export interface PreparedSearch {
  readonly base: Experiment;
  readonly settings: SearchSettings;
  readonly settingsHash: string;
  readonly budget: Budget | null;
  readonly tuneRuns: readonly string[];
  readonly holdoutRuns: readonly string[];
}

/** Prepares a search. @throws PickbenchError BadExperiment, BadDataset or BadUsage for the first fault */
export async function prepareSearch(options: SearchOptions): Promise<PreparedSearch> {
  const { experiment: path, method, seed, eta, engine, set, from } = options;
  const { experiment: base, parameters } = await readSearched(path, {
    budget: options.trialBudget,
    engine,
    set,
    from,
    spacing: options.spacing,
  });
  const bad = (what: string) => new PickbenchError("BadExperiment", `${path}: ${what}`, { path });
  if (parameters === null)
    throw bad("search: got nothing, wanted paths with values, such as optimiser.rate: {log: [1e-4, 5e-3]}");
  checkParameters(base, parameters, path);
  const budget = options.budget === undefined ? null : parseBudget(options.budget);
  const { data, spacing, trialBudget, reporter } = options;
  const run = {
    experiment: path,
    data,
    spacing,
    budget: trialBudget,
    set,
    from,
    engine,
    resume: false,
    reporter,
  };
  const prepared = await prepareRun(run);
  const { splits, experimentHash, dataHash } = prepared;
  if (splits.tune.length === 0) throw bad("splits.tune: no run to compare trials on; wanted one or more");
  const settings = { parameters, method, seed, eta, experimentHash, dataHash };
  return {
    base,
    settings,
    settingsHash: hashOf(canonicalJson(settings)),
    budget,
    tuneRuns: splits.tune,
    holdoutRuns: splits.holdout,
  };
}

/** Checks that earlier trials belong to this search. @throws PickbenchError BadUsage where their settings differ */
export function checkSameSearch(
  trials: readonly Trial[],
  { settingsHash }: PreparedSearch,
  out: string,
): void {
  if (trials.every((trial) => trial.settingsHash === settingsHash)) return;
  throw new PickbenchError(
    "BadUsage",
    `${out}: the search there was begun with other settings (experiment, data, seed, method, eta or trial budget); give the same to go on with it, --overwrite to begin anew, or another --out`,
    { path: out },
  );
}

/** Tells whether the trials so far have used up the search's budget. */
export function isSpent(budget: Budget | null, trials: readonly Trial[]): boolean {
  if (budget === null) return false;
  return "steps" in budget
    ? trials.reduce((sum, { steps }) => sum + steps, 0) >= budget.steps
    : secondsOf(trials) >= budget.minutes * 60;
}

export const secondsOf = (trials: readonly Trial[]): number =>
  trials.reduce((sum, { seconds }) => sum + seconds, 0);
