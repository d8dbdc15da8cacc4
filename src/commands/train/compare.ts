/** pickbench compare: architectures trained side by side. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CompareOptions, compare, planComparison } from "../../compare/compare.js";
import { comparisonText } from "../../compare/table.js";
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

const commonRecipe = fileURLToPath(new URL("../../../experiments/compare.yaml", import.meta.url));

/** `pickbench compare`: architectures side by side, with the same data, budget and seeds. */
export const command = defineCommand({
  usage: "<architecture..>",
  lists: ["architecture", "set"],
  reads: ["experiment", "data", "from"],
  writes: ["out"],
  options: (argv) =>
    withQueueFlags(argv)
      .positional("architecture", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "two or more of the library; `pickbench nets` lists them",
      })
      .option("data", {
        type: "string",
        demandOption: true,
        describe: "the data set: a folder with static/ and overlay/, or one with train/ inside",
      })
      .option("spacing", spacingOption)
      .option("budget", { type: "string", describe: 'training of each, over the recipe\'s: 5m, "500 steps"' })
      .option("seeds", { type: "number", default: 1, describe: "how often each is trained, from seed 0 on" })
      .option("experiment", {
        type: "string",
        describe: "the recipe all share; experiments/compare.yaml if absent",
      })
      .option("set", setOption)
      .option("from", fromOption)
      .option("out", {
        type: "string",
        default: join("runs", "compare"),
        describe: "folder for runs, table and plot",
      })
      .option("submissions", {
        type: "string",
        default: "submissions",
        describe: "folder of the leaderboard",
      })
      .option("engine", engineOption)
      .option("threads", threadsOption)
      .option("overwrite", {
        ...overwriteOption,
        describe: `${overwriteOption.describe}; else finished runs are kept, and a stopped one goes on`,
      })
      .option("quiet", quietOption)
      .option("json", { type: "boolean", default: false, describe: "print one JSON document" })
      .example(
        "$0 compare baseline plain unet --data train --budget 5m",
        "three architectures, five minutes each",
      )
      .example("$0 compare baseline dynunet --data train --seeds 3", "with the spread over three seeds")
      .example(
        "$0 compare baseline dynunet --data train --seeds 3 --queue slurm --cpus 8",
        "the six trainings at the same time, each a task of Slurm",
      ),
  async run({
    architecture,
    data,
    spacing,
    budget,
    seeds,
    experiment,
    set,
    from,
    out,
    submissions,
    engine,
    overwrite,
    quiet,
    json,
    ...flags
  }) {
    checkWhole("seeds", seeds, 1);
    checkSpacing(spacing);
    const threads = threadsOf(flags.threads);
    await checkWritable("out", out, "folder");
    await checkWritable("submissions", submissions, "folder");
    const queue = await queueAsked(flags);
    const options: CompareOptions = {
      architectures: [...new Set(architecture)],
      recipe: experiment ?? commonRecipe,
      data,
      spacing,
      budget,
      set,
      from,
      seeds,
      out,
      submissions,
      engine: engine ?? "auto",
      threads,
      overwrite,
      reporter: terminalReporter({ quiet }),
    };
    if (queue !== undefined) return compareQueued(queue, options, json);
    const comparison = await compare(options);
    report(json, comparison, () =>
      [comparisonText(comparison), "", `table and plot: ${join(out, "comparison.md")}, comparison.svg`].join(
        "\n",
      ),
    );
  },
});

/** Hands the trainings out, one a task; the last task times the networks and compares as the command alone does. */
async function compareQueued(queue: Queue, options: CompareOptions, json: boolean): Promise<void> {
  const { data, engine, out, overwrite, submissions, reporter } = options;
  if (overwrite) await checkIdle(out);
  const waiting = await planComparison(options);
  const { threads } = queue;
  const shared = [
    `--data=${data}`,
    `--submissions=${submissions}`,
    `--engine=${engine}`,
    `--threads=${threads}`,
  ];
  const tasks = waiting.map(({ architecture, seed, path, folder }) => ({
    name: `${architecture}, seed ${seed}`,
    argv: ["run", path, ...shared, `--out=${folder}`, "--resume"],
    outputs: [join(folder, "report.json")],
  }));
  const argv = taskArguments(ownArguments(), { without: { overwrite: true }, add: { threads } });
  const last = { name: "comparing", argv, outputs: [join(out, "comparison.json")] };
  const planned = planStages([
    { name: "training", tasks },
    { name: "comparing", tasks: [last] },
  ]);
  await doQueued(queue, { command: "compare", out, overwrite, json, reporter, ...planned });
}
