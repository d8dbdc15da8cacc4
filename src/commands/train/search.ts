/** pickbench search: values for an experiment's parameters, found by trials. */
import { join } from "node:path";
import { methods } from "../../search/sampler.js";
import { search } from "../../search/search.js";
import { searchText } from "../../search/text.js";
import { readExperiment } from "../../train/experiment/experiment.js";
import { defineCommand, report } from "../shared/command.js";
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

/** `pickbench search`: values for an experiment's parameters, found on its tune runs. */
export const command = defineCommand({
  usage: "<experiment>",
  lists: ["set"],
  reads: ["experiment", "data", "from"],
  writes: ["out"],
  writesUnasked: true,
  options: (argv) =>
    argv
      .positional("experiment", {
        type: "string",
        demandOption: true,
        describe: "the experiment's YAML, whose key search names the parameters",
      })
      .option("data", {
        type: "string",
        demandOption: true,
        describe: "the data set, as run takes it",
      })
      .option("spacing", spacingOption)
      .option("trials", { type: "number", default: 20, describe: "how many values are tried" })
      .option("budget", {
        type: "string",
        describe: 'training of all trials together, after which no new one begins: 3h, "20000 steps"',
      })
      .option("trial-budget", {
        type: "string",
        describe: 'training of one whole trial, over the experiment\'s budget: 5m, "400 steps"',
      })
      .option("method", {
        choices: methods,
        default: methods[0],
        describe: "tpe learns from earlier trials; random does not",
      })
      .option("eta", {
        type: "number",
        default: 3,
        describe:
          "after 1/eta² and 1/eta of its budget a trial goes on if it is among the best 1/eta; 1: always",
      })
      .option("seed", {
        type: "number",
        default: 0,
        describe: "of the values drawn; every training has the experiment's own",
      })
      .option("out", { type: "string", describe: "folder of the search; runs/NAME-search if absent" })
      .option("resume", {
        type: "boolean",
        default: false,
        describe: "go on with the search in the folder, finished or not; an unfinished one goes on by itself",
      })
      .option("set", setOption)
      .option("from", fromOption)
      .option("engine", engineOption)
      .option("threads", threadsOption)
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document, as in search.json" })
      .example(
        "$0 search experiments/search.yaml --data train --trials 20",
        "twenty trials; what was found is in runs/search-search/best.yaml",
      )
      .example("$0 search experiments/search.yaml --data train --trials 40", "twenty more of them"),
  async run(
    {
      experiment,
      data,
      spacing,
      trials,
      budget,
      trialBudget,
      set,
      from,
      method,
      eta,
      seed,
      resume,
      engine,
      overwrite,
      quiet,
      json,
      ...rest
    },
    making,
  ) {
    checkWhole("trials", trials, 1);
    checkSpacing(spacing);
    checkWhole("eta", eta, 1);
    checkWhole("seed", seed, 0);
    const threads = threadsOf(rest.threads);
    const { name } = await readExperiment(experiment, { budget: trialBudget, set, from });
    const out = rest.out ?? join("runs", `${name}-search`);
    making.wrote("out", out);
    await checkWritable("out", out, "folder");
    const found = await search({
      experiment,
      data,
      spacing,
      trials,
      budget,
      trialBudget,
      set,
      from,
      out,
      seed,
      method,
      eta,
      resume,
      engine,
      threads,
      overwrite,
      tellsBest: process.stderr.isTTY,
      reporter: terminalReporter({ quiet }),
    });
    report(json, found, () => searchText(found, out));
  },
});
