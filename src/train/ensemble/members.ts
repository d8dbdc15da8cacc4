/** The members of an ensemble: their checkpoints, whether they fit together, and the runs they were trained on. */
import { basename, dirname, join } from "node:path";
import { readRecord } from "../../domain/record.js";
import { checkProbabilities } from "../../infer/predict/averaging.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashFile, hashOf } from "../../system/files.js";
import type { CodeLeave } from "../checkpoint/allowedCode.js";
import { averagingOf, type Checkpoint, readCheckpoint } from "../checkpoint/checkpoint.js";
import type { EnsembleAverage, MemberChoice } from "../checkpoint/ensembleRecord.js";
import { experimentText, runName } from "../experiment/experiment.js";
import { isExternal } from "../experiment/networkChoice.js";
import { checkOneSpacing } from "../submit/detector.js";
import { checkSameNetworks } from "./soup.js";

/** A checkpoint that is a candidate for an ensemble. */
export interface EnsembleMember {
  readonly path: string;
  readonly sha256: string;
  readonly checkpoint: Checkpoint;
  /** Name of the member's experiment, with the seed unless that is 0. */
  readonly name: string;
  readonly trainedOn: string[] | null;
}

/**
 * Reads the members; a file given twice counts once.
 *
 * @throws PickbenchError BadCheckpoint or Unsupported where they cannot be averaged in this way
 */
export async function readMembers(
  paths: readonly string[],
  average: EnsembleAverage,
  choice: MemberChoice,
  leave: CodeLeave = {},
): Promise<EnsembleMember[]> {
  const members = new Map<string, EnsembleMember>();
  for (const path of paths) {
    const checkpoint = await readCheckpoint(path, leave);
    if (checkpoint.features)
      throw new PickbenchError(
        "Unsupported",
        `${path}: segments ${checkpoint.features.map(({ name }) => name).join(", ")}, and ensembles are made of checkpoints that only pick; give predict several checkpoints instead, which averages their maps`,
        { path },
      );
    const sha256 = await hashFile(path);
    if (members.has(sha256)) continue;
    const trainedOn = await runsTrainedOn(path, checkpoint);
    members.set(sha256, { path, sha256, checkpoint, name: runName(checkpoint.experiment), trainedOn });
  }
  const all = [...members.values()];
  checkOneSpacing(
    all.map(({ path }) => path),
    all.map(({ checkpoint }) => checkpoint),
  );
  checkOneTomogram(all);
  if (average === "weights") checkSameNetworks(all);
  else for (const member of all) checkAveraged(member, average, choice);
  return all;
}

/** Checks that all members predict on the same tomogram and level and add the same offset to positions. */
function checkOneTomogram(members: readonly EnsembleMember[]): void {
  const [first] = members;
  for (const key of ["tomogram", "level", "offset"] as const)
    for (const { path, checkpoint } of members) {
      const got = canonicalJson(checkpoint.experiment.data[key]);
      const wanted = canonicalJson(first!.checkpoint.experiment.data[key]);
      if (got !== wanted)
        throw new PickbenchError(
          "BadCheckpoint",
          `${path}: its experiment's data.${key} is ${got}, that of ${first!.path} ${wanted}; an ensemble takes checkpoints that are predicted alike`,
          { path },
        );
    }
}

function checkAveraged(
  { path, checkpoint }: EnsembleMember,
  average: "probabilities" | "logits",
  choice: MemberChoice,
): void {
  const { networks } = checkpoint;
  if (average === "logits") checkProbabilities(networks, () => path, "leave --average logits out");
  if (choice === "fit") checkProbabilities(networks, () => path, "choose --members greedy");
  if (networks.length > 1 && checkpoint.ensemble && averagingOf(checkpoint) !== average)
    throw new PickbenchError(
      "BadCheckpoint",
      `${path}: an ensemble that averages ${averagingOf(checkpoint)}, wanted ${average}; give --average ${averagingOf(checkpoint)}, or its members themselves`,
      { path },
    );
}

/**
 * Determines the runs that a checkpoint's networks were trained on: from the record in its run's folder where that is
 * of the same experiment, from the names in its experiment, or from an ensemble's record of its members. Null where
 * they are unknown, as for networks trained elsewhere.
 */
async function runsTrainedOn(
  path: string,
  { experiment, ensemble }: Pick<Checkpoint, "experiment" | "ensemble">,
): Promise<string[] | null> {
  if (ensemble) return unionOf(ensemble.members.filter(({ weight }) => weight > 0));
  if (isExternal(experiment.network)) return null;
  const folder = dirname(path);
  const run = basename(folder) === "snapshots" ? dirname(folder) : folder;
  const record = await readRecord(join(run, "record.json")).catch(() => undefined);
  if (record?.experiment.hash === hashOf(experimentText(experiment))) return record.runs.train;
  const { splits } = experiment;
  return "train" in splits && Array.isArray(splits.train) ? splits.train : null;
}

function unionOf(members: readonly { readonly trainedOn: string[] | null }[]): string[] | null {
  const known = members.flatMap(({ trainedOn }) => trainedOn ?? []);
  return members.every(({ trainedOn }) => trainedOn) ? [...new Set(known)].sort() : null;
}
