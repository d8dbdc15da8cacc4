/** `pickbench workflow run|show|new|import`: steps, each a command, run as a graph. */
import { resolve } from "node:path";
import { PickbenchError } from "../../system/errors.js";
import { defineCommand, type RegisteredCommand } from "../shared/command.js";
import type { TableEntry } from "../shared/describe.js";
import { overwriteOption, quietOption } from "../shared/flags.js";
import { stepQueueFlags, withStepFlags } from "../shared/queue/flags.js";
import { catalogueOf } from "./catalogue.js";
import { importWorkflow, newWorkflow } from "./workflowNew.js";
import { runAsked } from "./workflowRun.js";
import { showAsked } from "./workflowShow.js";

/** Flags that belong to some actions alone. */
const actionsOf: Readonly<Record<string, readonly string[]>> = {
  set: ["run", "show"],
  only: ["run", "show"],
  from: ["run", "show"],
  again: ["run", "show"],
  "any-version": ["run", "show"],
  folder: ["run", "show"],
  jobs: ["run"],
  ...Object.fromEntries(stepQueueFlags.map((flag) => [flag, ["run"]])),
  "dry-run": ["run"],
  svg: ["show"],
  out: ["new", "import"],
};

/** @param table gives the commands that steps can be */
export const workflowOf = (table: () => Readonly<Record<string, TableEntry>>): RegisteredCommand =>
  defineCommand({
    usage: "<action> [file]",
    lists: ["set", "only", "from", "again"],
    reads: ["file"],
    writes: ["out", "svg"],
    options: (argv) =>
      withStepFlags(
        argv
          .positional("action", {
            choices: ["run", "show", "new", "import"] as const,
            demandOption: true,
            describe:
              "run does what is not up to date; show draws the steps; new writes a template; import reads a workflow of Scipion",
          })
          .positional("file", {
            type: "string",
            describe:
              "run and show: the workflow's YAML; new: a template's name, all are listed if absent; import: Scipion's .json or .json.template",
          })
          .option("set", {
            ...stepsOption,
            describe: "run, show: a field's value, as in data=train; may be given again",
          })
          .option("jobs", {
            type: "number",
            describe: "run: most steps at a time; 2 if absent, and in Slurm as many as can begin",
          })
          .option("only", { ...stepsOption, describe: "run, show: only this step; may be given again" })
          .option("from", {
            ...stepsOption,
            describe: "run, show: only this step and those that need it; may be given again",
          })
          .option("again", {
            ...stepsOption,
            describe: "run, show: this step, even if it is up to date; may be given again",
          })
          .option("any-version", {
            type: "boolean",
            default: false,
            describe: "run, show: what another version of pickbench made is up to date too",
          })
          .option("dry-run", {
            type: "boolean",
            default: false,
            describe: "run: say what would be done, and do nothing",
          }),
      )
        .option("folder", {
          type: "string",
          describe:
            "run, show: the folder that the workflow's paths are relative to; where you are, if absent",
        })
        .option("svg", { type: "string", describe: "show: file for a drawing of the steps" })
        .option("out", {
          type: "string",
          describe: "new, import: the YAML to write; the template's or the file's name .yaml if absent",
        })
        .option("overwrite", {
          ...overwriteOption,
          describe: `${overwriteOption.describe}: new, import and --svg; run: what others left where steps write`,
        })
        .option("quiet", quietOption)
        .option("json", { type: "boolean", describe: "print one JSON document" })
        .example("$0 workflow new", "the templates, with their fields")
        .example("$0 workflow new consensus --out mine.yaml", "one of them, to change")
        .example("$0 workflow show mine.yaml --set data=train --svg mine.svg", "what it would do, and why")
        .example(
          "$0 workflow run mine.yaml --set data=train",
          "does what is not up to date; stopped, it goes on",
        )
        .example(
          "$0 workflow run mine.yaml --set data=train --queue slurm --cpus 8 --memory 16G",
          "steps as tasks of Slurm",
        ),
    run: async ({ action, file, folder, ...flags }) => {
      checkFlags(action, { ...flags, folder, "dry-run": flags.dryRun, "any-version": flags.anyVersion });
      const catalogue = catalogueOf(table());
      if (action === "new") return newWorkflow(file, flags, catalogue);
      if (file === undefined)
        throw refuse(
          action,
          `needs a FILE; name ${action === "import" ? "Scipion's .json" : "a workflow's YAML"}`,
        );
      if (action === "import") return importWorkflow(file, flags, catalogue);
      const path = resolve(file);
      const svg = flags.svg === undefined ? undefined : resolve(flags.svg);
      if (folder !== undefined) enter(folder);
      const { queue, cpus, memory, time, partition, sbatch, profile } = flags;
      const queued = { queue, cpus, memory, time, partition, sbatch, profile };
      const asked = { ...flags, svg, shown: file, path, catalogue, queued };
      return action === "run" ? runAsked(asked) : showAsked(asked);
    },
  });

const stepsOption = { type: "string", array: true, nargs: 1 } as const;

const refuse = (action: string, what: string): PickbenchError =>
  new PickbenchError("BadUsage", `workflow ${action}: ${what}`);

/** @throws BadUsage for a flag that belongs to another action */
function checkFlags(action: string, flags: Readonly<Record<string, unknown>>): void {
  for (const [flag, actions] of Object.entries(actionsOf)) {
    const given = flags[flag];
    const isGiven = given !== undefined && given !== false;
    if (isGiven && !actions.includes(action))
      throw refuse(action, `--${flag} belongs to workflow ${actions.join(" and ")}; leave it out`);
  }
}

function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch (error) {
    throw new PickbenchError("BadUsage", `--folder ${folder}: there is no such folder; name one`, {
      path: folder,
      cause: error,
    });
  }
}
