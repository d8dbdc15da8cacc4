/** Tunes the picking of a run that is trained. */
import { existsSync } from "node:fs";
import { recordTuning } from "../../domain/record.js";
import { type AnyNetwork, describeNetwork } from "../../infer/predict/predictor.js";
import { isDiceKey } from "../../score/masks/featureScores.js";
import { PickbenchError } from "../../system/errors.js";
import { hashFile } from "../../system/files.js";
import { readCheckpoint } from "../checkpoint/checkpoint.js";
import { lineageOfTrained, tunedAlso } from "../checkpoint/lineage.js";
import { type TunedStage, tuneStage } from "../fit/trainStage.js";
import { ownCode, type PreparedRun, prepareRun, type RunOptions } from "../prepare/prepare.js";
import { trainedBefore } from "../transfer/ancestry.js";
import { type RunFolder, withRunFolder } from "./runFolder.js";

/**
 * Tunes the picking of a trained run again, for example with another grid of thresholds. Where that gives another
 * checkpoint, its record says so.
 */
export async function tuneOnly(folder: RunFolder, options: RunOptions): Promise<TunedStage> {
  return withRunFolder(folder, async () => {
    const prepared = await prepareRun(options);
    const { networks, ...trained } = await readCheckpoint(folder.best, ownCode(prepared));
    checkSameNetworks(prepared, folder, networks);
    const lineage = lineageOfTrained(trained, prepared);
    const tune = prepared.lineage[0]!.roles.tune!;
    for (const met of trainedBefore(lineage, tune))
      prepared.reporter.note(
        `warning: ${folder.best}: ${met}, on which it is tuned now: its thresholds come out too high; tune on another run`,
      );
    const before = await hashFile(folder.best);
    const { reference: _, ...seen } = prepared.seen;
    const held = { ...seen, ...(trained.reference && { reference: trained.reference }) };
    const retuned = { ...prepared, seen: held, lineage: tunedAlso(lineage, tune) };
    const tuned = await tuneStage(retuned, folder, networks);
    const tuneScore = tuned.score;
    const after = await hashFile(folder.best);
    if (before === after || !existsSync(folder.record)) return tuned;
    const { tried } = tuned;
    const tuning = { experiment: prepared.experiment, before, after, tuneScore, ...(tried && { tried }) };
    const { result } = await recordTuning(folder.record, tuning);
    if (result?.metrics.score !== undefined)
      prepared.reporter.note(
        `${folder.path}: its score, picks and submission.csv are of the settings before; pickbench submit picks with the new ones`,
      );
    else if (Object.keys(result?.metrics ?? {}).some(isDiceKey))
      prepared.reporter.note(`${folder.path}: its scores and overlays are of the thresholds before`);
    return tuned;
  });
}

function checkSameNetworks(
  { networks, external }: PreparedRun,
  folder: RunFolder,
  trained: readonly AnyNetwork[],
): void {
  const described = (all: readonly Described[]): string =>
    all.map(({ name, activation, channels }) => `${name} ${activation} of ${channels.join(" ")}`).join("; ");
  const wanted = described(
    external
      ? [describedNetwork(external)]
      : networks.map(({ network, ...rest }) => ({ ...rest, name: network.architecture })),
  );
  const got = described(trained.map(describedNetwork));
  if (got === wanted) return;
  throw new PickbenchError(
    "BadExperiment",
    `${folder.best}: holds ${got}, the experiment names ${wanted}; tune it with the experiment it was trained by`,
    { path: folder.best },
  );
}

interface Described {
  readonly name: string;
  readonly activation: string;
  readonly channels: readonly (string | null)[];
}

/** Describes a network; for an external one with the hash of its file, which alone tells two of one name apart. */
const describedNetwork = (network: AnyNetwork): Described => {
  const { name } = describeNetwork(network);
  const { activation, channels } = network;
  const hash = "external" in network ? ` (SHA-256 ${network.external.sha256.slice(0, 12)})` : "";
  return { name: `${name}${hash}`, activation, channels };
};
