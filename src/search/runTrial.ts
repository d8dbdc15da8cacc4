/** Runs one trial of a search, and ends it early at a rung where it falls behind. */
import { join } from "node:path";
import { readRecord } from "../domain/record.js";
import { isPickbenchError, PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { experimentHash } from "../train/experiment/experiment.js";
import { experimentYaml } from "../train/experiment/experimentYaml.js";
import type { Experiment } from "../train/experiment/schema.js";
import { loggedCourse } from "../train/fit/stepLog.js";
import type { Rungs } from "../train/fit/training.js";
import { trainOnly } from "../train/run/runExperiment.js";
import { isBegun } from "../train/run/runFolder.js";
import { valueText } from "./parameters.js";
import { propose } from "./sampler.js";
import type { PreparedSearch, SearchOptions } from "./settings.js";
import {
  observationOf,
  removeTemporaries,
  rungsSoFar,
  type Trial,
  trialFolder,
  trialNumber,
  writeTrial,
} from "./trial.js";
import { trialName, withValues } from "./trialExperiment.js";

/**
 * Runs the trial after the given ones, or resumes that trial where it was stopped.
 *
 * @param pauseAt rung at which it stops, to be decided later; none if absent
 * @throws PickbenchError Stopped where the user asks to stop, or at that rung
 */
export async function runTrial(
  prepared: PreparedSearch,
  options: SearchOptions,
  before: readonly Trial[],
  pauseAt?: number,
): Promise<Trial> {
  const { base, settings, settingsHash } = prepared;
  const { parameters, method, seed } = settings;
  const number = before.length;
  const values = propose(parameters, method, seed, number, before.map(observationOf)) as Trial["values"];
  const begun: Trial = {
    trialVersion: 1,
    settingsHash,
    trial: number,
    experimentHash: null,
    values,
    state: "running",
    rungs: await rungsSoFar(options.out, number),
    score: null,
    steps: 0,
    seconds: 0,
    why: null,
  };
  await removeTemporaries(trialFolder(options.out, number).path);
  const experiment = experimentOf(base, values, number, options.experiment);
  const over =
    experiment instanceof PickbenchError
      ? { ...begun, state: "failed" as const, why: experiment.message }
      : await train(experiment, begun, prepared, options, { before, pauseAt });
  await writeTrial(options.out, over);
  return over;
}

/** Returns the trial's experiment, or the error where its values do not go together. */
function experimentOf(
  base: Experiment,
  values: Trial["values"],
  number: number,
  origin: string,
): Experiment | PickbenchError {
  try {
    return withValues(base, values, trialName(base, `trial-${trialNumber(number)}`), origin);
  } catch (error) {
    if (isPickbenchError(error, "BadExperiment")) return error;
    throw error;
  }
}

async function train(
  experiment: Experiment,
  begun: Trial,
  prepared: PreparedSearch,
  options: SearchOptions,
  others: Others,
): Promise<Trial> {
  const { out, data, engine, threads, reporter } = options;
  const folder = trialFolder(out, begun.trial);
  const path = join(folder.path, "experiment.yaml");
  const tried = Object.entries(begun.values).map(([key, value]) => `${key}: ${valueText(value)}`);
  const comment = [`Trial ${begun.trial} of the search in ${options.experiment}: ${tried.join(", ")}`];
  let trial: Trial = { ...begun, experimentHash: experimentHash(experiment) };
  await writeWhole(path, experimentYaml(experiment, folder.path, comment));
  await writeTrial(out, trial);
  const rungs = rungsOf(experiment, prepared.settings.eta, others, async (rung, score) => {
    trial = { ...trial, rungs: [...trial.rungs.slice(0, rung), score] };
    await writeTrial(out, trial);
  });
  const run = { experiment: path, data, engine, threads, reporter, resume: isBegun(folder) };
  try {
    const trained = await trainOnly(folder, run, rungs);
    const { durations } = (await readRecord(folder.record)).result!;
    const { steps } = await loggedCourse(folder.log);
    const course = { steps, seconds: durations.train! };
    return trained.ended
      ? { ...trial, ...course, state: "stopped", score: trial.rungs.at(-1)! }
      : { ...trial, ...course, state: "completed", score: trained.tuneScore };
  } catch (error) {
    if (!isPickbenchError(error, "NotFinite")) throw error;
    return {
      ...trial,
      ...(await loggedCourse(folder.log)),
      state: "failed",
      score: null,
      why: error.message,
    };
  }
}

/** What a trial is compared with, and the rung at which it waits for that. */
interface Others {
  readonly before: readonly Trial[];
  readonly pauseAt: number | undefined;
}

/** Makes rungs that compare a trial with the trials before it; networks trained one after another have no rungs. */
function rungsOf(
  { networks }: Pick<Experiment, "networks">,
  eta: number,
  { before, pauseAt }: Others,
  tell: (rung: number, score: number) => Promise<void>,
): Rungs {
  return {
    at: rungsIn({ networks }, eta),
    async goesOn(rung, score) {
      await tell(rung, score);
      if (rung === pauseAt) return "later";
      const earlier = before.map(({ rungs }) => rungs[rung]).filter((each) => each !== undefined);
      return goesOn(score, earlier, eta);
    },
  };
}

/** Shares of the budget at which trials of an experiment are compared. */
export const rungsIn = ({ networks }: Pick<Experiment, "networks">, eta: number): number[] =>
  networks === "all" ? rungShares(eta) : [];

/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016) without waiting for a whole round, since trials come one by
 * one (ASHA: Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020): at each rung a trial is
 * compared with all that reached the rung before.
 */

/** Number of rungs below a whole training. */
const rungCount = 2;

/** Returns the shares of a trial's budget at which it is compared: eta to the powers −2 and −1; none where eta is 1. */
export const rungShares = (eta: number): number[] =>
  eta === 1 ? [] : Array.from({ length: rungCount }, (_, at) => 1 / eta ** (rungCount - at));

/**
 * Tells whether a trial goes on from a rung: its score is no lower than the last of the best 1/eta of all scores at
 * that rung, its own included. The first few, of which 1/eta is less than one, go on.
 *
 * @param before scores of earlier trials at the same rung
 */
export function goesOn(score: number, before: readonly number[], eta: number): boolean {
  const scores = [...before, score].sort((a, b) => b - a);
  const kept = Math.floor(scores.length / eta);
  return kept === 0 || score >= scores[kept - 1]!;
}
