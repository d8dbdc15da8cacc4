/**
 * Entries: what a survey knows of one run, one JSON file each. They are the survey's truth; its database is made from them.
 * Each part has the stamp of what it was measured from.
 */
import * as z from "zod";
import { contrasts } from "../data/contrast.js";
import { parseJson } from "../formats/json.js";
import { PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { readIfThere } from "../system/paths/opening.js";
import { entryPath } from "./places.js";

const three = z.tuple([z.number(), z.number(), z.number()]);
const count = z.number().int().nonnegative();

const tomogramSchema = z.strictObject({
  stamp: z.string(),
  path: z.string(),
  /** The reconstruction: `denoised`, `wbp`, … */
  type: z.string(),
  /** Voxels along z, y, x. */
  shape: three,
  /** Å per voxel along z, y, x. */
  spacing: three,
  /** Å³ that hold data. */
  volume: z.number(),
  /** Percent of the voxels that hold no data. */
  blank: z.number(),
  /** Å along z that hold data, the mean over x and y. */
  thickness: z.number(),
  /** Å between the sample's surfaces by contrast, the mean over x and y; null where the contrast tells none. */
  sample: z.number().nullable(),
  /** How particles look by the skewness of grey values. */
  contrast: z.enum(contrasts),
  least: z.number(),
  largest: z.number(),
  mean: z.number(),
  median: z.number(),
  /** Distance between the quartiles over 1.349. */
  scale: z.number(),
  skewness: z.number(),
  kurtosis: z.number(),
  /** Deviation of differences between neighbours along x over √2 and over that of the voxels: 1 for white noise. */
  noise: z.number(),
});

const scaleSchema = z.union([
  z.strictObject({ divisor: z.number(), isUnsigned: z.boolean().optional() }),
  z.strictObject({ label: z.number() }),
]);

const featureSchema = z.strictObject({
  name: z.string(),
  stamp: z.string(),
  /** The map, or the summary that it was taken from. */
  path: z.string(),
  /** How stored integers became probabilities, and their type. */
  scale: scaleSchema.nullable(),
  voxelType: z.string().nullable(),
  /** Å along z, y, x that the map covers. */
  size: three.nullable(),
  softPercent: z.number(),
  /** Å³ */
  softVolume: z.number().nullable(),
  percent: z.number().nullable(),
  volume: z.number().nullable(),
  /** Components that are no dust. */
  components: count.nullable(),
  /** Å³ of the largest component. */
  largest: z.number().nullable(),
});

const verdictsSchema = z.strictObject({
  truths: count,
  matched: count,
  duplicates: count,
  wrong: count,
  missed: count,
});

const contextSchema = z.strictObject({
  name: z.string(),
  count,
  mean: z.number(),
  least: z.number(),
  largest: z.number(),
});

const particleSchema = z.strictObject({
  source: z.string(),
  type: z.string(),
  count,
  /** The mean; null where no pick has one. */
  score: z.number().nullable(),
  /** Against the data set's truth; null where it says nothing of the run or the type. */
  verdicts: verdictsSchema.nullable(),
  /** Columns of numbers that the picks have. */
  context: z.array(contextSchema),
});

const entrySchema = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  tomogram: tomogramSchema.nullable(),
  features: z.array(featureSchema),
  /** Stamp of the files of picks, and rows in the run's file of them here. */
  picks: z.strictObject({ stamp: z.string(), rows: count }),
  particles: z.array(particleSchema),
});

export type SurveyEntry = z.infer<typeof entrySchema>;
export type TomogramFacts = Omit<z.infer<typeof tomogramSchema>, "stamp" | "path" | "type">;
export type FeatureFacts = z.infer<typeof featureSchema>;
export type ParticleFacts = z.infer<typeof particleSchema>;

/** Parses an entry's text. @throws PickbenchError BadDataset where it is damaged, or of another version */
export function parseEntry(text: string, path: string): SurveyEntry {
  const found = entrySchema.safeParse(parseJson(text, { path }));
  if (found.success) return found.data;
  throw new PickbenchError(
    "BadDataset",
    `${path} is no entry of a survey by this version of pickbench; remove it, and survey build measures its run again`,
    { path, cause: found.error },
  );
}

/** Reads a run's entry; undefined where there is none. @throws PickbenchError as `parseEntry` */
export async function readEntry(folder: string, run: string): Promise<SurveyEntry | undefined> {
  const path = entryPath(folder, run);
  const text = await readIfThere(path);
  return text && parseEntry(text.toString("utf8"), path);
}

export const writeEntry = (folder: string, entry: SurveyEntry): Promise<void> =>
  writeWhole(entryPath(folder, entry.run), `${JSON.stringify(entry)}\n`);
