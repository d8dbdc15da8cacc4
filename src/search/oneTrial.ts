/**
 * Trials as work of their own, for several processes: which of them can be at work at the same time, and one of them. The
 * values and decisions are those of a search that tries one after another.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isPickbenchError, PickbenchError } from "../system/errors.js";
import { withPartLock, withWholeLock } from "../system/lock.js";
import { checkOneAsked } from "../system/paths/overwriting.js";
import { makeFolder } from "../train/run/runFolder.js";
import { finishedAlready } from "../train/run/standing.js";
import { rungsIn, runTrial } from "./runTrial.js";
import { independentTrials } from "./sampler.js";
import { clear, isFinished, searchLock } from "./search.js";
import { checkSameSearch, prepareSearch, type SearchOptions } from "./settings.js";
import { begunTrial, finishedTrials, type Trial } from "./trial.js";

/** Trials that can be at work at the same time. */
export interface Wave {
  readonly trials: readonly number[];
  /** Rung at which they wait for each other; undefined where they go to their end. */
  readonly pauseAt: number | undefined;
}

/**
 * Checks all that a search checks before its first trial, and divides it into waves, of which each needs all before it.
 * The first trials, whose values are drawn, wait for each other at each rung; every later one needs the results of all
 * before it. With a budget for all trials, whether one begins depends on those before it: there are no waves.
 *
 * @throws PickbenchError as `search`
 */
export async function planWaves(options: SearchOptions): Promise<Wave[]> {
  const { out, overwrite = false, trials, method, eta } = options;
  checkOneAsked(options, "search");
  const prepared = await prepareSearch(options);
  if (existsSync(out) && overwrite)
    await withWholeLock(join(out, searchLock), out, () => clear(prepared, out));
  const there = existsSync(out) ? await finishedTrials(out) : [];
  checkSameSearch(there, prepared, out);
  if (there.length > 0 && !options.resume && (await isFinished(prepared, options, there)))
    throw finishedAlready(out, "search");
  if (prepared.budget !== null) return [];
  const first = independentTrials(method, trials);
  const left = Array.from({ length: trials }, (_, trial) => trial).slice(there.length);
  const together = left.filter((trial) => trial < first);
  const rungs = rungsIn(prepared.base, eta).keys();
  const waves = [...rungs, undefined].map((pauseAt): Wave => ({ trials: together, pauseAt }));
  const later = left.filter((trial) => trial >= first);
  return [
    ...(together.length === 0 ? [] : waves),
    ...later.map((trial): Wave => ({ trials: [trial], pauseAt: undefined })),
  ];
}

/**
 * Runs one trial to its end, or to a rung, unless it is there already; trials before it must have come as far.
 *
 * @returns the trial; undefined where it waits at the rung
 * @throws PickbenchError BadUsage where trials before it are missing
 */
export async function runOneTrial(
  options: SearchOptions,
  number: number,
  pauseAt: number | undefined,
): Promise<Trial | undefined> {
  const { out } = options;
  await makeFolder(out);
  return withPartLock(join(out, searchLock), `trial-${number}`, out, async () => {
    const prepared = await prepareSearch(options);
    const begun = await Promise.all(Array.from({ length: number + 1 }, (_, at) => begunTrial(out, at)));
    checkSameSearch(
      begun.filter((trial) => trial !== undefined),
      prepared,
      out,
    );
    const there = begun[number];
    if (there !== undefined && there.state !== "running") return there;
    if (there !== undefined && pauseAt !== undefined && there.rungs.length > pauseAt) return undefined;
    const isDrawn = number < independentTrials(options.method, number + 1);
    const isComplete = (trial: Trial | undefined): boolean =>
      pauseAt === 0 || (trial !== undefined && (isDrawn || trial.state !== "running"));
    const missing = begun.slice(0, number).findIndex((trial) => !isComplete(trial));
    if (missing >= 0)
      throw new PickbenchError(
        "BadUsage",
        `${out}: trial ${number} depends on those before it, and trial ${missing} has not come so far; run that first`,
        { path: out },
      );
    const before = begun.slice(0, number).map((trial, at) => trial ?? unbegun(at));
    try {
      return await runTrial(prepared, options, before, pauseAt);
    } catch (error) {
      if (!isPickbenchError(error, "Stopped") || options.reporter.signal.aborted) throw error;
      return undefined;
    }
  });
}

/** Stands for an earlier trial that has not begun: at its first rung a trial needs no others. */
const unbegun = (trial: number): Trial => ({
  ...{ trialVersion: 1, settingsHash: "", trial, experimentHash: null, values: {}, state: "running" },
  ...{ rungs: [], score: null, steps: 0, seconds: 0, why: null },
});
