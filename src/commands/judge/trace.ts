/** pickbench trace: the chain from an output to the raw files. */
import { extname } from "node:path";
import { sidecarOf } from "../../makings/sidecar.js";
import { drawGraph } from "../../present/graphs/drawGraph.js";
import { writeWhole } from "../../system/files.js";
import { checkApart, checkFree } from "../../system/paths/overwriting.js";
import { type Chain, traceOf } from "../../trace/chain.js";
import { chainGraph } from "../../trace/drawing.js";
import { bashScript, jsonScript } from "../../trace/script.js";
import { chainText, isBroken } from "../../trace/text.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable, overwriteOption, quietOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "<file>",
  reads: ["file"],
  writes: ["svg", "script"],
  options: (argv) =>
    argv
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: "a file or folder that pickbench wrote: a submission, a checkpoint, a run, maps, picks",
      })
      .option("svg", { type: "string", describe: "draw the chain into this file" })
      .option("script", {
        type: "string",
        describe: "write a script that makes the file again: for bash, or as data where it ends in .json",
      })
      .option("check", {
        type: "boolean",
        default: false,
        describe:
          "read the contents of all files, whatever their times say; exit code 1 where one has changed or is gone, or what notes it is broken",
      })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 trace submission.csv", "which commands made it, of what, and what has changed since")
      .example("$0 trace runs/a/best.safetensors --svg chain.svg", "a drawing of the chain")
      .example(
        "$0 trace both.csv --script again.sh",
        "then, in a folder with the raw files: bash again.sh FOLDER",
      )
      .example("$0 trace submission.csv --check", "exit code 1 where it could not be made again"),
  run: async ({ file, svg, script, check, overwrite, quiet, json }) => {
    const written = [svg, script].filter((each) => each !== undefined);
    for (const [flag, path] of Object.entries({ svg, script }))
      if (path !== undefined) await checkWritable(flag, path, "file");
    await checkApart({ svg, script }, [file, sidecarOf(file)]);
    await checkFree(written, overwrite);
    const chain = await traceOf(file, { reads: check, reporter: terminalReporter({ quiet }) });
    if (svg !== undefined) await writeWhole(svg, drawGraph(chainGraph(chain)));
    if (script !== undefined)
      await writeWhole(script, extname(script) === ".json" ? jsonScript(chain) : bashScript(chain));
    report(json, withoutRecords(chain), () =>
      [
        chainText(chain),
        ...(svg === undefined ? [] : [`drawing: ${svg}`]),
        ...(script === undefined ? [] : [`script: ${script}`]),
      ].join("\n"),
    );
    if (check && isBroken(chain)) process.exitCode = 1;
  },
});

/** A step names the file of its record, which is long. */
const withoutRecords = ({ steps, ...chain }: Chain) => ({
  ...chain,
  steps: steps.map(({ record: _, ...step }) => step),
});
