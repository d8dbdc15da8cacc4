/** The rules of Keras's layers: what they are given, and what several of them share. */
import { z } from "zod";
import type { Name, OpenGraph } from "../onnx/portable/openGraph.js";
import { activation, activationNames } from "./activations.js";
import type { KerasMap } from "./maps.js";

/** What a layer's rule needs besides its inputs. */
export interface LayerContext {
  readonly graph: OpenGraph;
  /** The layer's name, by which its constants are called. */
  readonly label: string;
  /** Parses the layer's configuration. @throws PickbenchError BadDataset naming layer and key */
  read<S extends z.ZodType>(schema: S): z.infer<S>;
  /** Returns a weight of the sizes wanted, such as `kernel`. @throws PickbenchError BadDataset naming layer and weight */
  weight(name: string, shape: readonly number[]): Float32Array;
  /** Makes the error of a layer whose settings cannot be lowered. */
  unable(what: string): Error;
}

/** Writes a layer, given its inputs. */
export type Rule = (inputs: readonly KerasMap[], context: LayerContext) => KerasMap;

const numbers = z.array(z.number().int().min(1));
/** One whole number for all axes, or one each. */
export const sizes = z.union([
  z
    .number()
    .int()
    .min(1)
    .transform((one) => [one, one, one]),
  numbers,
]);
export const padding = z.enum(["same", "valid"]).default("valid");
export const channelsLast = z.literal("channels_last").nullish();
/** The activation that a layer applies itself. */
export const activated = z
  .enum(activationNames)
  .nullish()
  .transform((name) => name ?? "linear");

/** Adds a layer's bias as a constant, where it has one. */
export const bias = (has: boolean, count: number, { graph, label, weight }: LayerContext): Name[] =>
  has ? [graph.floats(`${label}/bias`, [count], () => weight("bias", [count]))] : [];

/** @throws PickbenchError Unsupported where an axis is not the channels', the last one */
export function checkChannelAxis(axes: readonly number[], x: KerasMap, context: LayerContext): void {
  const last = x.axes.length + 1;
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== last))
    throw context.unable(`axis ${axes.join(", ")} is not the channels', the last one`);
}

/** A map that has as many axes as a layer takes. */
export function mapOf(x: KerasMap, rank: number, context: LayerContext): KerasMap {
  if (x.axes.length === rank) return x;
  throw context.unable(`it takes maps of ${rank} axes, and gets ${x.axes.length}`);
}

/** Applies an activation. */
export const act = (
  x: KerasMap,
  kind: (typeof activationNames)[number],
  { graph }: LayerContext,
): KerasMap => ({
  ...x,
  name: activation(graph, kind, x.name),
});
