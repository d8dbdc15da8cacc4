/** pickbench diagnose: why picks score as they do. */
import type { Particle } from "../../domain/particles.js";
import { diagnose } from "../../score/diagnosis/diagnosis.js";
import { diagnosisText } from "../../score/diagnosis/diagnosisText.js";
import { type Lying, lyingIn, lyingText } from "../../score/diagnosis/lying.js";
import type { PicksByExperiment } from "../../score/match/positions.js";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import {
  checkSpacing,
  checkWritable,
  overwriteOption,
  quietOption,
  runsOption,
  spacingOption,
} from "../shared/flags.js";
import { readDiagnosisPicks } from "../shared/pickSources.js";
import { terminalReporter } from "../shared/terminal.js";
import { readDiagnosisTruth } from "../shared/truthSources.js";

export const command = defineCommand({
  usage: "<picks>",
  reads: ["picks", "truth", "labels"],
  writes: ["out"],
  options: (argv) =>
    argv
      .positional("picks", {
        type: "string",
        demandOption: true,
        describe: "what pick wrote, any copick folder or configuration, or a submission CSV (no confidences)",
      })
      .option("truth", {
        type: "string",
        demandOption: true,
        describe: "a data set with picks, a copick configuration, or a CSV with the submission's columns",
      })
      .option("runs", runsOption)
      .option("spacing", spacingOption)
      .option("user", {
        type: "string",
        describe: "copick user of the picks; pickbench's own if there are any",
      })
      .option("session", { type: "string", describe: "copick session of the picks, where there are several" })
      .option("labels", {
        type: "string",
        describe: "what segment --labels wrote: which features the false picks lie in",
      })
      .option("out", { type: "string", describe: "write everything to this file as JSON" })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print everything as one JSON document" })
      .example(
        "$0 diagnose picks --truth data/train",
        "confidences, displacement, confusion and where misses lie, per type",
      )
      .example(
        "$0 diagnose picks --truth data/train --runs TS_5_4,TS_6_6 --out diagnosis.json",
        "of two runs, with all curves and the worst misses in a file",
      )
      .example("$0 diagnose submission.csv --truth data/train", "what can be told without confidences"),
  run: async ({ picks: picksPath, truth: truthPath, runs, user, session, out, json, ...flags }) => {
    const { spacing } = flags;
    checkSpacing(spacing);
    if (out !== undefined) {
      await checkWritable("out", out, "file");
      await checkFree(out, flags.overwrite);
    }
    const reporter = terminalReporter({ quiet: flags.quiet });
    const { truth, particles, extents } = await readDiagnosisTruth(truthPath, {
      asked: runs,
      spacing,
      reporter,
    });
    const author = {
      ...(user === undefined ? {} : { userId: user }),
      ...(session === undefined ? {} : { sessionId: session }),
    };
    const picks = await readDiagnosisPicks(picksPath, { truth, particles, author, reporter });
    const lying =
      flags.labels === undefined ? undefined : await lyingOf(flags.labels, { truth, picks, particles });
    const diagnosis = { ...diagnose(truth, picks, { particles, extents }), ...(lying ? { lying } : {}) };
    if (out !== undefined) await writeWhole(out, `${JSON.stringify(diagnosis)}\n`);
    report(json, diagnosis, () =>
      [
        diagnosisText(diagnosis),
        ...(lying ? ["", "What lies at the centres of picks", "", lyingText(lying)] : []),
        ...(out === undefined ? [] : [`diagnosis: ${out}`]),
      ].join("\n"),
    );
  },
});

/** Counts picks by the feature in which they lie. */
async function lyingOf(
  folder: string,
  of: {
    readonly truth: PicksByExperiment;
    readonly picks: PicksByExperiment;
    readonly particles: readonly Particle[];
  },
): Promise<Readonly<Record<string, Lying>>> {
  const { openLabels, placesIn } = await import("../../features/judge/labels.js");
  const places = await placesIn(await openLabels(folder), [...of.truth.keys()]);
  if (places.size === 0)
    throw new PickbenchError(
      "BadUsage",
      `--labels ${folder} has labels of none of the truth's runs; segment those`,
    );
  return lyingIn(of.truth, of.picks, places, of.particles);
}
