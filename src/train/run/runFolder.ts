import { existsSync } from "node:fs";
import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { withLock } from "../../system/lock.js";

/** Where a run's files stand. */
export interface RunFolder {
  readonly path: string;
  readonly record: string;
  readonly log: string;
  readonly last: string;
  readonly best: string;
  readonly submission: string;
  readonly report: string;
  /** Picks of the held-out runs with their confidences, in copick's layout. */
  readonly picks: string;
  /** What other thresholds would have scored on the held-out runs. */
  readonly sweep: string;
  /** Checkpoints of evaluations, where the experiment keeps them. */
  readonly snapshots: string;
}

export function runFolder(path: string): RunFolder {
  const file = (name: string) => join(path, name);
  return {
    path,
    record: file("record.json"),
    log: file("log.jsonl"),
    last: file("last.safetensors"),
    best: file("best.safetensors"),
    submission: file("submission.csv"),
    report: file("report.json"),
    picks: file("picks"),
    sweep: file("sweep.json"),
    snapshots: file("snapshots"),
  };
}

/** The folder of one of an experiment's folds, counted from 0. */
export const foldFolder = ({ path }: RunFolder, fold: number): RunFolder =>
  runFolder(join(path, `fold-${fold}`));

/** The folders of folds that were begun inside a folder. */
export async function begunFolds({ path }: RunFolder): Promise<RunFolder[]> {
  const names = await readdir(path);
  const folds = names.filter((name) => /^fold-\d+$/.test(name)).map((name) => runFolder(join(path, name)));
  return folds.filter(isBegun);
}

/** The checkpoint of one network's evaluation after `step` steps. */
export const snapshotFile = (folder: RunFolder, network: string, step: number): string =>
  join(folder.snapshots, `${network}-${String(step).padStart(7, "0")}.safetensors`);

/**
 * Makes the folder this process's own while `work` runs, so that two runs at once cannot write into one another.
 * A folder that `work` left nothing in is taken away again.
 */
export async function withRunFolder<T>(folder: RunFolder, work: () => Promise<T>): Promise<T> {
  const made = await makeFolder(folder.path);
  try {
    return await withLock(join(folder.path, "run.lock"), folder.path, async () => {
      await removeTemporaries(folder);
      return work();
    });
  } finally {
    if (made !== undefined) await removeEmpty(folder.path, made);
  }
}

/** The first folder that had to be made on the way; undefined where all stood. */
export async function makeFolder(path: string): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true });
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

/** What a run killed in the middle of writing leaves beside the file that it was to replace. */
async function removeTemporaries(folder: RunFolder): Promise<void> {
  for (const name of await readdir(folder.path))
    if (
      /^(record\.json|log\.jsonl|(last|best)\.safetensors|submission\.csv|(report|sweep|folds)\.json)\.\d+$|^picks\.partial-/.test(
        name,
      )
    )
      await rm(join(folder.path, name), { recursive: true, force: true });
}

/** Whether a run was begun here. */
export const isBegun = (folder: RunFolder): boolean => existsSync(folder.record) || existsSync(folder.last);
