/**
 * Searches an experiment's parameters. The room `search` samples values, runs trials, halves them and reports the best.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readRecord } from "../domain/record.js";
import { parseJson } from "../formats/json.js";
import { readReport } from "../leaderboard/leaderboard.js";
import { leadingScore } from "../score/report.js";
import { isPickbenchError, PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { withWholeLock } from "../system/lock.js";
import { readText } from "../system/paths/opening.js";
import { checkOneAsked } from "../system/paths/overwriting.js";
import { experimentYaml } from "../train/experiment/experimentYaml.js";
import { holdoutOnly } from "../train/run/runExperiment.js";
import { makeFolder, removeEmpty } from "../train/run/runFolder.js";
import { finishedAlready } from "../train/run/standing.js";
import { checkStartKept } from "../train/transfer/start.js";
import { parameterPlot } from "./plot.js";
import { runTrial } from "./runTrial.js";
import type { Holdout, SearchReport } from "./searchReport.js";
import {
  checkSameSearch,
  isSpent,
  type PreparedSearch,
  prepareSearch,
  type SearchOptions,
} from "./settings.js";
import { bestText, trialLine } from "./text.js";
import {
  completedTrials,
  finishedTrials,
  removeTemporaries,
  type Trial,
  trialFolder,
  trialNumber,
} from "./trial.js";
import { trialName, withValues } from "./trialExperiment.js";

/**
 * Tries values of an experiment's parameters, trial by trial, and chooses by the score on the tune runs. The held-out
 * runs are scored once, for the chosen trial. Finished trials are kept, a stopped one is resumed.
 *
 * @throws PickbenchError BadUsage where a search of other settings is in the folder, NotFinite where no trial
 * completed, Stopped when the user asks to stop
 */
export async function search(options: SearchOptions): Promise<SearchReport> {
  const { out, overwrite } = options;
  const made = await makeFolder(out);
  try {
    return await withWholeLock(join(out, searchLock), out, async () => {
      checkOneAsked(options, "search");
      const prepared = await prepareSearch(options);
      if (overwrite) await clear(prepared, out);
      await removeTemporaries(out);
      return tryAll(prepared, options);
    });
  } finally {
    if (made !== undefined) await removeEmpty(out, made);
  }
}

/** Name of the lock of a search's folder. */
export const searchLock = "search.lock";

/** Removes a search that is there. */
export async function clear({ base }: PreparedSearch, out: string): Promise<void> {
  const made = ["trials", "plots", "best.yaml", "search.json"].map((name) => join(out, name));
  await checkStartKept(base, made);
  for (const path of made) await rm(path, { recursive: true, force: true });
}

async function tryAll(prepared: PreparedSearch, options: SearchOptions): Promise<SearchReport> {
  const { out, tellsBest, reporter } = options;
  const trials = await finishedTrials(out);
  checkSameSearch(trials, prepared, out);
  if (!options.resume && (await isFinished(prepared, options, trials))) throw finishedAlready(out, "search");
  if (trials.length > 0)
    reporter.note(`${trials.length} trials finished before; the search goes on after them`);
  while (trials.length < options.trials && !isSpent(prepared.budget, trials)) {
    trials.push(await unlessStopped(runTrial(prepared, options, trials), trials.length, options));
    await writeReport(prepared, options, trials);
    reporter.note(trialLine(trials, options.trials));
    if (tellsBest) reporter.note(bestText(trials, prepared.settings.parameters, 5));
  }
  const [best] = completedTrials(trials);
  if (!best)
    throw new PickbenchError(
      "NotFinite",
      `${out}: none of ${trials.length} trials completed (${trials[0]?.why ?? "no budget"}); search lower rates`,
      { path: out },
    );
  await writeBest(prepared, options, best);
  for (const parameter of prepared.settings.parameters)
    await writeWhole(join(out, "plots", `${parameter.path}.svg`), await parameterPlot(parameter, trials));
  await scoreHoldout(prepared, options, best);
  return writeReport(prepared, options, trials);
}

/** What search.json says of its end. */
const toldSchema = z.object({ best: z.json(), holdout: z.json() });

/** Tells whether all trials asked for are done, and the best one's held-out runs are scored. */
export async function isFinished(
  { budget, holdoutRuns }: PreparedSearch,
  { out, trials: asked }: SearchOptions,
  trials: readonly Trial[],
): Promise<boolean> {
  if (trials.length < asked && !isSpent(budget, trials)) return false;
  const path = join(out, "search.json");
  const told = await readText(path)
    .then((text) => toldSchema.parse(parseJson(text, { path })))
    .catch(() => undefined);
  return told?.best != null && (holdoutRuns.length === 0 || told.holdout !== null);
}

async function unlessStopped(
  running: Promise<Trial>,
  number: number,
  { trials }: SearchOptions,
): Promise<Trial> {
  try {
    return await running;
  } catch (error) {
    if (!isPickbenchError(error, "Stopped")) throw error;
    throw new PickbenchError(
      "Stopped",
      `stopped in trial ${trialNumber(number)} of ${trials}; the same command goes on from there`,
    );
  }
}

/** Writes the best trial's experiment under its own name, ready to run. */
async function writeBest({ base }: PreparedSearch, options: SearchOptions, best: Trial): Promise<void> {
  const { out, experiment: origin } = options;
  const experiment = withValues(base, best.values, trialName(base, "best"), origin);
  const comment = [
    `The best of a search in ${origin}: trial ${trialNumber(best.trial)}, score ${best.score!.toFixed(4)} on the tune runs it was chosen by`,
    `Command:  npx pickbench run ${join(out, "best.yaml")} --data DIR`,
  ];
  await writeWhole(join(out, "best.yaml"), experimentYaml(experiment, out, comment));
}

/** Scores the held-out runs for the chosen trial, unless they were scored before. */
async function scoreHoldout(prepared: PreparedSearch, options: SearchOptions, best: Trial): Promise<void> {
  const { out, data, engine, threads, reporter } = options;
  if (prepared.holdoutRuns.length === 0 || (await heldOut(out, best)) !== null) return;
  const folder = trialFolder(out, best.trial);
  const experiment = join(folder.path, "experiment.yaml");
  await holdoutOnly(folder, { experiment, data, engine, threads, reporter, resume: true });
}

/** Reads a trial's score on the held-out runs; null where its record has none. */
async function heldOut(out: string, { trial, state }: Trial): Promise<Holdout | null> {
  if (state !== "completed") return null;
  const folder = trialFolder(out, trial);
  const { result } = await readRecord(folder.record);
  if (result === null || !existsSync(folder.report)) return null;
  const report = await readReport(folder.report);
  const score = result.metrics.score ?? leadingScore(report);
  return score === null ? null : { trial, score, interval: report.interval };
}

async function writeReport(
  { base, settings, tuneRuns, holdoutRuns }: PreparedSearch,
  { out, budget, experiment }: SearchOptions,
  trials: readonly Trial[],
): Promise<SearchReport> {
  const [best] = completedTrials(trials);
  const seen: Holdout[] = [];
  for (const trial of trials) {
    const holdout = await heldOut(out, trial);
    if (holdout) seen.push(holdout);
  }
  const report: SearchReport = {
    searchVersion: 1,
    experiment,
    settings,
    budget: budget ?? null,
    trialBudget: base.budget,
    tuneRuns,
    holdoutRuns,
    trials,
    best: best ? { trial: best.trial, score: best.score!, values: best.values } : null,
    holdout: seen.find(({ trial }) => trial === best?.trial) ?? null,
    heldOutSeen: seen.map(({ trial }) => trial),
  };
  await writeWhole(join(out, "search.json"), `${JSON.stringify(report, null, 1)}\n`);
  return report;
}
