/** What is about to be trained, and what to do with it afterwards: on stderr, for whoever watches. */
import { availability } from "../../engines/available.js";
import type { EngineName } from "../../engines/engine.js";
import { plural } from "../../present/text.js";
import { shellWord } from "../../system/files.js";
import { parseBudget } from "../../train/experiment/budget.js";
import { networkName } from "../../train/experiment/networkChoice.js";
import type { Experiment } from "../../train/experiment/schema.js";
import type { TrainedRun } from "../../train/fit/trainStage.js";
import type { PreparedRun } from "../../train/prepare/prepare.js";
import { parameterCount } from "../../train/run/runExperiment.js";
import type { RunFolder } from "../../train/run/runFolder.js";
import { printLine } from "../shared/print.js";
import { styleFor } from "../shared/style.js";

/** Prints engine, network, runs by role, folder and expected end. */
export async function printBanner(prepared: PreparedRun, folder: RunFolder): Promise<void> {
  const { experiment, engine, threads, splits } = prepared;
  const parameters = (await parameterCount(prepared)).toLocaleString("en");
  const rows = [
    ["experiment", `${experiment.name}, seed ${experiment.seed}`],
    ["network", `${networkName(experiment.network)}, ${parameters} parameters${perType(prepared)}`],
    ["engine", `${engine}, ${threads} threads${await whyNoCard(engine, experiment.engine)}`],
    ...rolesOf(splits, experiment),
    ["folder", folder.path],
    ...(experiment.budget === "" ? [] : [["budget", budgetText(experiment.budget, new Date())]]),
  ];
  const { faint } = styleFor(process.stderr);
  for (const [name, text] of rows as [string, string][]) printLine(`${faint(name.padEnd(10))}  ${text}`);
}

const perType = ({ networks }: PreparedRun): string =>
  networks.length < 2 ? "" : ` in ${networks.length} networks, one a type`;

/** Says why a run that might take the card is on the CPU. */
async function whyNoCard(engine: EngineName, asked: Experiment["engine"]): Promise<string> {
  if (engine !== "onnx-cpu" || asked !== "auto") return "";
  const cuda = await availability("onnx-cuda");
  return cuda.available ? "" : `; no card: ${cuda.reason} (pickbench engines says how to get it)`;
}

function rolesOf({ train, tune, holdout }: PreparedRun["splits"], { splits }: Experiment): string[][] {
  if ("folds" in splits && !("fold" in splits))
    return [["runs", `${holdout.length}, each held out by one fold`]];
  const roles = { train, tune, "held out": holdout };
  return Object.entries(roles).map(([role, runs]) => [role, runs.length === 0 ? "no run" : shortList(runs)]);
}

const shortList = (names: readonly string[]): string =>
  names.length <= 6 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;

/** The budget; of one in minutes, when training ends by the clock. */
export function budgetText(text: string, now: Date): string {
  const budget = parseBudget(text);
  if ("steps" in budget) return `${budget.steps} steps, then tuning and scoring`;
  const end = new Date(now.getTime() + budget.minutes * 60_000);
  const clock = `${String(end.getHours()).padStart(2, "0")}:${String(end.getMinutes()).padStart(2, "0")}`;
  return `${text}: training ends at about ${clock}, then tuning and scoring`;
}

interface FinishedCall {
  readonly folder: RunFolder;
  readonly options: { readonly data: string };
  readonly experiment: Experiment;
}

/**
 * Prints commands to go on with.
 *
 * @param isPicking whether the checkpoint finds particles, not features alone
 */
export function printNextSteps(
  { folder, options: { data }, experiment: { network } }: FinishedCall,
  isScored: boolean,
  isPicking: boolean,
): void {
  const { faint, bold } = styleFor(process.stderr);
  const [run, best, from] = [folder.path, folder.best, data].map(shellWord);
  const isOwnCode = typeof network === "object" && "file" in network;
  const code = isOwnCode ? ` --allow-code ${shellWord(network.file)}` : "";
  const steps = [
    ...(isScored
      ? [[`pickbench report ${run} --data ${from}`, "curves, errors and pictures on one page"]]
      : []),
    isPicking
      ? [
          `pickbench submit ${best} --data TEST_DIR --out submission.csv${code}`,
          "find particles in other tomograms",
        ]
      : [
          `pickbench predict ${best} --data TEST_DIR --out maps${code}`,
          "segment other tomograms: probabilities of the features",
        ],
  ];
  printLine(`${faint("next".padEnd(10))}`);
  for (const [command, what] of steps) printLine(`  ${bold(command!)}  ${faint(`# ${what}`)}`);
}

/** What the watching cost, to be put behind a sentence; empty where there was none. */
export const watchingText = ({ watchedShare, looks }: Pick<TrainedRun, "watchedShare" | "looks">): string =>
  watchedShare === 0
    ? ""
    : `, watching the tune runs took ${(100 * watchedShare).toFixed(1)} % (${plural(looks, "look")})`;
