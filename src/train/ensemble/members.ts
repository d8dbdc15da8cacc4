import { PickbenchError } from "../../errors.js";
import { canonicalJson, hashFile } from "../../files.js";
import { checkProbabilities } from "../../infer/averaging.js";
import { averagingOf, type Checkpoint, readCheckpoint } from "../checkpoint.js";
import { checkOneSpacing } from "../detector.js";
import type { EnsembleAverage, MemberChoice } from "../ensembleRecord.js";
import { runName } from "../experiment.js";
import { checkSameNetworks } from "./soup.js";
import { runsTrainedOn } from "./trainedOn.js";

/** A checkpoint that is to count in an ensemble. */
export interface EnsembleMember {
  readonly path: string;
  readonly sha256: string;
  readonly checkpoint: Checkpoint;
  /** Its experiment, with the seed where that is not 0. */
  readonly name: string;
  readonly trainedOn: string[] | null;
}

/**
 * Reads the members; a file that is given twice counts once.
 *
 * @throws BadCheckpoint, Unsupported where they cannot be averaged so
 */
export async function readMembers(
  paths: readonly string[],
  average: EnsembleAverage,
  choice: MemberChoice,
): Promise<EnsembleMember[]> {
  const members = new Map<string, EnsembleMember>();
  for (const path of paths) {
    const checkpoint = await readCheckpoint(path);
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

/** What is predicted on, and what is added to positions, is one for all. */
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
