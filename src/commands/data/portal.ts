/** pickbench portal: datasets of the CryoET Data Portal, found and downloaded. */
import { accessFor } from "../../data/remote/access.js";
import { destinationIn, fetchFiles } from "../../data/remote/fetchFiles.js";
import { findDatasets, portalApi, portalFiles } from "../../data/remote/portalApi.js";
import { wordTable } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWhole, checkWritable, quietOption, runNames, runsOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { fetchedLine } from "./fetched.js";

/** `pickbench portal find|get`: datasets of the CryoET Data Portal. */
export const command = defineCommand({
  usage: "<action> [target]",
  reads: ["target"],
  writes: ["out"],
  options: (argv) =>
    argv
      .positional("action", {
        choices: ["find", "get"] as const,
        demandOption: true,
        describe: "find lists datasets, get downloads one",
      })
      .positional("target", { type: "string", describe: "of get: DATASET or DATASET/RUN, as 10440/TS_5_4" })
      .option("dataset", { type: "number", describe: "find: this number" })
      .option("organism", { type: "string", describe: "find: part of the organism's name" })
      .option("object", { type: "string", describe: "find: part of an annotated object's name" })
      .option("limit", { type: "number", default: 50, describe: "find: at most so many" })
      .option("out", { type: "string", describe: "get: folder, which --data takes afterwards" })
      .option("runs", { ...runsOption, describe: `get: ${runsOption.describe}` })
      .option("tomogram-type", {
        type: "string",
        describe: "get: only this reconstruction: denoised, wbp, …",
      })
      .option("annotations", {
        choices: ["ground-truth", "all"] as const,
        default: "ground-truth" as const,
        describe: "get: points of which annotations",
      })
      .option("api", { type: "string", default: portalApi, describe: "the GraphQL API, or a mirror of it" })
      .option("quiet", quietOption)
      .option("json", { type: "boolean", default: false, describe: "print one JSON document" })
      .example("$0 portal find --object ribosome", "datasets with annotated ribosomes")
      .example(
        "$0 portal get 10440 --runs TS_5_4 --tomogram-type denoised --out DIR",
        "one run of a dataset",
      ),
  async run(options) {
    const { json } = options;
    const reporter = terminalReporter({ quiet: options.quiet });
    await reporter.stoppable("file", async () => {
      const api = { url: options.api, signal: reporter.signal };
      if (options.action === "find") {
        checkWhole("limit", options.limit, 1);
        checkWhole("dataset", options.dataset, 1);
        const { dataset, organism, object, limit } = options;
        const found = await findDatasets(api, { dataset, organism, object, limit });
        report(json, found, () => table(found));
        return;
      }
      const { out } = options;
      if (out === undefined) throw new PickbenchError("BadUsage", "portal get wants --out; name a folder");
      await checkWritable("out", out, "folder");
      const { dataset, run } = targetOf(options.target);
      const asked = options.runs === undefined ? undefined : runNames("runs", options.runs);
      const runs = run === undefined ? asked : [run];
      const { annotations, tomogramType } = options;
      const tomoTypes = tomogramType === undefined ? undefined : [tomogramType];
      const files = await portalFiles(api, { dataset, runs, tomoTypes, annotations });
      const fetched = await fetchFiles(files, destinationIn(out), {
        access: accessFor(reporter),
        label: `dataset ${dataset}`,
      });
      report(json, { out, ...fetched }, () => `${fetchedLine(out, fetched)}; read it with --data ${out}`);
    });
  },
});

function targetOf(target: string | undefined): {
  readonly dataset: number;
  readonly run: string | undefined;
} {
  const [, dataset, run] = /^(\d{1,9})(?:\/([^/]+))?$/.exec(target ?? "") ?? [];
  if (dataset === undefined)
    throw new PickbenchError(
      "BadUsage",
      `portal get ${target ?? ""}: wanted a dataset's number, or number/RUN, as 10440/TS_5_4`,
    );
  return { dataset: Number(dataset), run };
}

function table(found: Awaited<ReturnType<typeof findDatasets>>): string {
  if (found.length === 0) return "no dataset answers that; leave a condition out";
  const rows = found.map(({ id, fileSize, organismName, title }) => [
    String(id),
    fileSize ? `${(fileSize / 1e9).toFixed(1)} GB` : "?",
    organismName ?? "?",
    title,
  ]);
  return wordTable([["id", "size", "organism", "title"], ...rows]);
}
