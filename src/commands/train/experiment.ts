/** `pickbench experiment new|show`: a starter experiment with every key explained; one with all its defaults. */
import { readFile } from "node:fs/promises";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { readExperiment } from "../../train/experiment/experiment.js";
import { experimentYaml } from "../../train/experiment/experimentYaml.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable, overwriteOption, setOption } from "../shared/flags.js";

/** Beside this file, in the build too. */
const starter = new URL("./starter.yaml", import.meta.url);

export const command = defineCommand({
  usage: "<action> [file]",
  lists: ["set"],
  options: (argv) =>
    argv
      .positional("action", {
        choices: ["new", "show"] as const,
        demandOption: true,
        describe: "new writes a starter experiment, show prints one with all its defaults",
      })
      .positional("file", {
        type: "string",
        describe: "new: the YAML to write, experiment.yaml if absent; show: the YAML to read",
      })
      .option("set", setOption)
      .option("overwrite", { ...overwriteOption, describe: `${overwriteOption.describe}, of new` })
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 experiment new my.yaml", "every key with its meaning and its default")
      .example("$0 experiment show my.yaml", "what it says, all defaults filled in")
      .example("$0 experiment show my.yaml --set optimiser.rate=1e-3", "with another learning rate"),
  run: ({ action, file, set = [], overwrite, json }) =>
    action === "new" ? writeNew(file ?? "experiment.yaml", set, overwrite, json) : show(file, set, json),
});

async function writeNew(
  file: string,
  set: readonly string[],
  overwrite: boolean,
  json: boolean | undefined,
): Promise<void> {
  if (set.length > 0)
    throw new PickbenchError("BadUsage", "--set belongs to experiment show; edit the new file instead");
  await checkWritable("file", file, "file");
  await checkFree(file, overwrite, "another name");
  await writeWhole(file, await readFile(starter, "utf8"));
  report(json, { file }, () =>
    [
      `${file}: a starter experiment with every key; change what you like, leave out what you do not need`,
      `next: pickbench run ${file} --data DIR`,
    ].join("\n"),
  );
}

async function show(
  file: string | undefined,
  set: readonly string[],
  json: boolean | undefined,
): Promise<void> {
  if (file === undefined)
    throw new PickbenchError("BadUsage", "experiment show needs a FILE; name an experiment's YAML");
  const experiment = await readExperiment(file, { set });
  report(json, experiment, () => experimentYaml(experiment, ".", []).trimEnd());
}
