import { basename, dirname, join } from "node:path";
import { hashOf } from "../../files.js";
import { readRecord } from "../../record.js";
import type { Checkpoint } from "../checkpoint.js";
import { experimentText } from "../experiment.js";
import { isExternal } from "../networkChoice.js";

/**
 * The runs that a checkpoint's networks were trained on, as far as it can be told: from the record of its run's folder
 * where that is of the same experiment, from the names in its experiment, or from what an ensemble says of its members.
 * Null where it cannot, as of networks trained elsewhere.
 */
export async function runsTrainedOn(
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
