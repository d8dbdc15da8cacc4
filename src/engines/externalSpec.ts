/** Specification of a network trained elsewhere, an ONNX file: its inputs, outputs, tile sizes and normalisation. */
import { z } from "zod";
import { normalisationSchema } from "../data/normalisation.js";

/** Orders of a model's axes: (batch, channel, z, y, x) or (batch, z, y, x, channel). */
export const layouts = ["channelsFirst", "channelsLast"] as const;

const size = z.number().int().min(1);

/** How a network trained elsewhere is run, as plain data that goes to worker threads and into checkpoints. */
export const externalSpecSchema = z.strictObject({
  /** Name of the ONNX file; `sha256` is the digest of its bytes. */
  file: z.string(),
  sha256: z.string(),
  input: z.string(),
  output: z.string(),
  outputs: size,
  /** Axis order of input and output alike. */
  layout: z.enum(layouts),
  /** Number of neighbouring slices that a model of planes takes as channels; null for a model of volumes. */
  slices: size.nullable(),
  /** Divisors of the tile sizes along z, y, x; a size that the model fixes is its own divisor. */
  multiple: z.tuple([size, size, size]),
  /** Tile sizes that the model fixes, null where a size is open. */
  fixed: z.tuple([size.nullable(), size.nullable(), size.nullable()]),
  normalisation: normalisationSchema,
  /**
   * How a plane is continued by its mirror image before the model sees it: to sizes that are multiples, and by a margin
   * beyond, half of both on either side. What is added is cut off again.
   */
  reflection: z.strictObject({ multiple: size, margin: z.number().int().nonnegative() }).optional(),
  /**
   * Å per voxel along y and x that the model was trained at, where tomograms of other spacings are resampled to it; z is
   * left as it is. A network without it takes its checkpoint's spacing alone.
   */
  planeSpacing: z.number().positive().optional(),
  /** Count of numbers in the model's floating-point arrays. */
  parameters: z.number().int().nonnegative(),
});
export type ExternalSpec = z.infer<typeof externalSpecSchema>;
