/** Flags of the commands that run an experiment. */
import { join } from "node:path";
import type { Argv } from "yargs";
import { readSearched, runName } from "../../train/experiment/experiment.js";
import type { Experiment } from "../../train/experiment/schema.js";
import type { RunOptions } from "../../train/prepare/prepare.js";
import { type RunFolder, runFolder } from "../../train/run/runFolder.js";
import {
  checkSpacing,
  checkWhole,
  checkWritable,
  engineOption,
  fromOption,
  overwriteOption,
  quietOption,
  setOption,
  spacingOption,
  threadsOf,
  threadsOption,
} from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { printBanner } from "./banner.js";

/** The flags that `run`, `train` and `tune` share. */
export const withRunOptions = (argv: Argv) =>
  argv
    .positional("experiment", { type: "string", demandOption: true, describe: "the experiment's YAML" })
    .option("data", {
      type: "string",
      demandOption: true,
      describe:
        "the data set: a folder with static/ and overlay/, one with train/ inside, or a copick configuration",
    })
    .option("spacing", spacingOption)
    .option("out", { type: "string", describe: "the run's folder; runs/NAME, or runs/NAME-seedN, if absent" })
    .option("seed", { type: "number", describe: "over the experiment's seed" })
    .option("budget", {
      type: "string",
      describe: 'length of training, over the experiment\'s: 20m, 1.5h, "3000 steps"',
    })
    .option("set", setOption)
    .option("from", fromOption)
    .option("engine", engineOption)
    .option("resume", {
      type: "boolean",
      default: false,
      describe: "go on with the run in the folder, finished or not; an unfinished one goes on by itself",
    })
    .option("overwrite", overwriteOption)
    .option("threads", threadsOption)
    .option("quiet", quietOption)
    .option("json", { type: "boolean", describe: "print one JSON document" });

interface RunArguments {
  readonly experiment: string;
  readonly data: string;
  readonly spacing: number | undefined;
  readonly out: string | undefined;
  readonly seed: number | undefined;
  readonly budget: string | undefined;
  readonly set: readonly string[] | undefined;
  readonly from: string | undefined;
  readonly engine: (typeof engineOption.choices)[number] | undefined;
  readonly resume: boolean;
  readonly overwrite: boolean;
  readonly threads: number | undefined;
  readonly quiet: boolean;
  readonly json: boolean | undefined;
}

/** What the flags mean. */
export interface RunCall {
  readonly folder: RunFolder;
  readonly options: RunOptions;
  readonly experiment: Experiment;
}

/** @param ending of the folder's name where none is given */
export async function runOptionsOf(
  args: RunArguments,
  ending: (experiment: Experiment) => string = () => "",
): Promise<RunCall> {
  checkWhole("seed", args.seed, 0);
  const threads = threadsOf(args.threads);
  const { set, from } = args;
  checkSpacing(args.spacing);
  const { spacing } = args;
  const overrides = { seed: args.seed, budget: args.budget, set, spacing, from };
  const { experiment: checked, parameters } = await readSearched(args.experiment, overrides);
  const reporter = terminalReporter({ quiet: args.quiet });
  if (parameters)
    reporter.note(
      `${args.experiment}: its search is left to pickbench search; the values that stand there are taken`,
    );
  const { experiment, data, seed, budget, engine, resume, overwrite } = args;
  const options = {
    experiment,
    data,
    spacing,
    seed,
    budget,
    set,
    from,
    engine,
    resume,
    overwrite,
    threads,
    reporter,
  };
  const onPrepared = args.quiet || args.json ? undefined : printBanner;
  const folder = runFolder(args.out ?? join("runs", `${runName(checked)}${ending(checked)}`));
  await checkWritable("out", folder.path, "folder");
  return { folder, options: { ...options, onPrepared }, experiment: checked };
}
