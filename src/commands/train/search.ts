/** pickbench search: values for an experiment's parameters, found by trials. */
import { join } from "node:path";
import { planWaves, runOneTrial, type Wave } from "../../search/oneTrial.js";
import { methods } from "../../search/sampler.js";
import { search } from "../../search/search.js";
import type { SearchOptions } from "../../search/settings.js";
import { searchText } from "../../search/text.js";
import type { Trial } from "../../search/trial.js";
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
import { checkIdle, doQueued } from "../shared/queue/doing.js";
import { type Queue, queueAsked, withQueueFlags } from "../shared/queue/flags.js";
import { planStages } from "../shared/queue/stages.js";
import { ownArguments, taskArguments } from "../shared/queue/taskArguments.js";
import { terminalReporter } from "../shared/terminal.js";

/** `pickbench search`: values for an experiment's parameters, found on its tune runs. */
export const command = defineCommand({
  usage: "<experiment>",
  lists: ["set"],
  reads: ["experiment", "data", "from"],
  writes: ["out"],
  writesUnasked: true,
  options: (argv) =>
    withQueueFlags(argv)
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
      .option("only-trial", {
        type: "number",
        describe:
          "this trial alone, from 0, while other processes do others; without it, the last call goes on from them",
      })
      .option("pause-at", {
        type: "number",
        describe: "with --only-trial: stop at this rung, from 0, where trials are compared",
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
      .example("$0 search experiments/search.yaml --data train --trials 40", "twenty more of them")
      .example(
        "$0 search experiments/search.yaml --data train --queue slurm --cpus 8",
        "by Slurm: the first eight trials at the same time, each later one after those before it",
      ),
  async run(given, making) {
    const { trials, spacing, eta, seed, onlyTrial, pauseAt, quiet, json } = given;
    const queue = await queueAsked(given);
    checkWhole("only-trial", onlyTrial, 0);
    checkWhole("pause-at", pauseAt, 0);
    checkWhole("trials", trials, 1);
    checkSpacing(spacing);
    checkWhole("eta", eta, 1);
    checkWhole("seed", seed, 0);
    const threads = threadsOf(given.threads);
    const { experiment, trialBudget, set, from } = given;
    const { name } = await readExperiment(experiment, { budget: trialBudget, set, from });
    const out = given.out ?? join("runs", `${name}-search`);
    making.wrote("out", out);
    await checkWritable("out", out, "folder");
    const options: SearchOptions = {
      ...given,
      out,
      threads,
      tellsBest: process.stderr.isTTY,
      reporter: terminalReporter({ quiet }),
    };
    if (onlyTrial !== undefined) {
      const trial = await runOneTrial(options, onlyTrial, pauseAt);
      return report(json, trial ?? null, () => trialText(onlyTrial, trial));
    }
    if (queue !== undefined) return searchQueued(queue, options, json);
    const found = await search(options);
    report(json, found, () => searchText(found, out));
  },
});

const trialText = (number: number, trial: Trial | undefined): string =>
  trial === undefined
    ? `trial ${number} waits at its rung`
    : `trial ${number}: ${trial.state}, ${trial.score ?? trial.why}`;

/** Hands trials out, a stage for each wave; the last task goes on from them as the command alone does. */
async function searchQueued(queue: Queue, options: SearchOptions, json: boolean | undefined): Promise<void> {
  const { out, overwrite = false, reporter } = options;
  if (overwrite) await checkIdle(out);
  const waves = await planWaves(options);
  const given = ownArguments();
  const without = { overwrite: true, resume: true, json: true };
  const { threads } = queue;
  const stages = waves.map((wave) => ({
    name: nameOf(wave),
    tasks: wave.trials.map((trial) => ({
      name: nameOf({ ...wave, trials: [trial] }),
      argv: taskArguments(given, {
        without,
        add: { "only-trial": trial, "pause-at": wave.pauseAt, out, threads },
      }),
      outputs: [],
    })),
  }));
  const argv = taskArguments(given, { without: { overwrite: true }, add: { out, threads, resume: true } });
  const last = { name: "joining", argv, outputs: [join(out, "search.json")] };
  const planned = planStages([...stages, { name: "joining", tasks: [last] }]);
  await doQueued(queue, { command: "search", out, overwrite, json, reporter, ...planned });
}

function nameOf({ trials: [first, ...others], pauseAt }: Wave): string {
  const trials = others.length === 0 ? `trial ${first}` : `trials ${first} to ${others.at(-1)}`;
  return pauseAt === undefined ? trials : `${trials} to rung ${pauseAt}`;
}
