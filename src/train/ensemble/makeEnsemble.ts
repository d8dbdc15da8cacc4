import type { Dataset } from "../../data/model.js";
import type { EngineName } from "../../engines/engine.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { type Checkpoint, writeCheckpoint } from "../checkpoint/checkpoint.js";
import type { EnsembleAverage, EnsembleRecord, MemberChoice } from "../checkpoint/ensembleRecord.js";
import { namedNetworks } from "../checkpoint/modelMetadata.js";
import type { Experiment } from "../experiment/schema.js";
import { choose } from "./choose.js";
import { type EnsembleMember, readMembers } from "./members.js";
import { withEnsembleParts } from "./soup.js";
import { readTuneRuns } from "./tuneData.js";

/** Test-time images, over the members' own. */
export type TestTime = Pick<Experiment["predict"], "halfTurn" | "flips" | "rotations">;

export interface EnsembleRequest {
  readonly paths: readonly string[];
  readonly dataset: Dataset;
  /** Names of the runs that weights are chosen and picking is tuned on. */
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

export interface MadeEnsemble extends EnsembleRecord {
  /** In the members' order. */
  readonly paths: readonly string[];
  /** On the tune runs, as are the members'. */
  readonly score: number;
  readonly warnings: readonly string[];
}

/**
 * Joins checkpoints into one, weighs them and tunes their picking on the tune runs, and writes it. Equal inputs give
 * equal bytes.
 *
 * @throws BadCheckpoint, BadDataset, Unsupported, Stopped
 */
export async function makeEnsemble(request: EnsembleRequest): Promise<MadeEnsemble> {
  const { paths, dataset, tune, out, average, choice, testTime } = request;
  if (average === "weights" && choice === "fit")
    throw new PickbenchError(
      "BadUsage",
      "--members fit weighs what members say, a soup has none of that; give --members greedy or all with --average weights",
    );
  const members = await readMembers(paths, average, choice);
  const runs = await readTuneRuns(dataset, tune, members);
  const first = members[0]!.checkpoint;
  const experiment = { ...first.experiment, predict: { ...first.experiment.predict, ...testTime } };
  return withEnsembleParts(out, async (parts) => {
    const { engine, threads, reporter } = request;
    const options = { average, choice, experiment, dataset, runs, engine, threads, parts, reporter };
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
    const checkpoint: Checkpoint = {
      experiment,
      spacing: first.spacing,
      networks,
      picking: tuned.picking,
      tuneScore: tuned.score,
      ensemble: record,
    };
    await writeCheckpoint(out, namesIn(checkpoint), checkpoint);
    await parts.remove();
    const warnings = members.flatMap((member) => leaks(member, tune));
    return { ...record, paths: members.map(({ path }) => path), score: tuned.score, warnings };
  });
}

/** As export calls them; networks trained elsewhere by their numbers too. */
const namesIn = (checkpoint: Checkpoint): string[] =>
  checkpoint.ensemble!.average === "weights"
    ? namedNetworks(checkpoint).map(({ name }) => name)
    : checkpoint.networks.map((_, at) => String(at + 1));

/** What is to be said of a member that has seen a tune run, or may have. */
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
