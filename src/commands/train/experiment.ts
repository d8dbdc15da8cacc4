/** `pickbench experiment new|show|diff`: writes an experiment, shows one with all its defaults, compares two. */
import { wordTable } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { readExperiment } from "../../train/experiment/experiment.js";
import { experimentYaml } from "../../train/experiment/experimentYaml.js";
import { annotatedYaml } from "../../train/experiment/shown/annotatedYaml.js";
import { experimentDifferences, valueText } from "../../train/experiment/shown/differences.js";
import { readAnyExperiment } from "../../train/run/anyExperiment.js";
import { defineCommand, report } from "../shared/command.js";
import { overwriteOption, setOption, spacingOption } from "../shared/flags.js";
import { writeNew } from "./experimentNew.js";

export const command = defineCommand({
  usage: "<action> [file] [other]",
  lists: ["set"],
  reads: ["data"],
  writesUnasked: true,
  options: (argv) =>
    argv
      .positional("action", {
        choices: ["new", "show", "diff"] as const,
        demandOption: true,
        describe:
          "new writes an experiment, show prints one with all its defaults, diff prints the keys in which two differ",
      })
      .positional("file", {
        type: "string",
        describe:
          "new: the YAML to write, experiment.yaml if absent; show and diff: a YAML, a record.json, a run's folder or a checkpoint",
      })
      .positional("other", { type: "string", describe: "diff: what is compared with it" })
      .option("data", { type: "string", describe: "new: the data set that the experiment is to fit" })
      .option("spacing", { ...spacingOption, describe: `new: ${spacingOption.describe}` })
      .option("network", { type: "string", describe: "new: an architecture; pickbench nets lists them" })
      .option("types", {
        type: "string",
        describe: "new: particle types to learn, separated by commas; all that have picks if absent",
      })
      .option("features", {
        type: "string",
        describe:
          "new: segmentations to learn, separated by commas; none if absent, or all where nobody picked anything",
      })
      .option("budget", { type: "string", describe: 'new: length of training: 20m, 1.5h, "3000 steps"' })
      .option("set", { ...setOption, describe: `show: ${setOption.describe}` })
      .option("plain", { type: "boolean", default: false, describe: "show: without a word on each key" })
      .option("overwrite", { ...overwriteOption, describe: `${overwriteOption.describe}, of new` })
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 experiment new my.yaml --data train", "an experiment that fits a data set, ready to run")
      .example("$0 experiment new my.yaml", "every key with its meaning and its default")
      .example("$0 experiment show my.yaml", "what it says, all defaults filled in, what is changed marked")
      .example("$0 experiment show my.yaml --set optimiser.rate=1e-3", "with another learning rate")
      .example("$0 experiment diff my.yaml runs/my-experiment", "what has changed since that run"),
  run: async ({ action, file, other, set = [], plain, json, ...flags }, making) => {
    const refuse = (what: string) => new PickbenchError("BadUsage", `experiment ${action}: ${what}`);
    if (set.length > 0 && action !== "show") throw refuse("--set belongs to experiment show; leave it out");
    if (other !== undefined && action !== "diff")
      throw refuse(`takes one FILE, got ${JSON.stringify(other)} too; leave it out`);
    if (action === "new") {
      const written = file ?? "experiment.yaml";
      making.wrote("file", written);
      return writeNew(written, { ...flags, json });
    }
    if (file === undefined)
      throw refuse("needs a FILE; name an experiment's YAML, a record, run or checkpoint");
    if (action === "show") return show(file, { set, plain, json });
    if (other === undefined) throw refuse("needs two; name what it is compared with");
    return diff(file, other, json);
  },
});

interface ShowFlags {
  readonly set: readonly string[];
  readonly plain: boolean;
  readonly json: boolean | undefined;
}

async function show(file: string, { set, plain, json }: ShowFlags): Promise<void> {
  const experiment = set.length > 0 ? await readExperiment(file, { set }) : await readAnyExperiment(file);
  report(json, experiment, () =>
    (plain ? experimentYaml(experiment, ".", []) : annotatedYaml(experiment)).trimEnd(),
  );
}

/** Prints the keys that differ; the exit code is 0 whether any does or none. */
async function diff(a: string, b: string, json: boolean | undefined): Promise<void> {
  const [first, second] = [await readAnyExperiment(a), await readAnyExperiment(b)];
  const differences = experimentDifferences(first, second);
  report(json, { a, b, same: differences.length === 0, differences }, () => {
    if (differences.length === 0) return `${a} and ${b} say the same`;
    const rows = differences.map((each) => [each.key, valueText(each.a), valueText(each.b)]);
    return wordTable([["key", a, b], ...rows]);
  });
}
