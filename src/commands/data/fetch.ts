/** pickbench fetch: a data set from https:// or s3:// into a folder, or the challenge's data. */
import { dirname, join } from "node:path";
import { accessFor } from "../../data/remote/access.js";
import { parseAddress } from "../../data/remote/address.js";
import { destinationIn, fetchFiles } from "../../data/remote/fetchFiles.js";
import { remoteFiles } from "../../data/remote/remoteFiles.js";
import { challengeParticles } from "../../domain/particles.js";
import { runOfPath } from "../../formats/runNames.js";
import { PickbenchError } from "../../system/errors.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable, quietOption, runNames, runsOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { challengeWord, fetchChallenge } from "./fetchChallenge.js";
import { fetchedLine } from "./fetched.js";

/** `pickbench fetch`: a data set from a server into a folder that `--data` takes. */
export const command = defineCommand({
  usage: "<url>",
  reads: ["url"],
  writes: ["out"],
  options: (argv) =>
    argv
      .positional("url", {
        type: "string",
        demandOption: true,
        describe:
          "https://HOST/PATH or s3://BUCKET/PREFIX: a copick root, an OME-Zarr store, an MRC file; or czii: the challenge's data",
      })
      .option("out", { type: "string", describe: "folder for the files" })
      .option("from", {
        choices: ["kaggle", "portal"] as const,
        describe: "czii: where from; what there is and how to get it is printed if absent",
      })
      .option("part", { choices: ["train", "test"] as const, describe: "czii: only this part" })
      .option("tomograms", {
        type: "string",
        describe: "czii: only these reconstructions, separated by commas: denoised, wbp, …",
      })
      .option("runs", runsOption)
      .option("tomogram", {
        type: "string",
        default: "VoxelSpacing10.000/denoised",
        describe: "where the server lists nothing: the tomogram of each run",
      })
      .option("quiet", quietOption)
      .option("json", { type: "boolean", default: false, describe: "print one JSON document" })
      .example("$0 fetch czii", "the challenge's data: what there is, and both ways to get it")
      .example(
        "$0 fetch czii --from kaggle --tomograms denoised --out czii",
        "its training runs and their picks, by your token of Kaggle",
      )
      .example("$0 fetch s3://BUCKET/czii/train/static --out czii", "a copick root of a public bucket")
      .example("$0 fetch https://HOST/TS_1.zarr --out DIR", "one tomogram")
      .example(
        "$0 fetch https://HOST/static --runs TS_5_4,TS_6_4 --out DIR",
        "runs of a server that lists nothing",
      ),
  async run({ url, out, runs, tomogram, from, part, tomograms, quiet, json }) {
    if (out !== undefined) await checkWritable("out", out, "folder");
    if (url === challengeWord) return fetchChallenge({ from, out, part, runs, tomograms, quiet, json });
    const foreign = Object.entries({ from, part, tomograms }).find(([, value]) => value !== undefined);
    if (foreign)
      throw new PickbenchError("BadUsage", `--${foreign[0]} belongs to fetch ${challengeWord}; leave it out`);
    if (out === undefined) throw new PickbenchError("BadUsage", "fetch wants --out; name a folder");
    const names = runs === undefined ? undefined : runNames("runs", runs);
    const [, voxelSpacing, tomoType] =
      /^VoxelSpacing(\d+(?:\.\d+)?)\/([^/]+?)(?:\.zarr)?$/.exec(tomogram) ?? [];
    if (voxelSpacing === undefined || tomoType === undefined)
      throw new PickbenchError("BadUsage", `--tomogram ${tomogram}: wanted VoxelSpacing10.000/TYPE; mend it`);
    const reporter = terminalReporter({ quiet });
    await reporter.stoppable("file", async () => {
      const picks = challengeParticles.map(({ name }) => name);
      const named = names && { runs: names, tomoType, voxelSpacing, picks };
      const all = await remoteFiles(parseAddress(url), { signal: reporter.signal }, named);
      const files = names
        ? all.filter(({ path }) => names.includes(runOfPath(dirname(path))?.run ?? ""))
        : all;
      if (files.length === 0)
        throw new PickbenchError("BadDataset", `${url}: no files of runs ${runs}; name runs that are there`);
      const isCopick = files.some(({ path }) => path.startsWith("ExperimentRuns/"));
      const folder = isCopick ? join(out, "static") : out;
      const fetched = await fetchFiles(files, destinationIn(folder), { access: accessFor(reporter) });
      report(json, { out, ...fetched }, () => `${fetchedLine(out, fetched)}; read it with --data ${out}`);
    });
  },
});
