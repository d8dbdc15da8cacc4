/** pickbench manifest: a data set as an MLCommons Croissant manifest. */
import { basename, dirname, join, relative, resolve } from "node:path";
import { manifestFiles, writeManifest } from "../../data/croissant/write.js";
import { openDataset } from "../../data/dataset.js";
import type { Dataset } from "../../data/model.js";
import { isRemote } from "../../data/remote/address.js";
import { bytesText, plural } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import {
  checkSpacing,
  checkWritable,
  overwriteOption,
  quietOption,
  runNames,
  withDataset,
} from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "",
  lists: ["split"],
  reads: ["data"],
  writes: ["out"],
  writesUnasked: true,
  options: (argv) =>
    withDataset(argv)
      .option("out", {
        type: "string",
        describe:
          "the document to write (JSON), with its tables beside it; Croissant/metadata.json in the data set's folder if absent",
      })
      .option("license", {
        type: "string",
        demandOption: true,
        describe: "of the data: an address, such as that of a licence at spdx.org, or a name",
      })
      .option("creator", { type: "string", demandOption: true, describe: "who made the data set" })
      .option("name", { type: "string", describe: "of the data set; its folder's if absent" })
      .option("description", { type: "string", describe: "of the data set; how many runs it has if absent" })
      .option("date", { type: "string", describe: "day of publication, YYYY-MM-DD; today if absent" })
      .option("data-version", {
        type: "string",
        default: "1.0.0",
        describe: "of the data set, MAJOR.MINOR.PATCH",
      })
      .option("url", {
        type: "string",
        describe:
          "address at which the data set's folder will lie, https:// or s3://; none for data that move along",
      })
      .option("split", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "NAME=RUN,RUN: runs of a split, such as train, val or test; may be given again",
      })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", default: false, describe: "print one JSON document" })
      .example(
        "$0 manifest --data DIR --license https://spdx.org/licenses/CC0-1.0.html --creator 'A. Name'",
        "DIR/Croissant/metadata.json and its tables, with the hash of every file",
      )
      .example(
        "$0 manifest --data DIR --license CC0-1.0 --creator 'A. Name' --split train=TS_1,TS_2 --split test=TS_3 --url https://example.org/data",
        "with splits, for data that are published at an address",
      ),
  async run({ data, part, spacing, quiet, json, overwrite, ...flags }, making) {
    checkSpacing(spacing);
    checkFacts(flags);
    const reporter = terminalReporter({ quiet: quiet || json });
    const dataset = await openDataset(data, { part, spacing, reporter });
    const base = baseOf(data, dataset);
    const out = resolve(flags.out ?? join(base, "Croissant", "metadata.json"));
    checkPlace(out, base);
    await checkWritable("out", out, "file");
    const [folder, document] = [dirname(out), basename(out)];
    const files = manifestFiles(document).map((file) => join(folder, file));
    await checkFree(files, overwrite, "another --out");
    const names = dataset.runs.map(({ name }) => name);
    const { license, creator } = flags;
    const written = await writeManifest(
      dataset,
      base,
      { folder, document },
      {
        ...{ license, creator },
        name: flags.name ?? basename(base),
        description: flags.description ?? plural(names.length, "tomogram run"),
        date: flags.date ?? new Date().toISOString().slice(0, 10),
        version: flags["data-version"],
        url: flags.url?.replace(/\/+$/, ""),
        splits: splitsOf(flags.split ?? [], names),
      },
    );
    for (const file of files) making.wrote("out", file);
    const notes =
      flags.url === undefined
        ? ["Croissant wants an address of the data set: give --url where it is published"]
        : [];
    report(json, { out, ...written, notes }, () =>
      [
        `${out}: ${plural(written.runs, "run")}, ${plural(written.tomograms, "tomogram")}, ${plural(written.picks, "file")} of picks, ${plural(written.segmentations, "segmentation")}; ${plural(written.files, "file")} of ${bytesText(written.bytes)} with their hashes`,
        ...notes.map((note) => `- ${note}`),
      ].join("\n"),
    );
  },
});

const wrong = (message: string): PickbenchError => new PickbenchError("BadUsage", message);

interface GivenFacts {
  readonly date: string | undefined;
  readonly "data-version": string;
  readonly url: string | undefined;
}

function checkFacts({ date, "data-version": version, url }: GivenFacts): void {
  if (date !== undefined && !(/^\d{4}-\d{2}-\d{2}$/.test(date) && Number.isFinite(Date.parse(date))))
    throw wrong(`--date is ${date}, wanted a day like 2026-11-30`);
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw wrong(`--data-version is ${version}, wanted MAJOR.MINOR.PATCH, as in 1.0.0`);
  if (url !== undefined && !isRemote(url))
    throw wrong(
      `--url is ${url}, wanted https:// or s3://; leave it out for data that move with the manifest`,
    );
}

/** Returns the folder that holds all roots. @throws BadUsage for data that are not laid out as copick does, or lie elsewhere */
function baseOf(data: string, { root, roots, runs }: Dataset): string {
  const isBelow = (path: string) => !relative(root, path).startsWith("..");
  if (isRemote(data) || data.includes(".json"))
    throw wrong(`--data is ${data}, wanted the folder that holds static/ or overlay/; name that`);
  if (!roots.every(isBelow) || runs.some(({ sources = [] }) => sources.length > 0))
    throw wrong(
      `${data} is not in copick's layout, of which manifests are made; bring it to ExperimentRuns/RUN/… first`,
    );
  return resolve(root);
}

/** @throws BadUsage where the data would not be found from the manifest's place */
function checkPlace(out: string, base: string): void {
  if (!out.endsWith(".json")) throw wrong(`--out is ${out}, wanted a name that ends in .json`);
  if (dirname(dirname(out)) !== base)
    throw wrong(
      `--out ${out} does not lie in a folder in ${base}, from where data are found; write to ${join(base, "Croissant", "metadata.json")}`,
    );
}

/** Splits by run. @throws BadUsage for an unknown run, or one that is in two */
function splitsOf(given: readonly string[], runs: readonly string[]): Map<string, string> {
  const splits = new Map<string, string>();
  for (const text of given) {
    const [, name, list] = /^([^=,]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined) throw wrong(`--split is ${text}, wanted NAME=RUN,RUN, as in train=TS_1,TS_2`);
    for (const run of runNames("split", list!)) {
      if (!runs.includes(run))
        throw wrong(`--split ${name} names the run ${run}, wanted one of ${runs.slice(0, 20).join(", ")}`);
      if (splits.has(run)) throw wrong(`${run} is in the splits ${splits.get(run)} and ${name}; leave one`);
      splits.set(run, name.trim());
    }
  }
  return splits;
}
