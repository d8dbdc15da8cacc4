/** pickbench ensemble: one checkpoint of several. */
import { openDataset } from "../../data/dataset.js";
import { alignedTable } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { ensembleAverages, memberChoices } from "../../train/checkpoint/ensembleRecord.js";
import { modelPaths } from "../../train/checkpoint/models.js";
import { type MadeEnsemble, makeEnsemble, type TestTime } from "../../train/ensemble/makeEnsemble.js";
import { engineOf } from "../detect/detectorOptions.js";
import { defineCommand, report } from "../shared/command.js";
import {
  allowCodeOption,
  checkSpacing,
  checkWritable,
  engineOption,
  overwriteOption,
  quietOption,
  runNames,
  spacingOption,
  threadsOf,
  threadsOption,
} from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

const testTimes = {
  none: { halfTurn: false, flips: false, rotations: false },
  halfTurn: { halfTurn: true, flips: false, rotations: false },
  flips: { halfTurn: false, flips: true, rotations: false },
  rotations: { halfTurn: false, flips: false, rotations: true },
  "flips,rotations": { halfTurn: false, flips: true, rotations: true },
} as const satisfies Record<string, TestTime>;

export const command = defineCommand({
  usage: "<checkpoint..>",
  lists: ["checkpoint", "allow-code"],
  reads: ["checkpoint", "data"],
  writes: ["out"],
  selects: "tune",
  options: (argv) =>
    argv
      .positional("checkpoint", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "best.safetensors or snapshots of one run or many, or other ensembles",
      })
      .option("data", {
        type: "string",
        demandOption: true,
        describe: "a data set with picks: a folder with static/ and overlay/, or a copick configuration",
      })
      .option("spacing", spacingOption)
      .option("tune", {
        type: "string",
        demandOption: true,
        describe:
          "runs to weigh members and tune picking on, separated by commas; best ones that no member was trained on",
      })
      .option("out", { type: "string", demandOption: true, describe: "the checkpoint to write" })
      .option("average", {
        choices: ensembleAverages,
        default: "probabilities" as const,
        describe: "what members say, as probabilities or logits; or the networks' own weights (a soup)",
      })
      .option("members", {
        choices: memberChoices,
        default: "all" as const,
        describe: "all alike; greedy: one after another while the tune score rises; fit: likeliest weights",
      })
      .option("tta", {
        choices: Object.keys(testTimes) as (keyof typeof testTimes)[],
        describe: "test-time images to average over, instead of the first member's own",
      })
      .option("engine", engineOption)
      .option("threads", threadsOption)
      .option("allow-code", allowCodeOption)
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 ensemble runs/*/best.safetensors --data train --tune TS_6_6 --out ensemble.safetensors",
        "the mean of all, picked with thresholds of its own",
      )
      .example(
        "$0 ensemble a.safetensors b.safetensors --data train --tune TS_6_6 --members greedy --tta halfTurn --out both.safetensors",
        "those that help, weighed, each tomogram seen twice",
      )
      .example(
        "$0 ensemble runs/a/snapshots/*.safetensors --data train --tune TS_6_6 --average weights --out soup.safetensors",
        "a soup: one network, as fast as one",
      ),
  run: async ({
    checkpoint: given,
    data,
    tune,
    out,
    average,
    members,
    tta,
    engine,
    quiet,
    json,
    ...flags
  }) => {
    const paths = await modelPaths(given);
    const threads = threadsOf(flags.threads);
    checkSpacing(flags.spacing);
    await checkWritable("out", out, "file");
    await checkFree(out, flags.overwrite);
    const reporter = terminalReporter({ quiet });
    const dataset = await openDataset(data, { reporter, spacing: flags.spacing });
    const names = tuneRuns(data, tune, new Set(dataset.runs.map(({ name }) => name)));
    await reporter.stoppable("tomogram", async () => {
      const made = await makeEnsemble({
        paths,
        dataset,
        out,
        average,
        threads,
        reporter,
        tune: names,
        choice: members,
        testTime: tta && testTimes[tta],
        engine: await engineOf(engine),
        allowCode: flags.allowCode,
      });
      if (!json) for (const warning of made.warnings) reporter.note(`warning: ${warning}`);
      report(json, { out, ...made }, () => text(out, made));
    });
  },
});

function tuneRuns(data: string, asked: string, known: ReadonlySet<string>): string[] {
  const names = runNames("tune", asked);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return names;
  throw new PickbenchError(
    "BadUsage",
    `--tune: ${data} has no run ${JSON.stringify(unknown)}; it has ${[...known].join(", ")}`,
    { path: data },
  );
}

function text(out: string, { members, paths, tune, score, average }: MadeEnsemble): string {
  const rows = members.map(({ experiment, weight, score: alone }, m) => [
    paths[m]!,
    experiment,
    weight.toFixed(3),
    alone.toFixed(4),
  ]);
  const together = average === "weights" ? "their soup" : `mean of ${average}`;
  return [
    alignedTable([["member", "experiment", "weight", "F4"], ...rows, [together, "", "", score.toFixed(4)]]),
    "",
    `F4 on ${tune.join(", ")}, where weights and thresholds were chosen: no measure of what is better. Score runs that nothing was chosen on.`,
    `ensemble: ${out}`,
  ].join("\n");
}
