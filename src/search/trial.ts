/** Trials on disk: the schema of trial.json, and their folders. */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../formats/json.js";
import { PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { readText } from "../system/paths/opening.js";
import { type RunFolder, runFolder } from "../train/run/runFolder.js";
import type { Observation } from "./sampler.js";

const trialSchema = z.strictObject({
  trialVersion: z.literal(1),
  /** Hash of the settings shared by all trials of a search. */
  settingsHash: z.string(),
  trial: z.int().nonnegative(),
  /** Hash of the trial's experiment; null where its values do not go together. */
  experimentHash: z.string().nullable(),
  values: z.record(z.string(), z.json()),
  /** `stopped`: ended at a rung. `failed`: the loss was not finite, or the values do not go together. */
  state: z.enum(["running", "completed", "stopped", "failed"]),
  /** Score on the tune runs at each rung reached. */
  rungs: z.array(z.number()),
  /**
   * Score on the tune runs, of the finished training or at the rung that ended it; null while running and for a
   * failure.
   */
  score: z.number().nullable(),
  steps: z.int().nonnegative(),
  seconds: z.number().nonnegative(),
  /** Reason of a failure. */
  why: z.string().nullable(),
});

/** A trial's trial.json: its values and their result. Written at the beginning, at every rung and at the end. */
export type Trial = z.infer<typeof trialSchema>;

/** Formats a trial's number with three digits. */
export const trialNumber = (trial: number): string => String(trial).padStart(3, "0");
export const trialFolder = (out: string, trial: number): RunFolder =>
  runFolder(join(out, "trials", trialNumber(trial)));
const trialFile = (out: string, trial: number): string => join(trialFolder(out, trial).path, "trial.json");

/** Writes a trial's trial.json. */
export const writeTrial = (out: string, trial: Trial): Promise<void> =>
  writeWhole(trialFile(out, trial.trial), `${JSON.stringify(trial, null, 1)}\n`);

/** Reads the scores at the rungs of a trial; none where it was not begun. */
export const rungsSoFar = async (out: string, trial: number): Promise<number[]> =>
  existsSync(trialFile(out, trial)) ? (await readTrial(trialFile(out, trial), trial)).rungs : [];

/**
 * Reads the finished trials in order, up to the first unfinished one.
 * @throws PickbenchError BadExperiment where one cannot be read
 */
export async function finishedTrials(out: string): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (let number = 0; existsSync(trialFile(out, number)); number++) {
    const trial = await readTrial(trialFile(out, number), number);
    if (trial.state === "running") break;
    trials.push(trial);
  }
  return trials;
}

/** Reads a trial whatever its state; undefined where it has not begun. @throws PickbenchError as `finishedTrials` */
export const begunTrial = async (out: string, number: number): Promise<Trial | undefined> =>
  existsSync(trialFile(out, number)) ? readTrial(trialFile(out, number), number) : undefined;

async function readTrial(path: string, number: number): Promise<Trial> {
  try {
    const trial = trialSchema.parse(parseJson(await readText(path), { path }));
    if (trial.trial !== number) throw new TypeError(`it is of trial ${trial.trial}`);
    return trial;
  } catch (error) {
    throw new PickbenchError(
      "BadExperiment",
      `${path} is no trial's state that can be used; remove its folder, and the same command runs it again`,
      { path, cause: error },
    );
  }
}

/** Removes what a search killed while writing left beside the file to be replaced. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (/^(search\.json|best\.yaml|trial\.json|experiment\.yaml)\.\d+$/.test(name))
      await rm(join(folder, name), { force: true });
}

/** Returns a trial as the sampler sees it. */
export const observationOf = ({ values, state, rungs, score }: Trial): Observation => ({
  values,
  reached: state === "completed" ? Number.POSITIVE_INFINITY : state === "stopped" ? rungs.length : -1,
  score: score ?? 0,
});

/** Returns the completed trials, best first; of equal scores the earlier. */
export const completedTrials = (trials: readonly Trial[]): Trial[] =>
  trials
    .filter(({ state }) => state === "completed")
    .toSorted((a, b) => b.score! - a.score! || a.trial - b.trial);
