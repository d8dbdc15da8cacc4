/** The schema of experiments: every key, its default and bounds. */
import { z } from "zod";
import { targetSchema } from "../../data/patches/targets.js";
import { SplitSpec } from "../../data/splits.js";
import { engineNames, precisions } from "../../engines/engine.js";
import { pickingSchema } from "../../infer/pick/picking.js";
import { publicSplitSchema } from "../../leaderboard/publicSplit.js";
import { lossSchema } from "./losses.js";
import { networkSchema } from "./networkChoice.js";

const shape3 = z.tuple([z.number().int().min(4), z.number().int().min(4), z.number().int().min(4)]);
const fraction = z.number().min(0).max(1);
const overlap = z.number().int().min(0);

/** Keys of an experiment, their defaults and bounds: the only definition of an experiment's YAML. */
export const experimentSchema = z.strictObject({
  /** Name of the submission and of the leaderboard's row. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, dot, underscore and dash only"),
  question: z.string().default(""),
  network: networkSchema,
  /** Engine of training and prediction; `auto` chooses the fastest available. Results agree to rounding. */
  engine: z.enum(["auto", ...engineNames]).default("auto"),
  /** `all`: one network for all types. `perType`: one network per type, the way Ais does. */
  networks: z.enum(["all", "perType"]).default("all"),
  seed: z.number().int().min(0).default(0),
  data: z
    .strictObject({
      /** Reconstruction to predict on. */
      tomogram: z.string().default("denoised"),
      /** Reconstructions to train on; the predicted one if absent. */
      trainOn: z.array(z.string()).min(1).optional(),
      /** Voxel spacing as in the folder's name; needed only where a run has several. */
      voxelSpacing: z.number().positive().optional(),
      level: z.number().int().min(0).default(0),
      /** Å along x, y, z added to every predicted position. */
      offset: z.tuple([z.number(), z.number(), z.number()]).default([0, 0, 0]),
    })
    .prefault({}),
  splits: SplitSpec,
  /** Held-out runs of the leaderboard's public part; both parts are scored from the same picks. */
  leaderboard: publicSplitSchema.optional(),
  /** Types to learn; all types of the data set if absent. */
  types: z.array(z.string()).min(1).optional(),
  /** Types whose voxels have no part in the loss, and which are not predicted. */
  ignore: z.array(z.string()).default(["beta-amylase"]),
  /** Softmax over background and types (`all` only), or an independent sigmoid or heat map for each type. */
  output: z.enum(["softmax", "sigmoid", "heatmap"]).default("softmax"),
  head: z
    .strictObject({
      /** Input voxels per output voxel along each axis; 2 halves the work of most decoders. */
      stride: z.union([z.literal(1), z.literal(2)]).default(1),
      /** Whether every voxel of a ball learns the offset to its particle's centre, and picks come from these votes. */
      offsets: z.boolean().default(false),
      offsetWeight: z.number().positive().default(1),
    })
    .prefault({}),
  target: targetSchema.prefault({ kind: "ball", fraction: 0.5 }),
  patch: z
    .strictObject({
      shape: shape3.default([64, 64, 64]),
      batch: z.number().int().min(1).max(64).default(1),
      backgroundShare: fraction.default(0.1),
    })
    .prefault({}),
  augment: z
    .strictObject({
      flip: z.boolean().default(true),
      rotate90: z.boolean().default(true),
      rotation: z.number().min(0).max(180).default(0),
      intensity: z
        .strictObject({
          scale: fraction.default(0.1),
          shift: z.number().min(0).default(0.1),
          noise: z.number().min(0).default(0.1),
        })
        .prefault({}),
      mixup: z.number().min(0).default(0),
    })
    .prefault({}),
  /** Losses to minimise, one or more; none for an external network, which is not trained. */
  loss: z.array(lossSchema).default([]),
  optimiser: z
    .strictObject({
      rate: z.number().positive().default(1e-3),
      warmupSteps: z.number().int().min(0).default(50),
      /** End of the cosine as a share of the rate. */
      floor: fraction.default(0.01),
      weightDecay: z.number().min(0).default(0.01),
      beta1: z.number().min(0).lt(1).default(0.9),
      beta2: z.number().min(0).lt(1).default(0.999),
      epsilon: z.number().positive().default(1e-8),
      clipNorm: z.number().positive().default(1),
      /** Decay of the weights' exponential moving average; 0 keeps the last weights. */
      average: z.number().min(0).lt(1).default(0.995),
    })
    .prefault({}),
  /** Length of training, in steps or time; empty for an external network. */
  budget: z.string().default(""),
  evaluate: z
    .strictObject({
      /** Number of evaluations on the tune runs during training, evenly over the part after `from`. */
      times: z.number().int().min(1).default(3),
      from: fraction.default(0.6),
      /** Number of evaluations without a better one after which training stops. */
      patience: z.number().int().min(1).optional(),
    })
    .prefault({}),
  checkpoint: z
    .strictObject({
      /** Interval at which last.safetensors is written during training; 0 writes it after every step. */
      everySeconds: z.number().min(0).default(30),
      /** Keeps the moving average of every evaluation as a checkpoint in snapshots/, from which soups are made. */
      keep: z.boolean().optional(),
    })
    .prefault({}),
  predict: z
    .strictObject({
      tile: shape3.default([96, 96, 96]),
      /** Voxels that neighbouring tiles share, along every axis or along z, y, x. */
      overlap: z.union([overlap, z.tuple([overlap, overlap, overlap])]).default(16),
      /** Averages with the tomogram turned by 180° about z, which keeps handedness and tilt axis: twice the work. */
      halfTurn: z.boolean().default(false),
      /** Averages over mirror images in x and y: four times the work. */
      flips: z.boolean().default(false),
      /** Averages over rotations by 90° about z: four times the work; with flips eight times. */
      rotations: z.boolean().default(false),
      /**
       * Number format; float32 if absent. int8 is about twice as fast; a norm's statistics are then those of the
       * tomogram, not of the tile. int8 needs engine onnx-cpu and a network of the layers it supports.
       */
      precision: z.enum(precisions).optional(),
    })
    .prefault({}),
  picking: z
    .strictObject({
      method: pickingSchema.shape.method.default("watershed"),
      /** Thresholds to try on the tune runs, per type. */
      thresholds: z
        .array(z.number())
        .min(1)
        .default([
          0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9,
        ]),
      /** Least volumes of a pick to try on the tune runs, as a share of the target ball's. */
      minVolumes: z.array(z.number().min(0)).min(1).default([0.15]),
      /** Least distance between two picks as a share of the radius. */
      minSpacing: z.number().min(0).default(1),
      /** Threshold used where there is no run to tune on. */
      fallbackThreshold: z.number().default(0.5),
    })
    .prefault({}),
});
export type Experiment = z.infer<typeof experimentSchema>;
