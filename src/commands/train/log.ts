/** pickbench log: the logs of runs for other programs. */
import { dirname } from "node:path";
import { PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";
import {
  type LoggedRun,
  readLogs,
  sendLog,
  tableFile,
  writeRunEvents,
  writeTable,
} from "../../train/watch/sinks/exportLog.js";
import { mlflowTarget } from "../../train/watch/sinks/mlflow.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable, overwriteOption, quietOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

interface Written {
  readonly run: string;
  /** File or server. */
  readonly to: string;
}

export const command = defineCommand({
  usage: "<run..>",
  lists: ["run"],
  reads: ["run"],
  writes: ["out"],
  writesUnasked: true,
  options: (argv) =>
    argv
      .positional("run", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "folders that run or train wrote",
      })
      .option("to", {
        choices: ["tensorboard", "csv", "mlflow"] as const,
        demandOption: true,
        describe:
          "what takes the log: TensorBoard's event files, a table, or the server of MLflow that MLFLOW_TRACKING_URI names",
      })
      .option("out", {
        type: "string",
        describe: "folder to write into, by the runs' names; each run's own folder if absent",
      })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 log runs/a runs/b --to tensorboard --out events", "then: tensorboard --logdir events")
      .example("$0 log runs/a --to csv", "a table with a row a step"),
  run: async ({ run: paths, to, out, overwrite, quiet, json }, making) => {
    if (out !== undefined) await checkWritable("out", out, "folder");
    const runs = await readLogs(paths);
    const written =
      to === "mlflow" ? await send(runs, out, quiet || json === true) : await write(runs, to, out, overwrite);
    if (to !== "mlflow" && out === undefined)
      for (const { to: place } of written) making.wrote("out", to === "csv" ? place : dirname(place));
    report(json, written, () => written.map(({ run, to: place }) => `${run}: ${place}`).join("\n"));
  },
});

/** Event files that pickbench wrote are replaced unasked, as they are made of the same log. */
async function write(
  runs: readonly LoggedRun[],
  to: "tensorboard" | "csv",
  out: string | undefined,
  overwrite: boolean,
): Promise<Written[]> {
  const written: Written[] = [];
  if (to === "tensorboard") {
    for (const run of runs) written.push({ run: run.label, to: await writeRunEvents(run, out) });
    return written;
  }
  const tables = runs.map((run) => tableFile(run, out));
  await checkFree(tables, overwrite);
  for (const [at, run] of runs.entries()) {
    await writeTable(run, tables[at]!);
    written.push({ run: run.label, to: tables[at]! });
  }
  return written;
}

async function send(runs: readonly LoggedRun[], out: string | undefined, quiet: boolean): Promise<Written[]> {
  if (out !== undefined)
    throw new PickbenchError("BadUsage", "--out is of no use with --to mlflow; leave it out");
  const target = mlflowTarget(process.env);
  if (!target)
    throw new PickbenchError(
      "BadUsage",
      "the environment variable MLFLOW_TRACKING_URI names no server; set it to the address of one, such as http://127.0.0.1:5000",
    );
  const reporter = terminalReporter({ quiet });
  const written: Written[] = [];
  for (const run of runs) {
    await sendLog(run, target, reporter);
    written.push({ run: run.label, to: `${target.url}, experiment ${target.experiment}` });
  }
  return written;
}
