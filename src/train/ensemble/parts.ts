/**
 * What making an ensemble has found so far, in a folder beside its file: scores, and members' maps of the tune runs. Each
 * is named by a hash of all that it depends on, so that a stopped command goes on where it was, and a changed one begins
 * anew.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { canonicalJson, hashOf, writeWhole } from "../../files.js";
import { withLock } from "../../lock.js";
import { makeFolder, removeEmpty } from "../runFolder.js";

/** Scores and maps that were found before are not found again. */
export interface EnsembleParts {
  /** The score of what the key tells apart. */
  score(key: unknown, find: () => Promise<number>): Promise<number>;
  /** Where the maps of what the key tells apart lie or are to lie. */
  mapsFolder(key: unknown): string;
  remove(): Promise<void>;
}

const scoreSchema = z.strictObject({ score: z.number().nonnegative() });

/** @throws BadUsage where another process makes that file */
export async function withEnsembleParts<T>(
  out: string,
  work: (parts: EnsembleParts) => Promise<T>,
): Promise<T> {
  const folder = `${out}.parts`;
  const made = await makeFolder(folder);
  const place = (key: unknown): string => join(folder, hashOf(canonicalJson(key)).slice(0, 32));
  const parts: EnsembleParts = {
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
  try {
    return await withLock(join(folder, "ensemble.lock"), out, () => work(parts));
  } finally {
    await removeEmpty(folder, made ?? folder);
  }
}

async function readScore(path: string): Promise<number | undefined> {
  try {
    return scoreSchema.parse(JSON.parse(await readFile(path, "utf8"))).score;
  } catch {
    return undefined;
  }
}
