/**
 * Unfinished submissions: a folder beside the CSV with one small file a run, so that a stopped submission can be
 * resumed. The folder is bound to checkpoints and settings, each file to its tomogram.
 */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { angstrom } from "../../domain/units.js";
import { parseJson } from "../../formats/json.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, writeWhole } from "../../system/files.js";
import { checkedName, inside } from "../../system/paths/names.js";
import { readText } from "../../system/paths/opening.js";
import { partName, partsFolder, withParts } from "../run/parts.js";
import type { DetectedRun } from "./detectAll.js";
import type { DetectionSettings } from "./detectionSettings.js";

/** The files of finished runs. */
export interface SubmissionParts {
  readonly folder: string;
  /** Name of the part of the work that this process does; empty where it does all. */
  readonly part: string;
  /**
   * Binds the parts to settings; must be called first.
   *
   * @throws PickbenchError BadUsage where existing parts were made with other settings
   */
  bind(settings: DetectionSettings): Promise<void>;
  /** Returns a run's part, if the run was finished and its tomogram has that stamp. */
  find(run: string, stamp: string): Promise<DetectedRun | undefined>;
  write(detected: DetectedRun, stamp: string): Promise<void>;
  remove(): Promise<void>;
}

const length = z.number().transform(angstrom);
const seconds = z.number().nonnegative();
const partSchema = z.object({
  run: z.string(),
  stamp: z.string(),
  seconds: z.object({ read: seconds, predict: seconds, pick: seconds }),
  picks: z.array(z.object({ type: z.string(), x: length, y: length, z: length })),
});
const settingsFile = "settings.json";
const lockFile = "submit.lock";
const partEnding = ".picks.json";

/**
 * Reserves the parts of a CSV for this process while `work` runs; the folder is removed once empty.
 *
 * @param runs whose parts alone are made, while other processes make others; undefined for all
 * @throws PickbenchError BadUsage where another process writes that CSV
 */
export function withSubmissionParts<T>(
  out: string,
  runs: readonly string[] | undefined,
  work: (parts: SubmissionParts) => Promise<T>,
): Promise<T> {
  const part = runs && partName(runs);
  return withParts(out, lockFile, part, (folder) => work(partsIn(folder, out, part ?? "")));
}

/** Whether a submission to that CSV was begun and can be gone on with. */
export const isUnfinished = (out: string): boolean => existsSync(join(partsFolder(out), settingsFile));

function partsIn(folder: string, out: string, part: string): SubmissionParts {
  const fileOf = (run: string): string =>
    inside(folder, `${checkedName(run, { what: "run" })}${partEnding}`, { what: "run" });
  const settingsPath = join(folder, settingsFile);
  let bound: DetectionSettings | undefined;
  return {
    folder,
    part,
    async bind(settings) {
      bound = settings;
      const finished = (await readdir(folder)).filter((name) => name.endsWith(partEnding));
      const made = await readJson(settingsPath);
      if (finished.length > 0 && canonicalJson(made) !== canonicalJson(settings))
        throw new PickbenchError(
          "BadUsage",
          `${out}: ${basename(folder)} holds ${finished.length} runs of an unfinished submission with ${difference(made, settings)}; give the same to go on with it, name another --out, or remove that folder`,
          { path: folder },
        );
    },
    async find(run, stamp) {
      const part = partSchema.safeParse(await readJson(fileOf(run)));
      return part.success && part.data.run === run && part.data.stamp === stamp ? part.data : undefined;
    },
    async write({ run, picks, seconds: took }, stamp) {
      await writeWhole(settingsPath, canonicalJson(bound));
      const places = picks.map(({ type, x, y, z: depth }) => ({ type, x, y, z: depth }));
      await writeWhole(fileOf(run), JSON.stringify({ run, stamp, seconds: took, picks: places }));
    },
    async remove() {
      for (const name of await readdir(folder))
        if (name !== lockFile) await rm(join(folder, name), { recursive: true, force: true });
    },
  };
}

/** Reads a JSON file; undefined where it is missing or damaged. */
async function readJson(path: string): Promise<unknown> {
  try {
    return parseJson(await readText(path), { path });
  } catch {
    return undefined;
  }
}

/** Describes the first setting in which the parts differ. */
function difference(made: unknown, now: DetectionSettings): string {
  const then = (made ?? {}) as Partial<Record<string, unknown>>;
  const changed = Object.entries(now).find(
    ([name, value]) => canonicalJson(then[name]) !== canonicalJson(value),
  );
  if (!changed || made === undefined) return "settings that cannot be read";
  const [name, value] = changed;
  if (name === "checkpoints") return "other checkpoints";
  return `${name} ${String(then[name])}, here it is ${String(value)}`;
}
