/** The networks that an experiment may name, and how each is named in turn. */
import { dirname } from "node:path";
import { z } from "zod";
import { normalisationSchema } from "../../data/normalisation.js";
import { activations } from "../../engines/activation.js";
import { layouts } from "../../engines/externalSpec.js";
import type { NetworkSpec } from "../../nets/library/catalogue.js";
import { isMapping } from "../../system/mapping.js";
import { rebased } from "../../system/paths/rebased.js";

const slices = z
  .number()
  .int()
  .min(1)
  .max(31)
  .refine((count) => count % 2 === 1, "wanted an odd number");

const size = z.number().int().min(1);

/** An ONNX model trained elsewhere, and how it is run. The table in docs/onnx.md is made from it. */
const externalSchema = z.strictObject({
  onnx: z
    .string()
    .min(1)
    .describe("the file, relative to the experiment's own; its bytes go into the checkpoint"),
  sha256: z.string().optional().describe("of the file's bytes, which are refused where they differ"),
  input: z.string().optional().describe("name of the model's input; needed where it has several"),
  output: z.string().optional().describe("name of the model's output; needed where it has several"),
  activation: z.enum(activations).describe("what makes probabilities of the model's output"),
  outputs: z
    .array(z.string().nullable())
    .min(1)
    .describe("what each output channel predicts: a particle type; `background` or null is not picked"),
  layout: z
    .enum(layouts)
    .default("channelsFirst")
    .describe(
      "(batch, channel, z, y, x), or (batch, z, y, x, channel); without z where the model sees planes",
    ),
  slices: slices
    .default(1)
    .describe("neighbouring slices that a model of planes sees as channels; an odd number"),
  multiple: z
    .tuple([size, size, size])
    .optional()
    .describe(
      "tile sizes along z, y, x must be multiples of this; if absent, what the model fixes, or any size",
    ),
  normalisation: normalisationSchema
    .default("standard")
    .describe(
      "what is done to grey values: `standard` as for networks that are trained here, `zScore` by mean and standard deviation, `minMax` to 0 and 1, `none`; `{mean, std}` as constants; `{percentiles: [1, 99]}` to 0 and 1, the rest clipped; `{kind: zScore, per: tile}` measures each tile instead of the tomogram, `per: slice` each z plane",
    ),
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
    /** Of the file together with what it imports; refused where it differs, and set by a run where it is absent. */
    sha256: z.string().optional(),
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

/** Returns a network without the path of its file where the file's content has a hash. */
export function byContent(network: NetworkChoice): object | string {
  if (typeof network === "string" || !("sha256" in network) || network.sha256 === undefined) return network;
  const { file: _, onnx: __, ...rest } = { file: undefined, onnx: undefined, ...network };
  return rest;
}

/** Returns a network with the path of its file changed; others' form is left as it is. */
function withPath(network: unknown, change: (path: string) => string): unknown {
  if (!isMapping(network)) return network;
  const moved = Object.entries(network).map(([key, value]) =>
    (key === "file" || key === "onnx") && typeof value === "string" ? [key, change(value)] : [key, value],
  );
  return Object.fromEntries(moved);
}

/** Rewrites a network's file path, given relative to the experiment's file, as relative to the working directory. */
export const fromExperiment = (experimentPath: string, network: unknown): unknown =>
  withPath(network, (path) => rebased(path, dirname(experimentPath), "."));

/** Rewrites a network's file path, given relative to the working directory, as relative to a folder. */
export const networkForFolder = (folder: string, network: NetworkChoice): unknown =>
  withPath(network, (path) => rebased(path, ".", folder));
