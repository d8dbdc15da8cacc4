/** pickbench report: one HTML page of one run or several. */
import { join } from "node:path";
import { bytesText } from "../../present/text.js";
import { makeReport } from "../../report/report.js";
import { writeWhole } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import { checkSpacing, checkWritable, overwriteOption, quietOption, spacingOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "<run..>",
  lists: ["run"],
  reads: ["run", "data"],
  writes: ["out"],
  writesUnasked: true,
  options: (argv) =>
    argv
      .positional("run", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "folders that run wrote; several are compared",
      })
      .option("data", {
        type: "string",
        describe: "the data set of the runs; the one that each record names, where it still is there",
      })
      .option("spacing", spacingOption)
      .option("out", {
        type: "string",
        describe: "the page to write; report.html in the run's folder, or for several runs here, if absent",
      })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 report runs/unet3d-baseline --data train", "one page to look at, which needs nothing else")
      .example(
        "$0 report runs/a runs/b --data train --out both.html",
        "two runs and their paired difference",
      ),
  run: async ({ run: paths, data, spacing, overwrite, quiet, json, ...flags }, making) => {
    checkSpacing(spacing);
    const [folder, second] = paths;
    const out = flags.out ?? (second === undefined ? join(folder!, "report.html") : "report.html");
    making.wrote("out", out);
    await checkWritable("out", out, "file");
    await checkFree(out, overwrite);
    const { html, runs, pairs } = await makeReport({
      runs: paths,
      data,
      spacing,
      reporter: terminalReporter({ quiet: quiet || json === true }),
    });
    await writeWhole(out, html);
    const bytes = Buffer.byteLength(html);
    const summaries = runs.map(({ label, folder, report: scored, missing }) => ({
      label,
      folder: folder.path,
      score: scored?.holdout?.score ?? null,
      interval: scored?.interval?.score ?? null,
      missing,
    }));
    report(json, { out, bytes, runs: summaries, comparisons: pairs }, () =>
      [
        ...summaries.map(
          ({ label, score }) => `${label}: ${score === null ? "no score" : `score ${score.toFixed(4)}`}`,
        ),
        ...summaries.flatMap(({ label, missing }) => missing.map((sentence) => `${label}: ${sentence}`)),
        `report: ${out}, ${bytesText(bytes)}`,
      ].join("\n"),
    );
  },
});
