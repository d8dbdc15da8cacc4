/** Parts of an unfinished ensemble on disk. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { canonicalJson, hashOf, writeWhole } from "../../system/files.js";
import { readText } from "../../system/paths/opening.js";
import { withParts } from "../run/parts.js";

/**
 * Results of an ensemble in the making, in a folder beside its file: scores, and members' maps of the tune runs. Each
 * is named by a hash of everything that it depends on, so that a stopped command continues where it was, and a changed
 * one starts anew.
 */
export interface EnsembleParts {
  /** Returns the score of a key, found only once. */
  score(key: unknown, find: () => Promise<number>): Promise<number>;
  /** Returns the folder for the maps of a key. */
  mapsFolder(key: unknown): string;
  remove(): Promise<void>;
}

const scoreSchema = z.strictObject({ score: z.number().nonnegative() });

/**
 * Reserves an ensemble's parts for this process while `work` runs.
 *
 * @throws PickbenchError BadUsage where another process makes that file
 */
export const withEnsembleParts = <T>(out: string, work: (parts: EnsembleParts) => Promise<T>): Promise<T> =>
  withParts(out, "ensemble.lock", undefined, (folder) => work(partsIn(folder)));

function partsIn(folder: string): EnsembleParts {
  const place = (key: unknown): string => join(folder, hashOf(canonicalJson(key)).slice(0, 32));
  return {
    mapsFolder: (key) => `${place(key)}.maps`,
    async score(key, find) {
      const path = `${place(key)}.json`;
      const known = await readScore(path);
      if (known !== undefined) return known;
      const score = await find();
      await writeWhole(path, JSON.stringify({ score }));
      return score;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function readScore(path: string): Promise<number | undefined> {
  try {
    return scoreSchema.parse(parseJson(await readText(path), { path })).score;
  } catch {
    return undefined;
  }
}
