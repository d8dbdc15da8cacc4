/** pickbench submit: predicts, picks and writes a submission CSV. */

import { submitSet } from "../../features/pick/pickAll.js";
import { featureSetHash } from "../../features/set/featureSet.js";
import { PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { ownVersion } from "../../system/version.js";
import { modelPaths } from "../../train/checkpoint/models.js";
import { detectionSettings } from "../../train/submit/detectionSettings.js";
import { openDetector } from "../../train/submit/detector.js";
import { isUnfinished, withSubmissionParts } from "../../train/submit/submissionParts.js";
import { type FailedRun, type SubmittedRun, submitAll } from "../../train/submit/submitAll.js";
import { featureSetAmong, openSet } from "../features/segmentSet.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable, threadsOf } from "../shared/flags.js";
import { planChunks } from "../shared/queue/chunks.js";
import { doQueued } from "../shared/queue/doing.js";
import { partAsked, partOption, type Queue, queueAsked, withChunkFlags } from "../shared/queue/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { engineOf, openRuns, tilingOf, toldAndNoted, withDetectorOptions } from "./detectorOptions.js";

export const command = defineCommand({
  usage: "<checkpoint..>",
  lists: ["checkpoint", "allow-code"],
  reads: ["checkpoint", "data"],
  writes: ["out"],
  options: (argv) =>
    withChunkFlags(withDetectorOptions(argv))
      .option("out", { type: "string", demandOption: true, describe: "the CSV to write" })
      .option("keep-going", {
        type: "boolean",
        describe: "leave out tomograms that cannot be read or used, and name them at the end",
      })
      .option("part", partOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 submit runs/a/best.safetensors --data test --out submission.csv",
        "the challenge's CSV for all test tomograms",
      )
      .example(
        "$0 submit a.safetensors b.safetensors --data test --out both.csv",
        "the mean of two checkpoints",
      )
      .example(
        "$0 submit a.safetensors --data test --out submission.csv --keep-going",
        "all that can be used of many; stopped, the same command goes on where it was",
      )
      .example(
        "$0 submit a.safetensors --data test --out submission.csv --queue slurm --cpus 8 --memory 16G",
        "the same by Slurm, tomograms at the same time",
      )
      .example(
        "$0 submit a.safetensors --data test --out submission.csv --devices 0,1",
        "the same on two cards of this machine",
      ),
  run: async (args, making) => {
    const { checkpoint: given, data, runs: asked, engine, out, json, ...flags } = args;
    const queue = await queueAsked(args);
    if (queue !== undefined) return submitQueued(queue, args);
    const set = featureSetAmong(given);
    if (set !== undefined) return submitFeatures(set, args);
    const checkpoint = await modelPaths(given);
    const threads = threadsOf(flags.threads);
    const tiling = tilingOf(flags);
    await checkWritable("out", out, "file");
    if (!isUnfinished(out)) await checkFree(out, flags.overwrite);
    const reporter = terminalReporter({ quiet: flags.quiet });
    const { dataset, runs } = await openRuns(data, asked, reporter, flags.spacing);
    await reporter.stoppable("tile", async () => {
      const submitted = await withSubmissionParts(out, partAsked(args), async (parts) => {
        const options = {
          engine: await engineOf(engine),
          threads,
          precision: flags.precision,
          tomogram: flags.tomogram,
          nan: flags.nan,
          tiling,
          allowCode: flags.allowCode,
          onSmallerTiles: toldAndNoted(reporter, making),
        };
        const detector = await openDetector(checkpoint, options);
        try {
          await parts.bind(
            await detectionSettings(checkpoint, detector, { ...options, spacing: flags.spacing }),
          );
          const keepGoing = flags.keepGoing === true;
          const csv = args.part ? null : out;
          return await submitAll({ detector, dataset, runs, parts, out: csv, keepGoing, reporter });
        } finally {
          await detector.close();
        }
      });
      report(json, { out, ...submitted }, () => submittedText(args, submitted.runs));
      if (!args.part && submitted.failed.length > 0) throw incomplete(out, runs.length, submitted.failed);
    });
  },
});

const submittedText = (
  { out, part }: Pick<SetArguments, "out" | "part">,
  runs: readonly Parameters<typeof line>[0][],
): string => [...runs.map(line), ...(part ? [] : [`submission: ${out}`])].join("\n");

/** Hands the tomograms out, some a task; the last task writes the CSV as the command alone does. */
async function submitQueued(
  queue: Queue,
  args: Pick<SetArguments, "data" | "out" | "overwrite" | "quiet" | "json" | "runs" | "spacing">,
): Promise<void> {
  const { data, out, overwrite, json } = args;
  await checkWritable("out", out, "file");
  if (!isUnfinished(out)) await checkFree(out, overwrite);
  const reporter = terminalReporter({ quiet: args.quiet });
  const { runs } = await openRuns(data, args.runs, reporter, args.spacing);
  await doQueued(queue, {
    command: "submit",
    out,
    overwrite,
    json,
    reporter,
    ...planChunks(queue, runs, [out]),
  });
}

type SetArguments = Parameters<typeof openSet>[2] & {
  readonly data: string;
  readonly out: string;
  readonly overwrite: boolean;
  readonly quiet: boolean;
  readonly json: boolean | undefined;
  readonly keepGoing: boolean | undefined;
  readonly part: boolean;
};

/** Submits the particles of a feature set, picked from its conditioned maps. */
async function submitFeatures(path: string, args: SetArguments): Promise<void> {
  const { data, out, json, overwrite, quiet, keepGoing } = args;
  if (keepGoing === true)
    throw new PickbenchError(
      "BadUsage",
      "--keep-going does not go with a feature set; name the runs with --runs",
    );
  await checkWritable("out", out, "file");
  if (!isUnfinished(out)) await checkFree(out, overwrite);
  const reporter = terminalReporter({ quiet });
  await reporter.stoppable("step", async () => {
    const submitted = await withSubmissionParts(out, partAsked(args), async (parts) => {
      const { sources, ...opened } = await openSet(path, data, args, reporter);
      try {
        await parts.bind({
          checkpoints: [featureSetHash(opened.set), ...sources.models.map(({ sha256 }) => sha256)],
          tomogram: args.tomogram ?? "",
          engine: opened.engine,
          threads: opened.threads,
          precision: args.precision ?? "",
          tiles: opened.settings,
          version: ownVersion(),
        });
        return await submitSet({ ...opened, sources, reporter }, parts, args.part ? null : out);
      } finally {
        await sources.close();
      }
    });
    report(json, { out, ...submitted }, () => submittedText(args, submitted.runs));
  });
}

const line = ({ run, perType }: Pick<SubmittedRun, "run" | "perType">): string =>
  `${run}: ${Object.entries(perType)
    .map(([type, count]) => `${count} ${type}`)
    .join(", ")}`;

const incomplete = (out: string, total: number, failed: readonly FailedRun[]): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${out}: ${failed.length} of ${total} tomograms are left out, ${failed
      .map(({ run, message }) => `${run} (${message})`)
      .join(", ")}; mend them and give the same command again, which keeps what is finished`,
    { path: out },
  );
