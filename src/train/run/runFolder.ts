/** The files of a run's folder, and the lock that keeps two runs apart. */
import { existsSync } from "node:fs";
import { readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { withWholeLock } from "../../system/lock.js";
import { checkedName, inside } from "../../system/paths/names.js";
import { makeFolders } from "../../system/paths/replacing.js";

/** Paths of a run's files. */
export interface RunFolder {
  readonly path: string;
  readonly record: string;
  readonly log: string;
  readonly last: string;
  readonly best: string;
  /** Of a fold: best.safetensors with thresholds that were chosen on the held-out runs of all folds. */
  readonly pooled: string;
  readonly submission: string;
  readonly report: string;
  /** Picks of the held-out runs with their confidences, in copick's layout. */
  readonly picks: string;
  /** Counts of other thresholds on the held-out runs. */
  readonly sweep: string;
  /** Pictures of features' masks in the held-out runs, by run. */
  readonly overlays: string;
  /** Checkpoints of evaluations, where the experiment keeps them. */
  readonly snapshots: string;
  /** Event files for TensorBoard, where the experiment asks for them. */
  readonly tensorboard: string;
}

/** Returns the paths of the files in a run's folder. */
export function runFolder(path: string): RunFolder {
  const file = (name: string) => join(path, name);
  return {
    path,
    record: file("record.json"),
    log: file("log.jsonl"),
    last: file("last.safetensors"),
    best: file("best.safetensors"),
    pooled: file("pooled.safetensors"),
    submission: file("submission.csv"),
    report: file("report.json"),
    picks: file("picks"),
    sweep: file("sweep.json"),
    overlays: file("overlays"),
    snapshots: file("snapshots"),
    tensorboard: file("tensorboard"),
  };
}

/** Returns the folder of one of an experiment's folds, counted from 0. */
export const foldFolder = ({ path }: RunFolder, fold: number): RunFolder =>
  runFolder(join(path, `fold-${fold}`));

/** Lists the folders of the folds begun inside a folder. */
export async function begunFolds({ path }: RunFolder): Promise<RunFolder[]> {
  const names = await readdir(path);
  const folds = names.filter((name) => /^fold-\d+$/.test(name)).map((name) => runFolder(join(path, name)));
  return folds.filter(isBegun);
}

/** Returns the path of the checkpoint of one network's evaluation after `step` steps. */
export function snapshotFile(folder: RunFolder, network: string, step: number): string {
  const origin = { what: "network" };
  const name = `${checkedName(network, origin)}-${String(step).padStart(7, "0")}.safetensors`;
  return inside(folder.snapshots, name, origin);
}

/** Returns the path of the picture of a feature's masks in a run. */
export const overlayFile = (folder: Pick<RunFolder, "overlays">, run: string, feature: string): string =>
  inside(folder.overlays, [run, `${checkedName(feature, { what: "feature" })}.png`], { what: "run" });

/** Name of the lock of a run's folder. */
export const runLock = "run.lock";

/**
 * Locks the folder for this process while `work` runs, so that two simultaneous runs cannot write into one another. A
 * folder that `work` leaves empty is removed again.
 */
export async function withRunFolder<T>(folder: RunFolder, work: () => Promise<T>): Promise<T> {
  const made = await makeFolder(folder.path);
  try {
    return await withWholeLock(join(folder.path, runLock), folder.path, async () => {
      await removeTemporaries(folder);
      return work();
    });
  } finally {
    if (made !== undefined) await removeEmpty(folder.path, made);
  }
}

/** Makes a folder and returns the first parent that had to be made; undefined where all existed. */
export async function makeFolder(path: string): Promise<string | undefined> {
  try {
    return await makeFolders(path);
  } catch (error) {
    throw new PickbenchError(
      "BadUsage",
      `${path}: the folder cannot be made (${messageOf(error)}); choose another --out`,
      { cause: error },
    );
  }
}

/** Removes empty folders from `path` up to `highest`. */
export async function removeEmpty(path: string, highest: string): Promise<void> {
  const last = resolve(highest);
  for (let at = resolve(path); at.startsWith(last); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

/** Removes what a run killed while writing left beside the file to be replaced. */
async function removeTemporaries(folder: RunFolder): Promise<void> {
  for (const name of await readdir(folder.path))
    if (
      /^(record\.json|log\.jsonl|(last|best|pooled)\.safetensors|submission\.csv|(report|sweep|folds)\.json)\.\d+$|^(picks|overlays)\.partial-/.test(
        name,
      )
    )
      await rm(join(folder.path, name), { recursive: true, force: true });
}

/** Tells whether a run was begun in the folder. */
export const isBegun = (folder: RunFolder): boolean => existsSync(folder.record) || existsSync(folder.last);
