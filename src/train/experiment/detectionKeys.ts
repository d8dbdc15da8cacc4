/** The keys of an experiment that say how a trained network finds particles: predicting, and picking from its maps. */
import { z } from "zod";
import { precisions } from "../../engines/engine.js";
import { pickingSchema } from "../../infer/pick/picking.js";
import { statisticsNames } from "../../infer/predict/statistics.js";
import { choices } from "../../score/tuning.js";
import { eachOnce } from "../../system/unique.js";

const size = z.number().int().min(4);
/** Voxels of a patch or tile along z, y, x. */
export const shape3 = z.tuple([size, size, size]);
const overlap = z.number().int().min(0);

/** How a network is applied to a tomogram. */
export const predict = z
  .strictObject({
    tile: shape3.default([96, 96, 96]).describe("voxels of a tile along z, y, x"),
    overlap: z
      .union([overlap, z.tuple([overlap, overlap, overlap])])
      .default(16)
      .describe("voxels that neighbouring tiles share, or one number each along z, y, x"),
    halfTurn: z
      .boolean()
      .default(false)
      .describe(
        "averages with the tomogram turned by 180° about z, which keeps hand and tilt axis: twice the work",
      ),
    flips: z.boolean().default(false).describe("averages over mirror images in x and y: four times the work"),
    rotations: z
      .boolean()
      .default(false)
      .describe("averages over turns by 90° about z: four times the work, with `flips` eight times"),
    precision: z
      .enum(precisions)
      .optional()
      .describe("`float32` if absent; `int8`: 8-bit inference, about twice as fast, for some networks"),
    statistics: z
      .enum(statisticsNames)
      .optional()
      .describe(
        "what a network's normalisation layers take their means and variances from: `tile`, if absent, each tile by itself; `tomogram`, eight tiles spread over the tomogram, measured before it is predicted, so that no tile is normalised by what happens to lie in it; 8 bits do so always",
      ),
    choose: z
      .literal("fastest")
      .optional()
      .describe(
        "`fastest`: after training, larger tiles, half the overlap and, where no `precision` is named, 8 bits are tried on the tune runs, and the checkpoint holds those of the least work whose tune score is within 0.002 of that of the keys above; if absent, those are taken",
      ),
  })
  .prefault({});

/** How particles are found in its maps. */
export const picking = z
  .strictObject({
    method: pickingSchema.shape.method
      .default("watershed")
      .describe("`watershed` of the voxels above a threshold, or `peaks`: local maxima"),
    thresholds: z
      .array(z.number())
      .min(1)
      .refine(...eachOnce)
      .default([0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9])
      .describe("thresholds that are tried on the tune runs, for each type"),
    minVolumes: z
      .array(z.number().min(0))
      .min(1)
      .refine(...eachOnce)
      .default([0.15])
      .describe(
        "least volumes of a pick that are tried on the tune runs, as shares of the target ball's volume",
      ),
    minSpacing: z
      .number()
      .min(0)
      .default(1)
      .describe("least distance between two picks of a type, as a share of the particle's radius"),
    choice: z
      .enum(choices)
      .optional()
      .describe(
        "how a threshold is chosen on the tune runs: `cautious`, if absent, the lowest whose F4 is within 0.05 of the best; `smooth`, the lowest within 0.005 of the best by counts that are smooth along the threshold, by which checkpoints are chosen too",
      ),
    from: z
      .literal("folds")
      .optional()
      .describe(
        "`folds`: with `--folds`, thresholds are also chosen on the held-out runs of all folds together, which scores them out of fold, and written into each fold's `pooled.safetensors`; if absent, on the tune runs alone",
      ),
    density: z
      .literal("annotated")
      .optional()
      .describe(
        "`annotated`: where a tomogram would hold more or fewer picks of a type than the densities of the annotated runs allow, its threshold is moved until it does not; needs three annotated runs; if absent, thresholds are the same everywhere",
      ),
    fallbackThreshold: z.number().default(0.5).describe("the threshold where there is no run to tune on"),
  })
  .prefault({});
