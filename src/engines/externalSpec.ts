import { z } from "zod";
import { normalisationSchema } from "../data/normalisation.js";

export const layouts = ["channelsFirst", "channelsLast"] as const;

const size = z.number().int().min(1);

/** How a network trained elsewhere is run, as plain data: what goes to worker threads and into checkpoints. */
export const externalSpecSchema = z.strictObject({
  /** The ONNX file's name and the SHA-256 of its bytes. */
  file: z.string(),
  sha256: z.string(),
  input: z.string(),
  output: z.string(),
  outputs: size,
  /** (batch, channel, z, y, x) or (batch, z, y, x, channel), of input and output alike. */
  layout: z.enum(layouts),
  /** Neighbouring slices as channels of a model of planes; null for a model of volumes. */
  slices: size.nullable(),
  /** Tile sizes along z, y, x are multiples of this; a size that the model fixes is its own multiple. */
  multiple: z.tuple([size, size, size]),
  /** Tile sizes that the model fixes. */
  fixed: z.tuple([size.nullable(), size.nullable(), size.nullable()]),
  normalisation: normalisationSchema,
  /** Numbers stored in the model's floating-point arrays. */
  parameters: z.number().int().nonnegative(),
});
export type ExternalSpec = z.infer<typeof externalSpecSchema>;
