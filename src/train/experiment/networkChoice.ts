/** The networks that an experiment may name, and how each is named in turn. */
import { dirname, relative, resolve } from "node:path";
import { z } from "zod";
import { normalisationSchema } from "../../data/normalisation.js";
import { activations } from "../../engines/activation.js";
import { layouts } from "../../engines/externalSpec.js";
import type { NetworkSpec } from "../../nets/library/catalogue.js";

const slices = z
  .number()
  .int()
  .min(1)
  .max(31)
  .refine((count) => count % 2 === 1, "wanted an odd number");

const size = z.number().int().min(1);

/** An ONNX model trained elsewhere, and how to run it. */
const externalSchema = z.strictObject({
  /** Path of the file, relative to the experiment's own; the file's bytes go into the checkpoint. */
  onnx: z.string().min(1),
  /** SHA-256 of the file's bytes: computed if absent, checked if given. */
  sha256: z.string().optional(),
  /** Names of the model's input and output; its only ones if absent. */
  input: z.string().optional(),
  output: z.string().optional(),
  /** Activation that turns the output into the values that are picked from. */
  activation: z.enum(activations),
  /** Particle type that each output map predicts; null or `background` is not picked. */
  outputs: z.array(z.string().nullable()).min(1),
  /** (batch, channel, z, y, x) or (batch, z, y, x, channel), without z where the model sees planes. */
  layout: z.enum(layouts).default("channelsFirst"),
  /** Number of neighbouring slices that a model of planes sees as channels. */
  slices: slices.default(1),
  /** Divisors of the tile sizes along z, y, x that the model accepts. */
  multiple: z.tuple([size, size, size]).optional(),
  normalisation: normalisationSchema.default("standard"),
});
export type ExternalChoice = z.infer<typeof externalSchema>;

/** The network of an experiment: one of the library, one of the user's own file, or a model trained elsewhere. */
export const networkSchema = z.union([
  z.string(),
  z.strictObject({
    /** Name of an architecture in `src/nets`. */
    architecture: z.string(),
    /** Number of neighbouring slices that the network sees as channels. */
    slices: slices.default(1),
  }),
  z.strictObject({
    /**
     * Path of a .ts, .js or .mjs file whose default export is an architecture, relative to the experiment's own file.
     */
    file: z.string().min(1),
    slices: slices.default(1),
  }),
  externalSchema,
]);
type NetworkChoice = z.infer<typeof networkSchema>;

/** Returns a network's name in records, tables and messages. */
export function networkName(network: NetworkChoice): string {
  if (typeof network === "string") return network;
  const name = "onnx" in network ? network.onnx : "file" in network ? network.file : network.architecture;
  return network.slices === 1 ? name : `${name} (${network.slices} slices)`;
}

/** An experiment's network as it is opened: an architecture's name, or its file's path and hash. */
export type ResolvedNetwork = Pick<NetworkSpec, "architecture" | "slices" | "file">;

/** A network that an experiment trains. */
export type TrainedChoice = Exclude<NetworkChoice, ExternalChoice>;

export const isExternal = (network: NetworkChoice): network is ExternalChoice =>
  typeof network === "object" && "onnx" in network;

/** Rewrites a network's file paths, given relative to the experiment's file, as relative to the working directory. */
export function fromExperiment(experimentPath: string, network: unknown): unknown {
  if (typeof network !== "object" || network === null || Array.isArray(network)) return network;
  const moved = Object.entries(network).map(([key, value]: [string, unknown]) =>
    (key === "file" || key === "onnx") && typeof value === "string"
      ? [key, fromFolder(dirname(experimentPath), value)]
      : [key, value],
  );
  return Object.fromEntries(moved);
}

const fromFolder = (folder: string, file: string): string => relative(".", resolve(folder, file)) || file;
