/** Repeats the run of a record on the same data, and compares the results bit by bit. */
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { openDataset } from "../../data/dataset.js";
import { manifestDifferences } from "../../data/manifest.js";
import { withMaskFiles } from "../../data/masks/find.js";
import type { Dataset } from "../../data/model.js";
import { foldsAsked, foldsOf, resolveSplits, type Splits } from "../../data/splits.js";
import { codeVersion, machine, versions } from "../../domain/environment.js";
import { type RunRecord, readRecord, trainedHash } from "../../domain/record.js";
import { defaultThreads, type EngineName, engineNames } from "../../engines/engine.js";
import { compareReports, type ReportedDifference } from "../../leaderboard/reportedComparison.js";
import { readReport, weightsOf } from "../../leaderboard/submissionFolder.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashFile, hashOf } from "../../system/files.js";
import { type Reporter, silentReporter } from "../../system/reporter.js";
import { allowedByRecord, type CodeLeave } from "../checkpoint/allowedCode.js";
import { parseBudget } from "../experiment/budget.js";
import { checkExperiment, experimentHash, runName } from "../experiment/experiment.js";
import { experimentFeatures } from "../experiment/features.js";
import type { Experiment } from "../experiment/schema.js";
import { furtherDifferences } from "../prepare/furtherSets.js";
import { splitsOf } from "../prepare/prepare.js";
import { runExperiment, trainOnly } from "./runExperiment.js";
import { isBegun, type RunFolder, runFolder } from "./runFolder.js";
import { runFolds } from "./runFolds.js";

interface RepeatOptions extends CodeLeave {
  /** Path of a record.json, or of the folder of a run or a submission. */
  readonly record: string;
  readonly data: string;
  /** Folder of the repetition; `runs/NAME-repeat`, or `runs/NAME-seedN-repeat`, if absent. */
  readonly out?: string | undefined;
  /** Replaces an existing run in that folder. */
  readonly overwrite: boolean;
  /** Is told what differs from the first time, before anything is run; silent if absent. */
  readonly reporter?: Reporter | undefined;
}

/** Whether a result is the same as before; null where there is nothing to compare. */
export type Sameness = boolean | null;

/** Result of a repetition, compared with the first run. */
export interface Repetition {
  readonly record: string;
  readonly folder: string;
  readonly warnings: readonly string[];
  /** False for a budget in minutes: such a run ends by the clock and cannot end in the same bits. */
  readonly isRepeatable: boolean;
  /** Whether everything that can be compared is the same. */
  readonly same: Sameness;
  readonly checkpoint: Sameness;
  readonly submission: Sameness;
  readonly score: { readonly before: number | null; readonly after: number | null; readonly same: Sameness };
  /** Score of the repetition minus the first, by paired counts; null where a report is missing or nothing differs. */
  readonly difference: ReportedDifference | null;
}

/**
 * Repeats the run of a record: same experiment, seed, engine, threads and budget, on data of the same bytes.
 *
 * @throws PickbenchError BadDataset, naming the file, where data are missing or have changed; BadExperiment where the
 * record cannot be repeated; Stopped when the user asks to stop
 */
export async function repeatRun(options: RepeatOptions): Promise<Repetition> {
  const path = await recordPath(options.record);
  const record = await readRecord(path);
  const recorded = checkRepeatable(record, path);
  const experiment = await withAllowedCode(recorded, path, options);
  const { reporter = silentReporter } = options;
  const opened = await openDataset(options.data, { reporter, spacing: experiment.data.spacing });
  const dataset = await withMaskFiles(opened, experimentFeatures(experiment));
  const added = await checkData(record, path, experiment, dataset, options);
  checkRoles(record, experiment, dataset, options.data);
  const folder = runFolder(options.out ?? join("runs", `${runName(experiment)}-repeat`));
  const resume = await mayGoOn(folder, record, path, options);
  const warnings = [...added, ...(await differencesOfCode(record, experiment))];
  for (const warning of warnings) reporter.note(`warning: ${warning}`);
  const { data, overwrite } = options;
  const resolvedEngine = engineOf(record, path);
  const threads = record.threads ?? defaultThreads(record.machine.cores);
  const run = { experiment, data, resolvedEngine, threads, resume, overwrite, reporter };
  try {
    const folds = foldsAsked(experiment.splits, undefined);
    if (folds) await runFolds(folder, { ...run, folds, submissions: null });
    else if (record.result!.durations.predict === undefined) await trainOnly(folder, run);
    else await runExperiment(folder, run, null);
  } catch (error) {
    if (!isPickbenchError(error, "Stopped")) throw error;
    throw new PickbenchError("Stopped", `stopped in ${folder.path}; the same command goes on from there`);
  }
  return compareRuns(record, path, folder, experiment, warnings);
}

async function recordPath(given: string): Promise<string> {
  const there = await stat(given).catch(() => undefined);
  return there?.isDirectory() ? join(given, "record.json") : given;
}

const refuse = (path: string, why: string): PickbenchError =>
  new PickbenchError("BadExperiment", `${path} cannot be repeated: ${why}`, { path });

function checkRepeatable(record: RunRecord, path: string): Experiment {
  if (record.result === null)
    throw refuse(path, "the run was never finished; go on with it by the command that began it");
  return checkExperiment(record.experiment.resolved, path);
}

/** Returns the experiment with the file of its network that the user allows to run. */
async function withAllowedCode(experiment: Experiment, path: string, leave: CodeLeave): Promise<Experiment> {
  const { network } = experiment;
  if (typeof network !== "object" || !("file" in network)) return experiment;
  return { ...experiment, network: { ...network, file: await allowedByRecord(path, network, leave) } };
}

function engineOf({ engine }: RunRecord, path: string): EngineName {
  const known = engineNames.find((name) => name === engine);
  if (known) return known;
  throw refuse(
    path,
    `its engine is ${engine}, wanted one of ${engineNames.join(", ")}; run it again instead`,
  );
}

/** Checks that the data are those of the record. @returns a warning for files that the record does not list */
async function checkData(
  { data: { files }, runs }: RunRecord,
  path: string,
  experiment: Experiment,
  dataset: Dataset,
  { data, reporter = silentReporter }: RepeatOptions,
): Promise<string[]> {
  const all = [...runs.train, ...runs.tune, ...runs.holdout];
  const own = { data, runs: [], ...(await manifestDifferences(dataset, all, files)) };
  const further = await furtherDifferences(experiment, files, reporter);
  const check = (place: string, names: readonly string[], what: string, remedy: string) => {
    if (names.length === 0) return;
    throw new PickbenchError(
      "BadDataset",
      `${place}: ${names[0]} ${what}${names.length > 1 ? ` and ${names.length - 1} more` : ""}; ${path} is repeated on the data it was made from alone, so ${remedy}`,
      { path: place },
    );
  };
  const every = [own, ...further];
  for (const each of every) {
    const remedy = each === own ? "restore them or give another --data" : "restore them";
    check(each.data, each.missing, "is missing", remedy);
    check(each.data, each.changed, "has changed since", remedy);
    check(each.data, each.runs, "would be trained on too", "take them out");
  }
  const added = every.flatMap((each) => each.added);
  return added.length === 0
    ? []
    : [
        `the record does not know ${added[0]}${added.length > 1 ? ` and ${added.length - 1} files more` : ""}`,
      ];
}

/**
 * Checks that every role has the same runs: a split by counts selects other runs once runs are added to the data set.
 */
function checkRoles({ runs }: RunRecord, experiment: Experiment, dataset: Dataset, data: string): void {
  const past = runs.folds ?? [runs];
  const now = rolesNow(experiment, dataset, data);
  for (const [fold, each] of past.entries())
    for (const role of ["train", "tune", "holdout"] as const) {
      const [before, after] = [each[role].toSorted().join(", "), now[fold]?.[role].join(", ") ?? ""];
      if (before !== after)
        throw new PickbenchError(
          "BadDataset",
          `${data}: ${role}${runs.folds ? ` of fold ${fold}` : ""} would be ${after || "no run"}, in the record it was ${before || "no run"}; give a folder of the runs it was made from alone`,
          { path: data },
        );
    }
}

/** Returns the runs of each role, of each fold in turn where there are several. */
function rolesNow(experiment: Experiment, dataset: Dataset, data: string): Splits[] {
  const folds = foldsAsked(experiment.splits, undefined);
  if (!folds) return [splitsOf(experiment, dataset, data)];
  const roles: Splits[] = [];
  splitsOf(experiment, dataset, data, (_, names, leastTrain) => {
    for (const spec of foldsOf(folds, names)) roles.push(resolveSplits(spec, names, leastTrain));
    return roles[0]!;
  });
  return roles;
}

/** Tells whether the folder holds a stopped repetition of this record, to be resumed. */
async function mayGoOn(
  folder: RunFolder,
  record: RunRecord,
  path: string,
  { overwrite }: RepeatOptions,
): Promise<boolean> {
  if (resolve(folder.path) === resolve(dirname(path)))
    throw new PickbenchError(
      "BadUsage",
      `${folder.path}: holds the record that is to be repeated; choose another --out`,
    );
  if (!isBegun(folder) || overwrite) return false;
  const there = await readRecord(folder.record);
  const hashIn = ({ experiment }: RunRecord, from: string) =>
    experimentHash(checkExperiment(experiment.resolved, from));
  if (there.result === null && hashIn(there, folder.record) === hashIn(record, path)) return true;
  throw new PickbenchError(
    "BadUsage",
    `${folder.path} already holds ${there.result === null ? "another run that is not finished" : "a finished run"}; give --overwrite to replace it, or another --out`,
  );
}

/** Lists what, besides the data, may change the result. */
async function differencesOfCode(record: RunRecord, experiment: Experiment): Promise<string[]> {
  const [code, now, here] = [await codeVersion(), await versions(), machine()];
  const short = (commit: string | null): string => commit?.slice(0, 9) ?? "none";
  const differing = (what: string, before: string | null, after: string | null): string[] =>
    before === after ? [] : [`${what} was ${before ?? "none"}, is now ${after ?? "none"}`];
  return [
    ...differing("commit", short(record.code.commit), short(code.commit)),
    ...(record.earlier ?? []).flatMap((part) =>
      part.code.commit === record.code.commit
        ? []
        : [`a part of it was made by commit ${short(part.code.commit)}, before it was resumed`],
    ),
    ...(record.code.dirty ? ["the record was made with changes to its commit that were not kept"] : []),
    ...(code.dirty ? ["this checkout has changes that are not committed"] : []),
    ...(record.code.lockfileHash === code.lockfileHash
      ? []
      : ["package-lock.json differs, so other libraries may be installed"]),
    ...differing("node", record.versions.node, now.node),
    ...differing("onnxruntime", record.versions.onnxruntime, now.onnxruntime),
    ...differing("processor", record.machine.cpu, here.cpu),
    ...(hashOf(canonicalJson(experiment)) === record.experiment.hash
      ? []
      : ["this version fills in keys of the experiment that the record does not hold"]),
  ];
}

async function compareRuns(
  before: RunRecord,
  path: string,
  folder: RunFolder,
  experiment: Experiment,
  warnings: readonly string[],
): Promise<Repetition> {
  const after = await readRecord(folder.record);
  const [was, is] = [before.result!, after.result!];
  const csv = was.submissionHash ?? (await hashIfThere(join(dirname(path), "submission.csv")));
  const submission = csv === null ? null : csv === (await hashIfThere(folder.submission));
  const trained = trainedHash(before);
  const checkpoint = trained === null ? null : trained === is.checkpointHash;
  const [scoreBefore, scoreAfter] = [was.metrics.score ?? null, is.metrics.score ?? null];
  const score = {
    before: scoreBefore,
    after: scoreAfter,
    same: scoreBefore === null ? null : scoreBefore === scoreAfter,
  };
  const compared = [checkpoint, submission, score.same].filter((each) => each !== null);
  const same = compared.length === 0 ? null : !compared.includes(false);
  return {
    record: path,
    folder: folder.path,
    warnings,
    isRepeatable: experiment.budget === "" || "steps" in parseBudget(experiment.budget),
    same,
    checkpoint,
    submission,
    score,
    difference: same !== false ? null : await differenceOf(after, join(dirname(path), "report.json"), folder),
  };
}

const hashIfThere = (path: string): Promise<string | null> => hashFile(path).catch(() => null);

async function differenceOf(
  record: RunRecord,
  reportBefore: string,
  folder: RunFolder,
): Promise<ReportedDifference | null> {
  try {
    const [before, after] = [await readReport(reportBefore), await readReport(folder.report)];
    if (!before.holdout || !after.holdout) return null;
    return compareReports(after.holdout, before.holdout, weightsOf({ record, holdout: after.holdout }));
  } catch (error) {
    if (isPickbenchError(error, "BadExperiment")) return null;
    throw error;
  }
}
