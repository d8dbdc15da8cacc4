/** Runs whose maps are written while other processes write those of others: a small file a run, beside the folder of maps. */
import { existsSync } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { writeWhole } from "../../system/files.js";
import { checkedName, inside } from "../../system/paths/names.js";
import { readText } from "../../system/paths/opening.js";
import { partName, partsFolder, withParts } from "../run/parts.js";

/** What is known of runs that are predicted. */
export interface PredictedRuns {
  /** Returns the files of a run that was predicted, if what they depend on has that hash and they are there. */
  find(run: string, key: string): Promise<readonly string[] | undefined>;
  write(run: string, key: string, files: readonly string[]): Promise<void>;
  /** Forgets all, once they are joined. */
  remove(): Promise<void>;
}

const schema = z.strictObject({ key: z.string(), files: z.array(z.string()) });
const lockFile = "predict.lock";

/** Whether parts of a prediction into that folder were begun and not joined. */
export const isInParts = (out: string): boolean => existsSync(partsFolder(out));

/**
 * Reserves the maps of a folder for this process while `work` runs, where they are made in parts.
 *
 * @param runs that alone are predicted, while other processes predict others; undefined for all
 * @throws PickbenchError BadUsage where another process writes them
 */
export function withPredictedRuns<T>(
  out: string,
  runs: readonly string[] | undefined,
  work: (predicted: PredictedRuns) => Promise<T>,
): Promise<T> {
  if (runs === undefined && !isInParts(out)) return work(nothing);
  return withParts(out, lockFile, runs && partName(runs), (folder) => work(predictedIn(folder)));
}

const nothing: PredictedRuns = {
  find: async () => undefined,
  write: async () => undefined,
  remove: async () => undefined,
};

function predictedIn(folder: string): PredictedRuns {
  const fileOf = (run: string): string =>
    inside(folder, `${checkedName(run, { what: "run" })}.maps.json`, { what: "run" });
  return {
    async find(run, key) {
      const path = fileOf(run);
      try {
        const known = schema.parse(parseJson(await readText(path), { path }));
        await Promise.all(known.files.map((file) => lstat(file)));
        return known.key === key ? known.files : undefined;
      } catch {
        return undefined;
      }
    },
    write: (run, key, files) => writeWhole(fileOf(run), JSON.stringify({ key, files })),
    async remove() {
      for (const name of await readdir(folder)) if (name !== lockFile) await rm(join(folder, name));
    },
  };
}
