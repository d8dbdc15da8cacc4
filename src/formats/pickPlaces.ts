/** Where picks lie: paths as they are named, with a user and session behind or without, and what a run's folder holds. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { PicksAuthor } from "./copickPicks.js";

/** Where picks are read from, and whose. */
export interface Source {
  readonly path: string;
  readonly author: PicksAuthor;
}

/** Splits @USER_SESSION off a path; a path that exists is a path, whatever it looks like. */
export async function sourceOf(named: string): Promise<Source> {
  const parts = /^(.+)@([^@_/]+)_([^@_/]+)$/.exec(named);
  const isThere = await stat(named).then(
    () => true,
    () => false,
  );
  if (isThere || !parts) return { path: named, author: {} };
  return { path: parts[1]!, author: { userId: parts[2]!, sessionId: parts[3]! } };
}

/** The picks in a folder that `run` made; anything else is itself. */
export async function picksInside(path: string): Promise<string> {
  const isThere = async (...names: string[]) =>
    (await stat(join(path, ...names)).catch(() => undefined)) !== undefined;
  if (await isThere("picks", "ExperimentRuns")) return join(path, "picks");
  return (await isThere("submission.csv")) ? join(path, "submission.csv") : path;
}

/** Tells whether a path is a file that is no configuration. */
export const isCsv = async (path: string): Promise<boolean> =>
  !path.endsWith(".json") && ((await stat(path).catch(() => undefined))?.isFile() ?? false);
