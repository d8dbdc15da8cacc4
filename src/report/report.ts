/**
 * The report of runs as one HTML page. The room `report` shows what runs found, where they err, and how to repeat them.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Dataset } from "../data/model.js";
import { foldsFile, readReport } from "../leaderboard/submissionFolder.js";
import { readFoldsReport } from "../score/folds.js";
import { PickbenchError } from "../system/errors.js";
import { type Reporter, silentReporter, startCounting } from "../system/reporter.js";
import { runFolder } from "../train/run/runFolder.js";
import { type HeldOut, judgeHeldOut } from "./heldOut.js";
import { type Part, page } from "./page.js";
import { marksOf } from "./pictures/marks.js";
import { readOverlays } from "./pictures/overlays.js";
import { type Pictures, renderPictures } from "./pictures/pictures.js";
import { PictureBudget } from "./pictures/slices.js";
import { openRunData, type ReportedRun, readRuns } from "./readRun.js";
import {
  compareWithFirst,
  comparisonSection,
  type JudgedRun,
  type PairedRun,
} from "./sections/comparison.js";
import { errorsSection } from "./sections/errors.js";
import { featuresSection } from "./sections/features.js";
import { foldsSection, type WholeOfFolds } from "./sections/folds.js";
import { repeatSection } from "./sections/repeat.js";
import type { Section } from "./sections/section.js";
import { slicesSection } from "./sections/slices.js";
import { summarySection } from "./sections/summary.js";
import { thresholdsSection } from "./sections/thresholds.js";
import { trainingSection } from "./sections/training.js";
import { typesSection } from "./sections/types.js";

interface ReportOptions {
  /** Folders of runs, or of folds; a folder of folds stands for all its folds. */
  readonly runs: readonly string[];
  /** Path of the data set; that of each run's record if absent. */
  readonly data: string | undefined;
  /** Å per voxel of its tomograms; that of each run's experiment, or what their files say, if absent. */
  readonly spacing?: number | undefined;
  /** Hears of data that are fetched and tomograms that are drawn; its signal ends the fetching. Silent if absent. */
  readonly reporter?: Reporter | undefined;
}

interface MadeReport {
  /** Text of the document. */
  readonly html: string;
  readonly runs: readonly ReportedRun[];
  readonly pairs: readonly PairedRun[];
}

/** Size limit of the document in bytes: what a mail or an issue accepts. */
const largest = 5e6;
/** Bytes of a run's part without pictures, as measured with six types; pictures get the rest. */
const besidesPictures = 550_000;

/**
 * Makes one page of all runs. @throws PickbenchError where a folder is not a run's, or the data are not those of the
 * runs
 */
export async function makeReport({
  runs: paths,
  data,
  spacing,
  reporter = silentReporter,
}: ReportOptions): Promise<MadeReport> {
  const runs = (await readRuns(await withFolds(paths))).map((run) =>
    spacing === undefined ? run : { ...run, tomogram: { ...run.tomogram, spacing } },
  );
  const wholes = await readWholes(paths);
  const judged = await judgeRuns(runs, data, reporter);
  const pairs = compareWithFirst(judged);
  const room = Math.max(0, 0.95 * largest - runs.length * besidesPictures) / runs.length;
  for (const bytes of room > 0 ? [room, room / 2, 0] : [0]) {
    const parts: Part[] = [];
    for (const [at, each] of judged.entries()) parts.push(await runPart(each, `run${at}`, bytes, reporter));
    if (parts.length > 1) {
      const sections = [...wholes.map(foldsSection), comparisonSection(judged, pairs)];
      parts.unshift({ id: "all", title: wholes.length > 0 ? "Together" : "Comparison", sections });
    }
    const text = await page(titleOf(runs, wholes), parts);
    if (Buffer.byteLength(text) < largest) return { html: text, runs, pairs };
  }
  throw new PickbenchError(
    "BadUsage",
    `a report of ${runs.length} runs is larger than ${largest / 1e6} MB even without pictures; give fewer`,
  );
}

/** Judges the runs whose held-out tomograms were scored for picks; runs of one data set share it. */
async function judgeRuns(
  runs: readonly ReportedRun[],
  data: string | undefined,
  reporter: Reporter,
): Promise<JudgedRun[]> {
  const opened = new Map<string, Dataset>();
  const judged: JudgedRun[] = [];
  for (const run of runs) {
    if (!run.report?.holdout) {
      judged.push({ run, heldOut: null });
      continue;
    }
    const dataset = await openRunData(run, data, reporter);
    const key = `${run.tomogram.spacing ?? ""} ${resolve(dataset.root)}`;
    const shared = opened.get(key) ?? dataset;
    opened.set(key, shared);
    judged.push({ run, heldOut: await judgeHeldOut(run, shared) });
  }
  return judged;
}

function titleOf(runs: readonly ReportedRun[], wholes: readonly WholeOfFolds[]): string {
  if (runs.length === 1) return runs[0]!.record.name;
  const names = runs.map(({ label }) => label).join(", ");
  const [whole] = wholes;
  return wholes.length === 1 && whole!.folds.folds.length === runs.length
    ? `${whole!.report.name}: ${runs.length} folds`
    : `${runs.length} runs: ${names}`;
}

/** Reads the finished ones among the folders of folds. */
async function readWholes(paths: readonly string[]): Promise<WholeOfFolds[]> {
  const wholes: WholeOfFolds[] = [];
  for (const path of paths) {
    const [folds, report] = [join(path, foldsFile), runFolder(path).report];
    if (!existsSync(folds) || !existsSync(report)) continue;
    const label = basename(resolve(path));
    wholes.push({ label, report: await readReport(report), folds: await readFoldsReport(folds) });
  }
  return wholes;
}

/** Replaces each folder of `run --folds` by its folds. */
async function withFolds(paths: readonly string[]): Promise<string[]> {
  const all = await Promise.all(
    paths.map(async (path) => {
      if (!existsSync(join(path, foldsFile))) return [path];
      const folds = (await readdir(path))
        .filter((name) => /^fold-\d+$/.test(name) && existsSync(join(path, name, "record.json")))
        .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
      return folds.length > 0 ? folds.map((name) => join(path, name)) : [path];
    }),
  );
  return all.flat();
}

async function runPart(
  { run, heldOut }: JudgedRun,
  id: string,
  bytes: number,
  reporter: Reporter,
): Promise<Part> {
  const ofHeldOut = heldOut ? bytes / 2 : 0;
  const budget = new PictureBudget(bytes - ofHeldOut);
  const sections: (Section | null)[] = [
    summarySection(run),
    featuresSection(run, await readOverlays(run, budget)),
  ];
  if (heldOut) sections.push(...(await heldOutSections(run, heldOut, ofHeldOut + budget.left, reporter)));
  sections.push(thresholdsSection(run), await trainingSection(run), repeatSection(run));
  return { id, title: run.label, sections: sections.filter((section) => section !== null) };
}

async function heldOutSections(
  run: ReportedRun,
  heldOut: HeldOut,
  bytes: number,
  reporter: Reporter,
): Promise<(Section | null)[]> {
  const drawing = startCounting(reporter, `drawing ${run.label}`, "tomograms");
  const pictures: Pictures = await renderPictures(heldOut, bytes, (done, total) => {
    if (total > 1) drawing.update(done, total);
  }).finally(drawing.stop);
  const marks = marksOf(heldOut.judged);
  return [
    slicesSection(heldOut, pictures, marks),
    await typesSection(run, heldOut, pictures, marks),
    await errorsSection(heldOut),
  ];
}
