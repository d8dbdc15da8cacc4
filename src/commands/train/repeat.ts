/** pickbench repeat: a record run again and compared. */
import { reportedDifferenceText } from "../../leaderboard/reportedComparison.js";
import { type Repetition, repeatRun, type Sameness } from "../../train/run/repeatRun.js";
import { defineCommand, report } from "../shared/command.js";
import { allowCodeOption, checkWritable, overwriteOption, quietOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "<record>",
  lists: ["allow-code"],
  reads: ["record", "data"],
  writes: ["out"],
  options: (argv) =>
    argv
      .positional("record", {
        type: "string",
        demandOption: true,
        describe: "a record.json, or the folder of a run or submission that holds one",
      })
      .option("data", {
        type: "string",
        demandOption: true,
        describe: "the data set it was made from; a file that has changed since is refused",
      })
      .option("out", {
        type: "string",
        describe: "the repetition's folder; runs/NAME-repeat if absent",
      })
      .option("allow-code", allowCodeOption)
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 repeat submissions/quickstart --data data/train",
        "run it again and say whether checkpoint, CSV and score are the same",
      ),
  run: async ({ record, data, out, overwrite, allowCode, quiet, json }) => {
    if (out !== undefined) await checkWritable("out", out, "folder");
    const repetition = await repeatRun({
      record,
      data,
      out,
      overwrite,
      allowCode,
      reporter: terminalReporter({ quiet }),
    });
    report(json, repetition, () => repetitionText(repetition));
    if (repetition.isRepeatable && repetition.same === false) process.exitCode = 1;
  },
});

const sameness = (same: Sameness): string =>
  same === null ? "nothing to compare with" : same ? "the same" : "not the same";

function repetitionText(repetition: Repetition): string {
  const { checkpoint, submission, score } = repetition;
  const scores =
    score.before === null
      ? ""
      : ` (${score.before.toFixed(4)} before, ${score.after?.toFixed(4) ?? "none"} now)`;
  return [
    `checkpoint: ${sameness(checkpoint)}`,
    `submission.csv: ${sameness(submission)}`,
    `score: ${sameness(score.same)}${scores}`,
    ...(repetition.difference
      ? [`difference, now less before: ${reportedDifferenceText(repetition.difference)}`]
      : []),
    verdict(repetition),
    `run: ${repetition.folder}`,
  ].join("\n");
}

function verdict({ same, isRepeatable }: Repetition): string {
  if (same === null) return "The record holds nothing that the repetition could be compared with.";
  if (same) return "It is the same.";
  return isRepeatable
    ? "It is not the same, though its budget is in steps and the engine is that of the record."
    : "Its budget is in minutes, which the clock ends after other numbers of steps: it cannot be the same to the bit.";
}
