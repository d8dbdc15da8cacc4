/** pickbench quickstart: the whole chain on a small simulated data set. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rangesSchema } from "../../data/simulate/rangesFile.js";
import { simulateDataset } from "../../data/simulate/simulateDataset.js";
import { readRecord } from "../../domain/record.js";
import type { Shape3 } from "../../domain/volume.js";
import { fixed } from "../../present/text.js";
import { makeReport } from "../../report/report.js";
import { runReportText } from "../../score/report.js";
import { PickbenchError } from "../../system/errors.js";
import { shellWord, writeWhole } from "../../system/files.js";
import type { Reporter } from "../../system/reporter.js";
import { readExperiment } from "../../train/experiment/experiment.js";
import type { Experiment } from "../../train/experiment/schema.js";
import { type RunResult, runExperiment } from "../../train/run/runExperiment.js";
import { type RunFolder, runFolder } from "../../train/run/runFolder.js";
import { isScored } from "../../train/run/standing.js";
import { defineCommand, report } from "../shared/command.js";
import {
  checkWhole,
  checkWritable,
  overwriteOption,
  quietOption,
  threadsOf,
  threadsOption,
} from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { Guide } from "./guide.js";

const packaged = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const recipe = packaged("experiments/quickstart.yaml");

/** As many particles in each, so that no held-out phantom has too few to be judged by. */
const phantoms = {
  runs: 5,
  /** Not that of `simulate`: the network that the recipe begins with was trained on phantoms of those names. */
  prefix: "TS_Q",
  shape: [48, 160, 160] as Shape3,
  spacing: 10.012444196428572,
  counts: new Map([
    ["apo-ferritin", 12],
    ["beta-amylase", 3],
    ["beta-galactosidase", 6],
    ["ribosome", 9],
    ["thyroglobulin", 8],
    ["virus-like-particle", 4],
  ]),
  densities: packaged("models/densities"),
  /** Those of one laboratory on good days: five tomograms alike, clear enough for a training of a minute. */
  ranges: rangesSchema.parse({
    optics: { defocus: [25_000, 40_000], bFactor: [300, 800], phaseFlip: 1 },
    tilts: {
      ...{ lowest: [-60, -55], highest: [55, 60], step: 3, order: ["symmetric"], dose: [100, 140] },
      ...{ misalignment: [0, 6], angleError: [0, 0.2], defocusError: [0, 500] },
    },
    noise: { amount: [2, 3], bFactor: [800, 1500], unevenness: [0.3, 1], unevenLength: [300, 600] },
    denoiser: { kinds: ["wiener"], cut: [30, 40], lift: [0.5, 1.3], liftLength: [120, 200] },
    distractors: { kinds: [4, 8], perParticle: [0.5, 1.5] },
    flexibility: { bend: [0, 3], missing: [0, 0.03] },
    negatives: { vesicles: 0.3, gold: 0.3, carbon: 0 },
  }),
};

/** What lies in the folder of a quickstart. */
const placesIn = (out: string) => ({
  data: join(out, "phantoms"),
  folder: runFolder(join(out, "run")),
  submissions: join(out, "submissions"),
  page: join(out, "report.html"),
});
type Places = ReturnType<typeof placesIn>;

export const command = defineCommand({
  usage: "",
  writes: ["out"],
  options: (argv) =>
    argv
      .option("out", {
        type: "string",
        default: "quickstart",
        describe: "folder for the phantoms, the run, the submission and the report",
      })
      .option("seed", { type: "number", default: 0, describe: "of the phantoms and the training" })
      .option("budget", {
        type: "string",
        describe: 'length of training, over the recipe\'s: "200 steps", 5m',
      })
      .option("overwrite", overwriteOption)
      .option("threads", threadsOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 quickstart", "simulate, train, pick, submit, score and report, in a minute or two"),
  run: async ({ out, seed, budget, overwrite, quiet, json, ...flags }) => {
    checkWhole("seed", seed, 0);
    const threads = threadsOf(flags.threads);
    const experiment = await readExperiment(recipe, { seed, budget });
    await checkWritable("out", out, "folder");
    const places = placesIn(out);
    const { data, folder, submissions, page } = places;
    const isBegun = !overwrite && existsSync(folder.record);
    if (isBegun) await checkBegun(out, places, experiment);
    const reporter = terminalReporter({ quiet });
    const guide = new Guide(quiet ? () => {} : reporter.note, phantoms.shape);
    const isThere = isBegun && existsSync(join(data, "train", "phantom.json"));
    guide.begin(out, data, isThere, overwrite);
    if (!isThere) await guide.timed("simulate", () => simulate(data, seed, reporter));
    const options = { experiment: recipe, data: resolve(data), seed, budget, threads, reporter };
    const result = await runExperiment(
      folder,
      {
        ...{ ...options, resume: false, overwrite },
        onStage: (stage) => guide.stage(stage),
        onPrepared: isBegun ? undefined : (prepared) => guide.announce(prepared),
      },
      submissions,
    );
    guide.stage("report");
    await guide.timed("report", () => writeReport(folder, page, reporter));
    const durations = guide.durations(result.durations);
    report(json, { data, folder: folder.path, page, ...guide.expected, ...result, durations }, () =>
      [
        runReportText(result.report),
        timesText(durations),
        ...placesText(places, result),
        "",
        ...nextText(places),
      ].join("\n"),
    );
  },
});

/**
 * Lets a quickstart that was stopped go on. @throws PickbenchError BadUsage where one is finished, or was begun with another
 * seed or budget
 */
async function checkBegun(
  out: string,
  { folder, submissions }: Places,
  experiment: Experiment,
): Promise<void> {
  const record = await readRecord(folder.record);
  const instead = "give --overwrite to begin anew, or another --out";
  if (record.result !== null && (await isScored(submissions)(record)))
    throw new PickbenchError(
      "BadUsage",
      `${out} already holds a finished quickstart of seed ${record.seed} with score ${fixed(record.result.metrics.score, 2)}; pickbench report ${shellWord(folder.path)} shows it; ${instead}`,
      { path: out },
    );
  const { seed } = record;
  const { budget } = record.experiment.resolved;
  if (seed === experiment.seed && budget === experiment.budget) return;
  throw new PickbenchError(
    "BadUsage",
    `${out} holds a quickstart that was stopped, of --seed ${seed} --budget "${budget}"; give these to go on with it, ${instead.replace("give ", "")}`,
    { path: out },
  );
}

/** Makes the phantoms; those of an earlier quickstart are made again, which gives the same bytes for the same seed. */
async function simulate(out: string, seed: number, reporter: Reporter): Promise<void> {
  const overwrite = existsSync(join(out, "train", "phantom.json"));
  await simulateDataset({ out, seed, ...phantoms, part: "train", preview: true, overwrite, reporter });
}

async function writeReport({ path }: RunFolder, page: string, reporter: Reporter): Promise<void> {
  const { html } = await makeReport({ runs: [path], data: undefined, reporter });
  await writeWhole(page, html);
}

const timesText = (durations: Readonly<Record<string, number>>): string => {
  const stages = Object.entries(durations).map(([stage, seconds]) => `${stage} ${fixed(seconds, 0)} s`);
  const all = Object.values(durations).reduce((sum, seconds) => sum + seconds, 0);
  return `time: ${stages.join(", ")}; ${fixed(all, 0)} s in all`;
};

const placesText = ({ data, folder, submissions, page }: Places, { report }: RunResult): string[] => [
  `report:      ${page} (open it in a browser: ${pathToFileURL(page)})`,
  `phantoms:    ${data} (pictures in preview/)`,
  `run:         ${folder.path} (record.json, log.jsonl, best.safetensors)`,
  ...(report.holdout ? [`submission:  ${folder.submission}`] : []),
  `leaderboard: ${join(submissions, "LEADERBOARD.md")}`,
];

const nextText = ({ folder }: Places): string[] => [
  "next, with your own tomograms in DIR (docs/data.md says which folders are understood):",
  "  pickbench inspect --data DIR                                   # are they whole, what do they hold",
  "  pickbench experiment new mine.yaml --data DIR                  # an experiment that fits them",
  "  pickbench run mine.yaml --data DIR --from solution --budget 20m",
  `  pickbench submit ${shellWord(folder.best)} --data DIR --out found.csv   # this network, as it is`,
];
