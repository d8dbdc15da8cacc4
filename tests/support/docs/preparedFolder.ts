// Fills a folder with what the commands of the documents assume to be there: tiny data, and runs of a tiny network.
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../../../src/data/dataset.js";
import { readTruth } from "../../../src/data/picks.js";
import { simulateDataset } from "../../../src/data/simulate/simulateDataset.js";
import type { ParticlePick } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { writeSubmission } from "../../../src/score/submissionCsv.js";
import { pickbench } from "../commandLine.js";
import { finishedRun } from "../finishedRun.js";
import { tinyExperiment } from "../tinyRun.js";
import { blocksOf } from "./markdown.js";

/** Tomograms of 480×640×640 Å in voxels of 20 Å. */
export const tinyVolumes = { spacing: 20, shape: [24, 32, 32] } as const;

/** Training of a run of the documents, in place of its own length. */
export const tinyBudget = "2 steps";

const counts = new Map([
  ["apo-ferritin", 6],
  ["beta-amylase", 1],
  ["beta-galactosidase", 2],
  ["ribosome", 2],
  ["thyroglobulin", 2],
  ["virus-like-particle", 1],
]);

/** Keys by which an experiment of the documents trains in a moment. */
const brief = {
  splits: { train: "rest", tune: 1, holdout: 1 },
  patch: { shape: [8, 16, 16] },
  optimiser: { rate: 1e-3, warmupSteps: 1 },
  checkpoint: { keep: true },
  predict: { tile: tinyVolumes.shape, overlap: 8 },
  picking: { thresholds: [0.1, 0.2], minVolumes: [0] },
  budget: tinyBudget,
};

/** Fills the folder, which is the current one, with data, experiments, runs and files of other programs. */
export async function prepare(): Promise<void> {
  await simulateDataset({ out: "DIR", runs: 5, ...tinyVolumes, seed: 1, part: "train", flat: true, counts });
  await simulateDataset({
    out: "TEST_DIR",
    runs: 1,
    ...tinyVolumes,
    seed: 1,
    part: "test",
    flat: true,
    counts,
  });
  await writeSubmissions();
  await writeExperiments();
  await done("run", "experiments/unet3d-baseline.yaml", "--data", "DIR", "--threads", "1");
  cpSync("runs/unet3d-baseline", "runs/unet3d-baseline-seed1", { recursive: true });
  await writeFilesOfOthers();
}

async function writeExperiments(): Promise<void> {
  mkdirSync("experiments");
  const search = { "optimiser.rate": { log: [1e-4, 1e-2] } };
  await tinyExperiment("experiments/unet3d-baseline.yaml", { ...brief, name: "unet3d-baseline" });
  await tinyExperiment("experiments/search.yaml", { ...brief, name: "search", search });
}

/** Writes submissions for DIR that find all, most, and many of its particles. */
async function writeSubmissions(): Promise<void> {
  const truth = await readTruth(await openDataset("DIR"));
  const lossy = (every: number, shift: number) =>
    new Map(
      [...truth].map(([run, picks]): [string, ParticlePick[]] => [
        run,
        picks
          .filter((_, index) => index % every !== 1)
          .map((pick) => ({ ...pick, x: angstrom(pick.x + shift) })),
      ]),
    );
  await writeSubmission("submission.csv", truth);
  await finishedRun("submissions", "compare-plain", { truth, picks: lossy(2, 0) });
  await writeSubmission("a.csv", lossy(7, 5));
  await writeSubmission("b.csv", lossy(4, 10));
  await writeSubmission("c.csv", lossy(3, -10));
}

async function writeFilesOfOthers(): Promise<void> {
  const spacings = "DIR/static/ExperimentRuns/TS_S1";
  const [spacing] = await readdir(spacings);
  await done("volume", join(spacings, spacing!, "denoised.zarr"), "tomogram.mrc");
  const bytes = readFileSync("tomogram.mrc");
  renameSync("tomogram.mrc", "tomogram.rec");
  const cell = { from: 40, to: 52 };
  writeFileSync("old.mrc", bytes.fill(0, cell.from, cell.to));
  const size = ["--spacing", "20", "--size", tinyVolumes.shape.join(",")];
  await done("convert", "a.csv", "picks.star", "--to-format", "relion4", "--run", "TS_S1", ...size);
  writeBlock("two-scale.ts", "docs/architectures.md", "ts");
  writeBlock("ranges.yaml", "docs/simulation.md", "text");
}

/** Writes the first block of a document in a language, as its readers do. */
function writeBlock(file: string, document: string, wanted: string): void {
  const [block] = blocksOf(document).filter(({ language }) => language === wanted);
  writeFileSync(file, `${block!.lines.join("\n")}\n`);
}

async function done(...args: string[]): Promise<void> {
  const { code, stderr } = await pickbench(...args);
  if (code !== 0) throw new Error(`pickbench ${args.join(" ")}: ${stderr}`);
}
