/** A search as text for people. */
import { alignedTable, decimals, none, seconds } from "../present/text.js";
import { intervalText } from "../score/reportText.js";
import type { SearchParameter } from "../train/experiment/searchSpace.js";
import { valueText } from "./parameters.js";
import type { SearchReport } from "./searchReport.js";
import { secondsOf } from "./settings.js";
import { completedTrials, type Trial, trialNumber } from "./trial.js";

const score = (value: number | null): string => decimals(value, 4);
const rungs = ({ rungs }: Trial): string => rungs.map((each) => each.toFixed(3)).join(" ") || none;

/** Describes the trial that just ended, and how long the remaining trials may take. */
export function trialLine(trials: readonly Trial[], total: number): string {
  const last = trials.at(-1)!;
  const left = (secondsOf(trials) / trials.length) * (total - trials.length);
  const outcome = {
    running: "running",
    completed: `tune score ${score(last.score)}`,
    stopped: `stopped after ${last.steps} steps at tune score ${score(last.score)}`,
    failed: `failed: ${last.why}`,
  }[last.state];
  const values = Object.entries(last.values).map(([path, value]) => `${path} ${valueText(value)}`);
  const rest = trials.length < total ? `; about ${seconds(left)} left` : "";
  return `trial ${trialNumber(last.trial)} (${trials.length} of ${total}): ${values.join(", ")}: ${outcome}, ${seconds(last.seconds)}${rest}`;
}

/** Formats the best completed trials as a table. */
export function bestText(
  trials: readonly Trial[],
  parameters: readonly SearchParameter[],
  most: number,
): string {
  const paths = parameters.map(({ path }) => path);
  const rows = completedTrials(trials)
    .slice(0, most)
    .map((trial) => [
      trialNumber(trial.trial),
      score(trial.score),
      rungs(trial),
      ...paths.map((path) => valueText(trial.values[path])),
    ]);
  return alignedTable([["trial", "tune score", "at rungs", ...paths], ...rows]);
}

/** Formats the end of a search. */
export function searchText(report: SearchReport, out: string): string {
  const { trials, best, settings, tuneRuns } = report;
  const count = (state: Trial["state"]) => trials.filter((trial) => trial.state === state).length;
  const steps = trials.reduce((sum, trial) => sum + trial.steps, 0);
  return [
    `${trials.length} trials by ${settings.method}: ${count("completed")} completed, ${count("stopped")} stopped early, ${count("failed")} failed; ${steps} steps in ${seconds(secondsOf(trials))}`,
    "",
    bestText(trials, settings.parameters, 5),
    "",
    `chosen: trial ${trialNumber(best!.trial)}, tune score ${score(best!.score)} on ${tuneRuns.join(", ")}. It is the highest of ${count("completed")} scores on ${tuneRuns.length === 1 ? "one run" : `${tuneRuns.length} runs`} that thresholds were fitted on too: expect less of other tomograms, and read no order into close scores`,
    ...holdoutLines(report),
    `experiment: ${out}/best.yaml; trials: ${out}/search.json; plots: ${out}/plots/`,
  ].join("\n");
}

function holdoutLines({ holdout, holdoutRuns, best, heldOutSeen }: SearchReport): string[] {
  if (!holdout) return ["no run is held out, so nothing is known but the tune score"];
  const others = heldOutSeen.filter((trial) => trial !== best!.trial).map(trialNumber);
  const interval = holdout.interval ? ` ${intervalText(holdout.interval)}` : "";
  const seen =
    others.length === 0
      ? "scored for this trial alone, after it was chosen"
      : `seen earlier for trial ${others.join(", ")} too`;
  return [`held-out ${holdoutRuns.join(", ")}: score ${score(holdout.score)}${interval}, ${seen}`];
}
