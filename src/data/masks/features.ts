/** Features of an experiment: what is segmented, where its masks lie, and which of their voxels were annotated. */
import { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { PickbenchError } from "../../system/errors.js";
import { nameFault } from "../../system/paths/names.js";
import { readText } from "../../system/paths/opening.js";

/** Half-open box of voxels of a mask's grid: first z, y, x, then the voxels after the last. */
const boxSchema = z
  .tuple(
    [0, 1, 2, 3, 4, 5].map(() => z.number().int().min(0)) as unknown as [
      z.ZodNumber,
      z.ZodNumber,
      z.ZodNumber,
      z.ZodNumber,
      z.ZodNumber,
      z.ZodNumber,
    ],
    "a box [z0, y0, x0, z1, y1, x1] in voxels",
  )
  .refine(
    (box) => [0, 1, 2].every((axis) => box[axis]! < box[axis + 3]!),
    "a box whose ends lie after its starts: [z0, y0, x0, z1, y1, x1]",
  );
export type AnnotatedBox = z.infer<typeof boxSchema>;
/** What of a run was annotated: every voxel, or places. */
const allOr = <Places extends z.ZodType>(places: Places) => z.union([z.literal("all"), places]);
const boxesOfRuns = z.record(z.string(), allOr(z.array(boxSchema)));

const runPattern = z
  .string()
  .refine((pattern) => pattern.includes("{run}"), "a path with {run} in place of the run's name");

const annotatedSchema = z.union([
  z.enum(["all", "slices"]),
  z.strictObject({
    slices: z
      .record(z.string(), allOr(z.array(z.number().int().min(0))))
      .describe("z slices of the mask's grid that were annotated, by run; `all` for every one"),
  }),
  z.strictObject({
    boxes: z
      .union([z.string().min(1), boxesOfRuns])
      .describe(
        "boxes [z0, y0, x0, z1, y1, x1] of the mask's voxels, half open, by run, `all` for every voxel; or a JSON file of them",
      ),
  }),
  z.strictObject({
    mask: runPattern.describe("volumes whose voxels above 0 were annotated, with `{run}` in the path"),
  }),
]);

const name = z.string().refine((text) => nameFault(text) === undefined, "a name that can be a file's");

/** One feature of an experiment: its name alone, or with how its masks are found and read. */
export const featureSchema = z.union([
  name,
  z.strictObject({
    name: name.describe("name of the feature, and of its segmentations in the data set"),
    masks: runPattern
      .optional()
      .describe(
        "MRC files or OME-Zarr folders of masks, with `{run}` in the path, relative to the experiment's own file; if absent, the data set's segmentations",
      ),
    label: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe("the voxel value that means yes; if absent, every value above 0 is"),
    ignore: z
      .number()
      .int()
      .optional()
      .describe("the voxel value that means unknown, such as 2 in Ais's and Dragonfly's label volumes"),
    user: z.string().min(1).optional().describe("copick user whose segmentations are taken"),
    session: z.string().min(1).optional().describe("copick session whose segmentations are taken"),
    annotated: annotatedSchema
      .default("all")
      .describe(
        "voxels that are known: `all` of the mask; `slices`, those z slices that hold any yes; `{slices: {RUN: [z, …], OTHER: all}}`; `{boxes: {RUN: [[z0, y0, x0, z1, y1, x1], …]}}` or `{boxes: FILE.json}`; `{mask: PATTERN}`",
      ),
  }),
]);

/** A feature with everything that is said about its masks. */
export type Feature = Exclude<z.infer<typeof featureSchema>, string>;

/** Returns the features that a list means, names alone with what they mean by default. */
export const featuresOf = (features: readonly z.infer<typeof featureSchema>[] = []): readonly Feature[] =>
  features.map((feature) => (typeof feature === "string" ? { name: feature, annotated: "all" } : feature));

/** Says what is wrong with a list of features beyond its form, a sentence each. */
export function featureMistakes(features: readonly Feature[]): string[] {
  return features.flatMap(({ name: feature, masks, user, session, label, ignore }, at) => [
    ...(features.findIndex((other) => other.name === feature) < at
      ? [`features: ${feature} is listed twice; name each feature once`]
      : []),
    ...(masks !== undefined && (user ?? session) !== undefined
      ? [
          `features: ${feature} has masks of its own, so that no ${user === undefined ? "session" : "user"} is looked up; leave one of the two out`,
        ]
      : []),
    ...(label !== undefined && label === ignore
      ? [`features: ${feature}: label and ignore are both ${label}; give each its own value`]
      : []),
  ]);
}

/** Returns a feature with its boxes read. @throws PickbenchError BadExperiment where the file holds no boxes by run */
export async function withBoxes(feature: Feature): Promise<Feature> {
  const { annotated } = feature;
  if (typeof annotated === "string" || !("boxes" in annotated) || typeof annotated.boxes !== "string")
    return feature;
  const path = annotated.boxes;
  const parsed = boxesOfRuns.safeParse(parseJson(await readText(path), { path, tag: "BadExperiment" }));
  if (parsed.success) return { ...feature, annotated: { boxes: parsed.data } };
  const [issue] = parsed.error.issues;
  throw new PickbenchError(
    "BadExperiment",
    `${path}: ${issue!.path.join(".") || "the document"} is no list of boxes; wanted {"RUN": [[z0, y0, x0, z1, y1, x1], …]} in voxels of the mask, ends after starts`,
    { path, cause: parsed.error },
  );
}

/** Names of runs that a feature's annotation names. */
export function annotatedRuns({ annotated }: Feature): readonly string[] {
  if (typeof annotated === "string" || "mask" in annotated) return [];
  const byRun = "slices" in annotated ? annotated.slices : annotated.boxes;
  return typeof byRun === "string" ? [] : Object.keys(byRun);
}
