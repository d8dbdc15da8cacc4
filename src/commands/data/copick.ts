/** pickbench copick: a copick configuration of a data set. */
import { basename } from "node:path";
import { openDataset } from "../../data/dataset.js";
import { copickProject, objectsOf } from "../../data/layouts/copickProject.js";
import { pickedTypes } from "../../data/picks.js";
import { plural } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import { checkSpacing, checkWritable, overwriteOption, quietOption, withDataset } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

/** `pickbench copick`: a data set as a copick project, for copick's own tools and the viewers that read it. */
export const command = defineCommand({
  usage: "",
  reads: ["data"],
  writes: ["out"],
  options: (argv) =>
    withDataset(argv)
      .option("out", { type: "string", demandOption: true, describe: "the configuration to write (JSON)" })
      .option("name", { type: "string", describe: "of the project; the data set's folder if absent" })
      .option("session", { type: "string", default: "0", describe: "session id of new picks" })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", default: false, describe: "print the configuration" })
      .example("$0 copick --data czii/train --out copick.json", "the challenge's data for copick"),
  async run({ data, part, spacing, out, name, session, overwrite, quiet, json }) {
    checkSpacing(spacing);
    if (!/^[A-Za-z0-9.-]+$/.test(session))
      throw new PickbenchError(
        "BadUsage",
        `--session is ${JSON.stringify(session)}, wanted letters, digits, dots and dashes, of which copick makes file names; choose another`,
      );
    await checkWritable("out", out, "file");
    await checkFree(out, overwrite);
    const dataset = await openDataset(data, { part, spacing, reporter: terminalReporter({ quiet }) });
    const picked = await pickedTypes(dataset);
    const { known, unknown } = objectsOf(dataset, picked);
    const project = copickProject(dataset, {
      name: name ?? basename(dataset.root),
      description: plural(dataset.runs.length, "run"),
      sessionId: session,
      picked,
    });
    await writeWhole(out, `${JSON.stringify(project, null, 2)}\n`);
    report(json, project, () =>
      [
        `${out}: ${plural(dataset.runs.length, "run")}, ${plural(known.length + unknown.length, "particle")}`,
        ...known.map(
          (particle) => `  ${particle.name}: radius ${particle.radius} Å, weight ${particle.weight}`,
        ),
        ...unknown.map((name) => `  ${name}: radius null; write its radius in Å there, or take it out`),
        "edit radius, colour, label and metadata.score_weight there; every --data takes the file",
      ].join("\n"),
    );
  },
});
