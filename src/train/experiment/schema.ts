/** The schema of experiments: every key, its default and bounds. */
import { z } from "zod";
import { featureSchema } from "../../data/masks/features.js";
import { targetSchema } from "../../data/patches/targets.js";
import { SplitSpec } from "../../data/splits.js";
import { spacingLimits } from "../../domain/units.js";
import { engineNames } from "../../engines/engine.js";
import type { PicksAuthor } from "../../formats/copickPicks.js";
import { publicSplitSchema } from "../../leaderboard/publicSplit.js";
import { nameFault } from "../../system/paths/names.js";
import { eachOnce } from "../../system/unique.js";
import { picking, predict } from "./detectionKeys.js";
import { alsoSchema } from "./furtherData.js";
import { lossSchema } from "./losses.js";
import { networkSchema } from "./networkChoice.js";
import { augment, patch } from "./patchKeys.js";
import { startSchema } from "./startChoice.js";

const fraction = z.number().min(0).max(1);

const networks = z
  .enum(["all", "perType"])
  .default("all")
  .describe("`all`: one network for all types and features; `perType`: one network for each, as in Ais");

const data = z
  .strictObject({
    tomogram: z.string().default("denoised").describe("the reconstruction that is predicted on"),
    trainOn: z
      .array(z.string())
      .min(1)
      .refine(...eachOnce)
      .optional()
      .describe("reconstructions to train on; if absent, the one that is predicted on"),
    voxelSpacing: z
      .number()
      .positive()
      .optional()
      .describe("Å per voxel, as in the folder's name; needed only where a run has several spacings"),
    spacing: z
      .number()
      .min(spacingLimits.least)
      .max(spacingLimits.greatest)
      .optional()
      .describe(
        "Å per voxel of all tomograms, over what their files say; the flag `--spacing` goes before it",
      ),
    level: z.number().int().min(0).default(0).describe("resolution of the OME-Zarr volume; 0 is the finest"),
    nan: z
      .enum(["blank"])
      .optional()
      .describe("`blank`: NaN marks voxels without data; if absent, a tomogram with NaN is refused"),
    spectrum: z
      .enum(["match"])
      .optional()
      .describe(
        "`match`: every tomogram is given the mean radial power spectrum of the training's, which the checkpoint holds; if absent, it keeps its own",
      ),
    offset: z
      .tuple([z.number(), z.number(), z.number()])
      .default([0, 0, 0])
      .describe("Å along x, y, z, added to every predicted position"),
    picks: z
      .strictObject({
        user: z
          .string()
          .min(1)
          .optional()
          .describe(
            "copick user whose picks are the truth, for training, tuning and scoring; if absent, the data set's own picks are, or those of the only session there is",
          ),
        session: z
          .string()
          .min(1)
          .optional()
          .describe("copick session whose picks are the truth, in the same way"),
      })
      .optional(),
    also: alsoSchema,
  })
  .prefault({});

const head = z
  .strictObject({
    stride: z
      .union([z.literal(1), z.literal(2)])
      .default(1)
      .describe("2: the network's output has half the resolution, which halves the work of most decoders"),
    offsets: z
      .boolean()
      .default(false)
      .describe(
        "true: every voxel of a ball also learns the vector to its particle's centre, and centres are picked where these votes meet (needs `picking.method: peaks`)",
      ),
    offsetWeight: z.number().positive().default(1).describe("weight of the offsets' loss"),
  })
  .prefault({});

const optimiser = z
  .strictObject({
    rate: z.number().positive().default(1e-3).describe("learning rate of AdamW"),
    warmupSteps: z
      .union([z.literal("auto"), z.number().int().min(0)])
      .default("auto")
      .describe(
        "steps in which the rate rises from 0; `auto`: a twentieth of the budget, 2 / (1 − `beta2`) at most",
      ),
    floor: fraction.default(0.01).describe("the rate falls along a cosine to this share of itself"),
    weightDecay: z.number().min(0).default(0.01).describe("weight decay of AdamW"),
    beta1: z.number().min(0).lt(1).default(0.9).describe("decay of the first moment of AdamW"),
    beta2: z.number().min(0).lt(1).default(0.999).describe("decay of the second moment of AdamW"),
    epsilon: z.number().positive().default(1e-8).describe("epsilon of AdamW"),
    clipNorm: z.number().positive().default(1).describe("gradients of a larger norm are scaled down to it"),
    average: z
      .union([z.literal("auto"), z.number().min(0).lt(1)])
      .default("auto")
      .describe(
        "greatest decay of the moving average of the weights, which the checkpoint holds; `auto`: it spans a tenth of the steps until now; 0 keeps the last weights",
      ),
  })
  .prefault({});

const evaluate = z
  .strictObject({
    times: z
      .union([z.literal("auto"), z.number().int().min(0)])
      .default("auto")
      .describe(
        "how often the tune runs are scored while training, evenly over the part after `from`; `auto`: as often as a tenth of the budget pays for, 5 times at most; never where it does not pay for two. Where they are never scored, the last weights are taken",
      ),
    from: fraction.default(0.6).describe("share of the budget after which the scorings begin"),
    patience: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe("training stops after this many scorings without a better one; if absent, it does not"),
  })
  .prefault({});

const watch = z
  .strictObject({
    share: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.05)
      .describe(
        "largest share of the training time that is spent on looking at crops of the tune runs; 0: never",
      ),
    crops: z.number().int().min(1).max(256).default(8).describe("crops that are looked at, always the same"),
  })
  .optional()
  .describe(
    "loss and F4 on crops of the tune runs, over the whole budget; it changes no weights and no choice. If absent: 8 crops, 5 % of the time",
  );

const checkpoint = z
  .strictObject({
    everySeconds: z
      .number()
      .min(0)
      .default(30)
      .describe("how often `last.safetensors` is written; 0: after every step"),
    keep: z
      .boolean()
      .optional()
      .describe("true: the weights of every scoring are kept in `snapshots/`, for soups"),
  })
  .prefault({});

/**
 * An experiment's keys, their defaults, bounds and descriptions: the one home of what a YAML in experiments/ may say.
 * The table in docs/experiments.md is made from it.
 */
export const experimentSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, dot, underscore and dash only")
    .refine((name) => nameFault(name) === undefined, "a name that can be a folder's")
    .describe(
      "name of the run's folder, the submission and the leaderboard row: letters, digits, `.`, `_` and `-`",
    ),
  question: z.string().default("").describe("what the experiment is to find out; free text"),
  network: networkSchema.describe(
    "name of an architecture (`pickbench nets`); `{architecture: unet, slices: 5}` to see neighbouring slices as channels; `{file: my-net.ts}` for your own; `{onnx: model.onnx, …}` for one that was trained elsewhere",
  ),
  from: startSchema
    .optional()
    .describe(
      "trained weights to begin with: the path of a checkpoint or of an ONNX file, or the name of a model that comes along (`pickbench models`); or `{checkpoint: PATH, rate: 0.1, freeze: 200}`: the factor of the learning rate for weights that are taken, and the number of steps in which they do not move; if absent, weights are drawn at random",
    ),
  engine: z
    .enum(["auto", ...engineNames])
    .default("auto")
    .describe("what trains and predicts; the flag `--engine` goes before it"),
  networks,
  seed: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe("of the first weights and of everything that is drawn at random"),
  data,
  splits: SplitSpec.describe(
    "roles of the runs by names (`{train: [TS_5_4, …], tune: […], holdout: […]}`), by counts of the sorted runs (`{train: rest, tune: 1, holdout: 1}`), by fold (`{fold: 0, folds: 7, tune: 1}`), or all folds in turn (`{folds: 7, tune: 1}`, `{folds: each}`)",
  ),
  leaderboard: publicSplitSchema
    .optional()
    .describe(
      "`{public: [TS_5_4, …]}`, or `{public: 0.27, seed: 0}` for a share drawn at random: held-out runs whose score the leaderboard shows apart from that of the others",
    ),
  types: z
    .array(z.string())
    .refine(...eachOnce)
    .optional()
    .describe(
      "particle types to learn; if absent, all that the data set names, or with `features` none where nobody picked any; `[]` with `features` alone",
    ),
  features: z
    .array(featureSchema)
    .min(1)
    .optional()
    .describe(
      "what is segmented by masks, beside the types or alone: names of the data set's segmentations (`[membrane, microtubule]`), or mappings of a name with `masks`, `label`, `annotated` and more (docs/masks.md)",
    ),
  ignore: z
    .array(z.string())
    .refine(...eachOnce)
    .default(["beta-amylase"])
    .describe("types that are not predicted, and whose voxels the loss leaves out"),
  output: z
    .enum(["softmax", "sigmoid", "heatmap"])
    .default("softmax")
    .describe(
      "`softmax` over background and types; `sigmoid` or `heatmap`: each type by itself; with `features` it is `sigmoid`",
    ),
  head,
  target: targetSchema
    .prefault({ kind: "ball", fraction: 0.5 })
    .describe(
      "what the network shall predict at a particle: `{kind: ball, fraction: 0.5}`, a ball of this share of the particle's radius; `{kind: gaussian, sigma: 6}`, a heat map of this many voxels; `{kind: centre}`, the one voxel at the centre",
    ),
  patch,
  augment,
  loss: z
    .array(lossSchema)
    .default([])
    .describe(
      "list of losses, which are added, each times its `weight`; required for a network that is trained here",
    ),
  optimiser,
  budget: z
    .string()
    .default("")
    .describe(
      "length of training: `20m`, `1.5h` or `3000 steps`; shared evenly by the networks of `perType`; required for a network that is trained here",
    ),
  evaluate,
  watch,
  tensorboard: z
    .boolean()
    .optional()
    .describe("true: event files for TensorBoard are written into the run's `tensorboard/` while it trains"),
  checkpoint,
  predict,
  picking,
});
/** An experiment with every default filled in: the keys of its YAML. */
export type Experiment = z.infer<typeof experimentSchema>;

/** Returns whose picks an experiment takes for the truth; nobody's where it does not say. */
export const truthAuthor = ({
  data: { picks },
}: {
  readonly data: Pick<Experiment["data"], "picks">;
}): PicksAuthor => ({
  ...(picks?.user !== undefined && { userId: picks.user }),
  ...(picks?.session !== undefined && { sessionId: picks.session }),
});
