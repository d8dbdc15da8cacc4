/** Compares architectures: one recipe, one data set, several seeds, ranked by score and time. The room `compare`. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../data/dataset.js";
import type { Dataset } from "../data/model.js";
import { readRecord } from "../domain/record.js";
import { resolveEngine } from "../engines/available.js";
import type { EngineName } from "../engines/engine.js";
import type { PicksAuthor } from "../formats/copickPicks.js";
import { writeLeaderboard } from "../leaderboard/markdown.js";
import { buildNetwork } from "../nets/architecture.js";
import { architectureNamed } from "../nets/library/catalogue.js";
import { isPickbenchError, PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import type { Reporter } from "../system/reporter.js";
import { checkExperiment, experimentHash, readExperiment } from "../train/experiment/experiment.js";
import { type Experiment, truthAuthor } from "../train/experiment/schema.js";
import { meantIn } from "../train/prepare/prepare.js";
import { runExperiment } from "../train/run/runExperiment.js";
import { isBegun, type RunFolder, runFolder, withRunFolder } from "../train/run/runFolder.js";
import { checkFits, openStart } from "../train/transfer/start.js";
import { type Entrant, writeEntrant } from "./entrant.js";
import { comparisonPlot } from "./plot.js";
import {
  againstFirst,
  type CompareRow,
  type Comparison,
  type RankedRow,
  ranked,
  readResult,
  rowOf,
  type SeedResult,
} from "./result.js";
import { comparisonMarkdown } from "./table.js";
import { aisTable, timeNetwork } from "./timing.js";

/** Options of a comparison. */
export interface CompareOptions {
  readonly architectures: readonly string[];
  /** Path of the experiment that all share but for the network. */
  readonly recipe: string;
  readonly data: string;
  /** Å per voxel of all tomograms, over what their files and the recipe say. */
  readonly spacing?: number | undefined;
  readonly budget: string | undefined;
  /** KEY.PATH=VALUE each, over the recipe. */
  readonly set?: readonly string[] | undefined;
  /** What to begin with, over the recipe's: a path, or the name of a model that comes along. */
  readonly from?: string | undefined;
  readonly seeds: number;
  readonly out: string;
  readonly submissions: string;
  readonly engine: Experiment["engine"];
  readonly threads: number;
  /** How often each network is timed; 3 if absent. */
  readonly timedRuns?: number;
  /** Repeats finished runs. */
  readonly overwrite: boolean;
  /** Hears how far the work has come, and says when to stop. */
  readonly reporter: Reporter;
}

/** What is compared, checked before the first step. */
interface Prepared {
  readonly recipe: Experiment;
  readonly engine: EngineName;
  readonly entrants: readonly Entrant[];
  readonly dataset: Dataset;
}

/**
 * Checks what a comparison checks before its first step, and writes the experiments of all its runs, which other processes
 * can run each by itself: `compare` then finds them finished.
 *
 * @returns the runs that are not finished
 */
export async function planComparison(options: CompareOptions): Promise<Entrant[]> {
  const { entrants, dataset } = await prepare(options);
  const waiting: Entrant[] = [];
  for (const entrant of entrants) {
    if (options.overwrite) await clearRun(runFolder(entrant.folder));
    else if (await isFinished(entrant, dataset)) continue;
    waiting.push(entrant);
  }
  return waiting;
}

async function clearRun(folder: RunFolder): Promise<void> {
  if (existsSync(folder.path))
    await withRunFolder(folder, () => rm(folder.path, { recursive: true, force: true }));
}

async function prepare(options: CompareOptions): Promise<Prepared> {
  const given = await readExperiment(options.recipe, {
    budget: options.budget,
    set: options.set,
    spacing: options.spacing,
    from: options.from,
  });
  const { experiment: recipe, source } = await openStart(given);
  const engine = await resolveEngine(options.engine);
  options.architectures.forEach(architectureNamed);
  for (const architecture of options.architectures) if (source) await checkFits(source, { architecture });
  const entrants: Entrant[] = [];
  for (const architecture of options.architectures)
    for (let seed = 0; seed < options.seeds; seed++)
      entrants.push(await writeEntrant(recipe, architecture, seed, options.out));
  const { data, reporter } = options;
  const dataset = await openDataset(data, { reporter, spacing: recipe.data.spacing });
  return { recipe, engine, entrants, dataset };
}

/**
 * Trains and scores every architecture with every seed by one recipe on one data set, then times each. Finished runs
 * are kept, stopped ones are resumed.
 */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const { recipe, engine, entrants, dataset } = await prepare(options);
  const rows: CompareRow[] = [];
  for (const architecture of options.architectures) {
    const own = entrants.filter((entrant) => entrant.architecture === architecture);
    rows.push(await compareOne(architecture, own, engine, { ...options, dataset }));
  }
  const { machine, code, runs } = await readRecord(runFolder(entrants[0]!.folder).record);
  const comparison: Comparison = {
    recipe: recipe.name,
    budget: recipe.budget,
    engine,
    machine,
    commit: code.commit,
    holdout: runs.holdout,
    rows: await withVerdicts(
      ranked(rows),
      entrants,
      { ...options, author: truthAuthor(recipe) },
      runs.holdout,
    ),
  };
  const write = (name: string, content: string) => writeWhole(join(options.out, name), content);
  await write("comparison.json", `${JSON.stringify(comparison, null, 1)}\n`);
  await write("comparison.svg", await comparisonPlot(comparison));
  await write("comparison.md", comparisonMarkdown(comparison));
  if (existsSync(options.submissions)) await writeLeaderboard(options.submissions);
  return comparison;
}

/** Adds to each row its difference from the first row. */
async function withVerdicts(
  rows: readonly CompareRow[],
  entrants: readonly Entrant[],
  options: CompareOptions & { readonly author: PicksAuthor },
  holdout: readonly string[],
): Promise<RankedRow[]> {
  const submissions = rows.map(({ architecture }) => {
    const entrant = entrants.find((each) => each.architecture === architecture)!;
    return runFolder(entrant.folder).submission;
  });
  const verdicts = await againstFirst(submissions, options, holdout);
  return rows.map((row, i) => ({ ...row, againstFirst: verdicts[i]! }));
}

interface OpenedOptions extends CompareOptions {
  readonly dataset: Dataset;
}

async function compareOne(
  architecture: string,
  entrants: readonly Entrant[],
  engine: EngineName,
  options: OpenedOptions,
): Promise<CompareRow> {
  const seeds: SeedResult[] = [];
  for (const entrant of entrants) {
    await runEntrant(entrant, options);
    seeds.push(await readResult(entrant));
  }
  options.reporter.note(`timing ${architecture}`);
  const times = await timeNetwork(architecture, engine, options.threads, options.timedRuns);
  const { parameterCount } = buildNetwork(architectureNamed(architecture), { outputs: 1 });
  return rowOf(architecture, parameterCount, seeds, times, aisTable[architecture] ?? null);
}

async function runEntrant(entrant: Entrant, options: OpenedOptions): Promise<void> {
  const { path, architecture, seed } = entrant;
  const folder = runFolder(entrant.folder);
  if (!options.overwrite && (await isFinished(entrant, options.dataset))) {
    options.reporter.note(`${architecture}, seed ${seed}: finished before`);
    return;
  }
  options.reporter.note(`${architecture}, seed ${seed}: ${entrant.experiment.budget}`);
  const { data, engine, threads, overwrite, submissions, reporter } = options;
  const resume = !overwrite && isBegun(folder);
  const run = { experiment: path, data, engine, threads, overwrite, resume, reporter };
  try {
    await runExperiment(folder, run, submissions);
  } catch (error) {
    if (!isPickbenchError(error, "Stopped")) throw error;
    throw new PickbenchError(
      "Stopped",
      `stopped in ${architecture}, seed ${seed}; the same command goes on from there`,
    );
  }
}

/** Tells whether the run's folder holds a result of this very experiment, as it is meant in this data. */
export async function isFinished({ folder, experiment }: Entrant, dataset: Dataset): Promise<boolean> {
  const run = runFolder(folder);
  if (!isBegun(run)) return false;
  const { result, experiment: recorded } = await readRecord(run.record);
  if (result === null) return false;
  const before = experimentHash(checkExperiment(recorded.resolved, run.record));
  return before === experimentHash(await meantIn(dataset, experiment));
}
