import { dirname, join, relative } from "node:path";
import { z } from "zod";
import type { NetworkSpec } from "../nets/catalogue.js";

const slices = z
  .number()
  .int()
  .min(1)
  .max(31)
  .refine((count) => count % 2 === 1, "wanted an odd number");

/** What an experiment may name as its network: one of the library, or one that the user's own file declares. */
export const networkSchema = z.union([
  z.string(),
  z.strictObject({
    /** An architecture of `src/nets`. */
    architecture: z.string(),
    /** Neighbouring slices that it sees as channels. */
    slices: slices.default(1),
  }),
  z.strictObject({
    /** A .ts, .js or .mjs file whose default export is an architecture; relative to the experiment's own file. */
    file: z.string().min(1),
    slices: slices.default(1),
  }),
]);
export type NetworkChoice = z.infer<typeof networkSchema>;

/** What networks are called in records, tables and messages. */
export function networkName(network: NetworkChoice): string {
  if (typeof network === "string") return network;
  const name = "file" in network ? network.file : network.architecture;
  return network.slices === 1 ? name : `${name} (${network.slices} slices)`;
}

/** What an experiment's network is where it is opened: an architecture's name, and its file's path and hash. */
export type ResolvedNetwork = Pick<NetworkSpec, "architecture" | "slices" | "file">;

/** A file's path as seen from where pickbench is called, from one relative to the experiment's. */
export function fromExperiment(experimentPath: string, network: unknown): unknown {
  if (typeof network !== "object" || network === null || !("file" in network)) return network;
  const { file } = network;
  return typeof file === "string" ? { ...network, file: fromFolder(dirname(experimentPath), file) } : network;
}

const fromFolder = (folder: string, file: string): string => relative(".", join(folder, file)) || file;
