/** The keys of an experiment that say how training patches are drawn and varied. */
import { z } from "zod";
import { shape3 } from "./detectionKeys.js";

const fraction = z.number().min(0).max(1);

/** How patches are drawn. */
export const patch = z
  .strictObject({
    shape: shape3.default([64, 64, 64]).describe("voxels of a training patch along z, y, x"),
    batch: z.number().int().min(1).max(64).default(1).describe("patches in a step"),
    backgroundShare: fraction
      .default(0.1)
      .describe(
        "share of patches that are centred anywhere; the others hold a particle or a feature, each type and feature as often",
      ),
    weights: z
      .record(z.string(), z.number().positive())
      .optional()
      .describe(
        "how often a type or feature is a patch's centre beside the others, by name: `{thyroglobulin: 2}`; those that are not named count 1",
      ),
    hardShare: fraction
      .optional()
      .describe(
        "share of patches around false picks of the runs that are trained on, found by the network itself while it trains; types by their weight in the score; taken from the patches that hold a particle",
      ),
    mineAt: z
      .array(z.number().gt(0).lt(1))
      .min(1)
      .refine((at) => at.every((share, k) => k === 0 || share > at[k - 1]!), "rising numbers")
      .optional()
      .describe("shares of the budget after which false picks are found; if absent, 0.4, 0.6 and 0.8"),
  })
  .prefault({});

/** How each patch is varied. */
export const augment = z
  .strictObject({
    flip: z.boolean().default(true).describe("mirror images along z, y and x, each with probability ½"),
    rotate90: z.boolean().default(true).describe("turns by 0, 90, 180 or 270° about z"),
    rotation: z
      .number()
      .min(0)
      .max(180)
      .default(0)
      .describe("a further turn by at most this many degrees, about an axis drawn at random"),
    intensity: z
      .strictObject({
        scale: fraction
          .default(0.1)
          .describe("change of contrast: grey values are multiplied by 1 ± this at most"),
        shift: z
          .number()
          .min(0)
          .default(0.1)
          .describe("change of brightness: at most this is added or taken away"),
        noise: z
          .number()
          .min(0)
          .default(0.1)
          .describe("normal noise is added, of a standard deviation of at most this"),
      })
      .prefault({}),
    mixup: z
      .number()
      .min(0)
      .default(0)
      .describe("each patch is mixed with another by a share drawn from Beta(mixup, mixup); 0: none"),
    mixReconstructions: z
      .boolean()
      .optional()
      .describe(
        "true: each patch is a mixture of two of the run's reconstructions in `data.trainOn`, by a share drawn from 0 to 1",
      ),
    spectrum: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe(
        "each patch is filtered by a smooth radial gain drawn at random, whose logarithm has this standard deviation: sharper or smoother, as other microscopes and denoisers would show it; if absent, none",
      ),
  })
  .prefault({});
