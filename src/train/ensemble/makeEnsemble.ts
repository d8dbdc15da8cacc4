/** Makes ensembles. The room `ensemble` joins checkpoints into one: weighted predictions or averaged weights. */
import { commonContrast } from "../../data/contrast.js";
import { findRun, findTomogram } from "../../data/dataset.js";
import { dataManifest, placesOf, runFingerprints } from "../../data/manifest.js";
import type { Dataset } from "../../data/model.js";
import type { EngineName } from "../../engines/engine.js";
import type { PicksByExperiment } from "../../score/score.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import type { CodeLeave } from "../checkpoint/allowedCode.js";
import { type Checkpoint, heldContrast, trainedContrast, writeCheckpoint } from "../checkpoint/checkpoint.js";
import { commonReference } from "../checkpoint/commonReference.js";
import type { EnsembleAverage, EnsembleRecord, MemberChoice } from "../checkpoint/ensembleRecord.js";
import { ensembleGeneration, joined, type Lineage, lineageOf, type SeenRun } from "../checkpoint/lineage.js";
import { namedNetworks } from "../checkpoint/modelMetadata.js";
import type { Experiment } from "../experiment/schema.js";
import { trainedBefore } from "../transfer/ancestry.js";
import { choose } from "./choose.js";
import { type EnsembleMember, readMembers } from "./members.js";
import { withEnsembleParts } from "./parts.js";
import { readTuneRuns } from "./tuneData.js";

/** Test-time images, in place of the members' own. */
export type TestTime = Pick<Experiment["predict"], "halfTurn" | "flips" | "rotations">;

/** An ensemble to make. */
export interface EnsembleRequest extends CodeLeave {
  readonly paths: readonly string[];
  readonly dataset: Dataset;
  /** Names of the runs on which weights are chosen and picking is tuned. */
  readonly tune: readonly string[];
  readonly out: string;
  readonly average: EnsembleAverage;
  readonly choice: MemberChoice;
  readonly testTime: TestTime | undefined;
  readonly engine: EngineName;
  readonly threads: number;
  /** Hears how far the work has come; its signal stops it after a tomogram. */
  readonly reporter: Reporter;
}

/** An ensemble as made, for reports. */
export interface MadeEnsemble extends EnsembleRecord {
  /** Paths in the order of the members. */
  readonly paths: readonly string[];
  /** Score on the tune runs, as are the members' scores. */
  readonly score: number;
  readonly warnings: readonly string[];
}

/**
 * Joins checkpoints into one: weights them, tunes their picking on the tune runs, and writes the result. Equal inputs
 * give equal bytes.
 *
 * @throws PickbenchError BadUsage, BadCheckpoint, BadDataset or Unsupported where the members do not fit together or
 * with the data; Stopped when the user asks to stop
 */
export async function makeEnsemble(request: EnsembleRequest): Promise<MadeEnsemble> {
  const { paths, dataset, tune, out, average, choice, testTime } = request;
  if (average === "weights" && choice === "fit")
    throw new PickbenchError(
      "BadUsage",
      "--members fit weighs what members say, a soup has none of that; give --members greedy or all with --average weights",
    );
  const members = await readMembers(paths, average, choice, request);
  const runs = await readTuneRuns(dataset, tune, members);
  const first = members[0]!.checkpoint;
  const experiment = { ...first.experiment, predict: { ...first.experiment.predict, ...testTime } };
  const reference = commonReference(
    members.map(({ path }) => path),
    members.map(({ checkpoint }) => checkpoint),
  );
  return withEnsembleParts(out, async (parts) => {
    const { engine, threads, reporter } = request;
    const options = {
      average,
      choice,
      experiment,
      reference,
      dataset,
      runs,
      engine,
      threads,
      parts,
      reporter,
    };
    const { chosen, scores } = await choose(members, options);
    const record: EnsembleRecord = {
      average,
      choice,
      tune: [...tune].sort(),
      members: members.map(({ sha256, name, trainedOn }, m) => ({
        sha256,
        experiment: name,
        weight: chosen.weights[m]!,
        score: scores[m]!,
        trainedOn,
      })),
    };
    const { networks, tuned } = chosen;
    const contrast = commonContrast(members.map((member) => trainedContrast(member.checkpoint)));
    const truths = new Map(runs.map(({ run, truth }) => [run, truth]));
    const lineage = await lineageOfAll(members, chosen.weights, dataset, truths);
    const checkpoint: Checkpoint = {
      experiment,
      spacing: first.spacing,
      networks,
      picking: tuned.picking,
      tuneScore: tuned.score,
      ensemble: record,
      ...heldContrast(contrast),
      ...reference,
      lineage,
    };
    await writeCheckpoint(out, namesIn(checkpoint), checkpoint);
    await parts.remove();
    const seen = lineage[0]!.roles.tune!;
    const warnings = members.flatMap((member) => [...leaks(member, tune), ...ancestorsLeaks(member, seen)]);
    return { ...record, paths: members.map(({ path }) => path), score: tuned.score, warnings };
  });
}

/** Returns all trainings of the members that count, after the choice that this ensemble is. */
async function lineageOfAll(
  members: readonly EnsembleMember[],
  weights: readonly number[],
  dataset: Dataset,
  truths: PicksByExperiment,
): Promise<Lineage> {
  const { tomogram, voxelSpacing } = members[0]!.checkpoint.experiment.data;
  const tune = [...truths.keys()].sort();
  const places = tune.flatMap((run) =>
    placesOf(dataset, findTomogram(findRun(dataset, run), tomogram, voxelSpacing).path),
  );
  const isOfTomogram = (path: string) =>
    places.some((place) => path === place || path.startsWith(`${place}/`));
  const manifest = await dataManifest(dataset, tune, { hash: true, only: isOfTomogram });
  const seen = runFingerprints(dataset, truths, manifest);
  const lineages = members.filter((_, m) => weights[m]! > 0).map(({ checkpoint }) => lineageOf(checkpoint));
  const own = ensembleGeneration(
    members.map(({ name }) => name),
    lineages[0]?.[0]?.types ?? null,
    tune.map((run) => seen.get(run)!),
  );
  return joined([own], ...lineages);
}

/** Names networks as export does; networks trained elsewhere also get numbers. */
const namesIn = (checkpoint: Checkpoint): string[] =>
  checkpoint.ensemble!.average === "weights"
    ? namedNetworks(checkpoint).map(({ name }) => name)
    : checkpoint.networks.map((_, at) => String(at + 1));

/** Warns of a member that was, or may have been, trained on a tune run. */
function leaks({ path, trainedOn }: EnsembleMember, tune: readonly string[]): string[] {
  if (trainedOn === null)
    return [
      `${path}: which runs it was trained on is not known (no record.json of its run beside it); if ${tune.join(", ")} is among them, its weight and the thresholds are too high`,
    ];
  const seen = tune.filter((run) => trainedOn.includes(run));
  return seen.length === 0
    ? []
    : [
        `${path}: was trained on ${seen.join(", ")}, on which members are weighed and thresholds tuned: its weight and the thresholds are too high; tune on runs that no member was trained on`,
      ];
}

/** Warns of trainings before a member's own that saw a tune run. */
const ancestorsLeaks = ({ path, checkpoint: { lineage = [] } }: EnsembleMember, tune: readonly SeenRun[]) =>
  trainedBefore(lineage.slice(1), tune).map(
    (met) =>
      `${path}: ${met}, before it: its weight and the thresholds are too high; tune on runs that none was trained on`,
  );
