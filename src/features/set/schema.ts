/** The schema of feature sets: what their YAML may say, each key with its meaning. */
import { z } from "zod";
import { angstrom } from "../../domain/units.js";
import { pickingSchema } from "../../infer/pick/picking.js";
import { eachOnce } from "../../system/unique.js";

const name = z.string().min(1);
const length = z.number().nonnegative().transform(angstrom);

const picking = z
  .strictObject({
    method: pickingSchema.shape.method.default("watershed").describe("`watershed` or `peaks`, as `pick` has"),
    threshold: z
      .number()
      .optional()
      .describe("voxels above it are picked from; the feature's own threshold if absent"),
    minVolume: z
      .number()
      .nonnegative()
      .optional()
      .describe(
        "least volume of a pick, Å³ (`watershed` alone); of the challenge's particles a third of a ball of half the radius if absent, else 0",
      ),
    minSpacing: length
      .optional()
      .describe(
        "least distance between the centres of two picks, Å; of the challenge's particles the radius if absent, of others it must be given",
      ),
    radius: length
      .optional()
      .describe("ball in which a peak is greatest, Å (`peaks` alone); `minSpacing` if absent"),
  })
  .describe("how particles are picked from the conditioned map; a feature without it is no particle");

const mesh = z
  .strictObject({
    level: z.number().positive().optional().describe("surface's level; the feature's threshold if absent"),
    dust: z.number().nonnegative().default(0).describe("pieces of less volume are left out, Å³"),
    smooth: length.default(angstrom(0)).describe("standard deviation by which the map is smoothed first, Å"),
  })
  .prefault({})
  .describe("how `mesh` makes the feature's surface");

/** Schema of one feature. */
export const featureSchema = z.strictObject({
  name: name.describe("the feature's name, in files and by which rules name it"),
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, { error: 'a colour such as "#4363d8", in quotes' })
    .optional()
    .describe('colour in pictures and viewers, such as `"#4363d8"`; one of a palette if absent'),
  model: name
    .optional()
    .describe("checkpoint that segments it, relative to this file, or a name that `pickbench models` lists"),
  output: name.optional().describe("which of the model's maps it is; the feature's name if absent"),
  maps: name
    .optional()
    .describe(
      "instead of a model: folder or file of ready maps, relative to this file, as `pick` takes them",
    ),
  channel: name.optional().describe("name of the feature in those maps; the feature's name if absent"),
  scale: z
    .number()
    .positive()
    .optional()
    .describe("value of the maps' voxels that stands for p = 1; by type and range of integers if absent"),
  threshold: z.number().min(0).max(1).default(0.5).describe("voxels above it belong to the feature"),
  emit: z
    .boolean()
    .default(false)
    .describe("whether it takes part in competition as one that pushes others out"),
  absorb: z
    .boolean()
    .default(false)
    .describe("whether it is set to 0 where a feature that emits is more probable"),
  picking: picking.optional(),
  mesh,
});

const interactionSchema = z.strictObject({
  feature: name.describe("the feature whose map is changed"),
  type: z
    .enum(["avoid", "colocalise"])
    .describe("`avoid`: it becomes 0 near the other; `colocalise`: it becomes 0 away from the other"),
  with: name.describe("the other feature"),
  radius: length.describe("how far near reaches from the other feature's voxels, Å"),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("voxels of the other feature's map above it count"),
});

/** Schema of a feature set. */
export const featureSetSchema = z.strictObject({
  features: z.array(featureSchema).min(1).max(255),
  interactions: z
    .array(interactionSchema)
    .default([])
    .describe("rules between two features, done in this order, each on maps that those before have changed"),
  identity: z
    .strictObject({
      unknown: z
        .number()
        .min(0)
        .max(1)
        .default(0.33)
        .describe("a voxel belongs to no feature where all are less probable than this"),
      blur: length
        .default(angstrom(0))
        .describe("standard deviation by which maps are blurred before they are compared, Å"),
      priorities: z
        .array(name)
        .refine(...eachOnce)
        .default([])
        .describe("features that win ties, the first before the second; then in the order of `features`"),
    })
    .prefault({})
    .describe("how each voxel is given to one feature"),
  mode: z
    .enum(["exact", "ais"])
    .default("exact")
    .describe("`exact`: balls on floats; `ais`: discs slice by slice on bytes, voxel by voxel as Ais does"),
});

/** A feature set with all defaults; paths are relative to the working directory. */
export type FeatureSet = z.output<typeof featureSetSchema>;

/** One feature of a set. */
export type Feature = FeatureSet["features"][number];

/** A rule between two features of a set. */
export type Interaction = FeatureSet["interactions"][number];
