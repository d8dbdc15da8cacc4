/** What a survey was asked to catalogue, and which runs it has entries of. */
import { readdir } from "node:fs/promises";
import * as z from "zod";
import { parseJson } from "../formats/json.js";
import { PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { readIfThere } from "../system/paths/opening.js";
import { namesAmong, noSurvey, placesIn } from "./places.js";

const sourceSchema = z.strictObject({
  name: z.string(),
  /** Files or folders, absolute. */
  paths: z.array(z.string()),
  author: z.strictObject({ userId: z.string().optional(), sessionId: z.string().optional() }),
});

const settingsSchema = z.strictObject({
  version: z.literal(1),
  data: z.string(),
  part: z.enum(["train", "test"]).optional(),
  /** Å per voxel over what files say. */
  spacing: z.number().optional(),
  tomogram: z.string().optional(),
  nan: z.literal("blank").optional(),
  maps: z.array(z.string()),
  /** Value of stored voxels that stands for p = 1. */
  scale: z.number().optional(),
  threshold: z.number(),
  /** Å³ */
  dust: z.number(),
  sources: z.array(sourceSchema),
  /** A `summary.star` of Pom whose values are taken over. */
  summary: z.string().optional(),
});

/** A source of picks with its name. */
export type PickSource = z.infer<typeof sourceSchema>;

/** What a survey catalogues, as it was asked last. */
export type SurveySettings = z.infer<typeof settingsSchema>;

/** Reads what a survey was asked; undefined where there is no survey. @throws PickbenchError BadDataset where it is damaged */
export async function readSettings(folder: string): Promise<SurveySettings | undefined> {
  const path = placesIn(folder).settings;
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const found = settingsSchema.safeParse(parseJson(text.toString("utf8"), { path }));
  if (found.success) return found.data;
  throw new PickbenchError(
    "BadDataset",
    `${path} is not what this version of pickbench writes; give survey build its --data again, which replaces it`,
    { path, cause: found.error },
  );
}

export const writeSettings = (folder: string, settings: SurveySettings): Promise<void> =>
  writeWhole(placesIn(folder).settings, `${JSON.stringify(settings, null, 2)}\n`);

/** Lists the runs that have entries, sorted. @throws PickbenchError BadDataset where the folder is no survey */
export async function entryRuns(folder: string): Promise<string[]> {
  const names = await readdir(placesIn(folder).entries).catch(() => undefined);
  if (names === undefined) throw noSurvey(folder);
  return namesAmong(names, ".json");
}
