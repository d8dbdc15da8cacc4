/** Campaigns of faults: how much they do, their seeds, and the command that repeats a trial that failed. */
import { relative } from "node:path";
import { expect } from "vitest";
import { messageOf } from "../../src/system/errors.js";

/**
 * How much a campaign does (faults that it tries, steps, tomograms): a few every time, from the first seed on, and all
 * with `npm run test:faults`.
 */
export const faults = (few: number, all: number): number =>
  process.env.PICKBENCH_FAULTS === undefined ? few : all;

/**
 * The longest that reading one small damaged file may take, in ms. This measures no speed: a sound reader takes a few
 * ms, on a busy machine some hundreds. A reader that works through a size that a file merely claims takes hours.
 */
export const longestRead = 60_000;

/** Trials that a campaign makes, by the seeds that each draws everything from. */
export interface Campaign<T extends string> {
  /** Trials every time, and with `npm run test:faults`. */
  readonly few: number;
  readonly all: number;
  /** Does the trial of this seed and returns what came of it. @throws for what must not come of it */
  trial(seed: number): Promise<T> | T;
}

/**
 * Does the trials of the seeds 1, 2, …, or that of PICKBENCH_FAULTS_SEED alone, and prints how often each outcome came.
 * All trials are done; then the test fails with the first failures, each with the command that repeats it.
 */
export async function runCampaign<T extends string>({
  few,
  all,
  trial,
}: Campaign<T>): Promise<Map<T, number>> {
  const { testPath, currentTestName = "" } = expect.getState();
  const only = process.env.PICKBENCH_FAULTS_SEED;
  const seeds =
    only === undefined ? Array.from({ length: faults(few, all) }, (_, at) => at + 1) : [Number(only)];
  const outcomes = new Map<T, number>();
  const failures: string[] = [];
  for (const seed of seeds) {
    try {
      const outcome = await trial(seed);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      const file = relative(process.cwd(), testPath ?? "");
      const again = `PICKBENCH_FAULTS_SEED=${seed} npx vitest run --project faults ${file} -t ${JSON.stringify(currentTestName)}`;
      failures.push(`seed ${seed}: ${messageOf(error)}\n  again: ${again}`);
    }
  }
  const counts = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`);
  console.log(
    `${currentTestName}: ${seeds.length} trials (seeds ${seeds[0]} to ${seeds.at(-1)}): ${counts.join(", ")}, ${failures.length} failed`,
  );
  if (failures.length > 0)
    throw new Error(
      `${failures.length} of ${seeds.length} trials failed\n${failures.slice(0, 5).join("\n")}`,
    );
  return outcomes;
}
