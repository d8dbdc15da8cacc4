/** The configuration of a Keras 2 model: its layers, and which layer takes which others' outputs. */
import { z } from "zod";
import { PickbenchError } from "../../system/errors.js";

/** A layer as the configuration declares it. */
export interface KerasLayer {
  /** Keras's class, such as Conv2D. */
  readonly kind: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** For each call of the layer, the values that it takes. */
  readonly calls: readonly (readonly ValueName[])[];
  /** A model used as a layer. */
  readonly inner: KerasGraph | null;
}

/** A value: the output of a layer's call, the first being 0. */
export interface ValueName {
  readonly layer: string;
  readonly call: number;
}

/** A model: layers in an order in which each comes after those that it takes from. */
export interface KerasGraph {
  readonly layers: readonly KerasLayer[];
  readonly inputs: readonly ValueName[];
  readonly outputs: readonly ValueName[];
}

const name = z.string().min(1);
const settings = z.record(z.string(), z.unknown());
/** [layer, call, output, options] */
const origin = z.tuple([name, z.number().int().min(0), z.number().int()]).rest(z.unknown());
const port = z.tuple([name, z.number().int().min(0), z.number().int()]);
/** One port, or a list of them. */
const ports = z.union([port.transform((one) => [one]), z.array(port)]);
const nodes = z.array(z.union([z.array(origin), origin.transform((one) => [one])]));

const functionalLayer = z.object({
  class_name: name,
  name: name.optional(),
  config: settings,
  inbound_nodes: nodes,
});
const functional = z.object({
  layers: z.array(functionalLayer).min(1),
  input_layers: ports,
  output_layers: ports,
});
const sequential = z.object({ layers: z.array(z.object({ class_name: name, config: settings })).min(1) });
const modelSchema = z.object({ class_name: name, config: z.unknown() });

const functionalKinds = ["Functional", "Model"];
const deepest = 8;

/**
 * Reads a model's configuration, Functional or Sequential, with models as layers inside.
 *
 * @param path names it in errors
 * @throws PickbenchError BadDataset where a key that is needed is missing or of another form, Unsupported for another
 * kind of model
 */
export function readGraph(config: unknown, path: string, depth = 0): KerasGraph {
  if (depth > deepest)
    throw new PickbenchError(
      "Unsupported",
      `${path}: its models lie in models deeper than ${deepest}; save a flat one`,
      { path },
    );
  const { class_name: kind, config: content } = checked(modelSchema, config, "model_config", path);
  if (functionalKinds.includes(kind)) return functionalGraph(content, path, depth);
  if (kind === "Sequential") return sequentialGraph(content, path, depth);
  throw new PickbenchError(
    "Unsupported",
    `${path}: its model is of the class ${kind}, wanted Functional or Sequential; save it so`,
    { path },
  );
}

function functionalGraph(config: unknown, path: string, depth: number): KerasGraph {
  const { layers, input_layers, output_layers } = checked(functional, config, "model_config.config", path);
  const all = layers.map((layer) =>
    layerOf(
      layer,
      layer.inbound_nodes.map((call) => call.map(([from, node]) => ({ layer: from, call: node }))),
      {
        path,
        depth,
      },
    ),
  );
  return {
    layers: inOrder(all, path),
    inputs: input_layers.map(valueName),
    outputs: output_layers.map(valueName),
  };
}

const valueName = ([layer, call]: readonly [string, number, number]): ValueName => ({ layer, call });

/** A Sequential's first layer may hold the input's sizes instead of an InputLayer. */
function sequentialGraph(config: unknown, path: string, depth: number): KerasGraph {
  const { layers } = checked(sequential, config, "model_config.config", path);
  const all: KerasLayer[] = [];
  if (layers[0]!.class_name !== "InputLayer")
    all.push({
      kind: "InputLayer",
      name: "input",
      config: { batch_input_shape: layers[0]!.config.batch_input_shape },
      calls: [],
      inner: null,
    });
  for (const layer of layers) {
    const before = all.at(-1);
    all.push(layerOf(layer, before ? [[{ layer: before.name, call: 0 }]] : [], { path, depth }));
  }
  const at = (layer: KerasLayer): ValueName[] => [{ layer: layer.name, call: 0 }];
  return { layers: all, inputs: at(all[0]!), outputs: at(all.at(-1)!) };
}

function layerOf(
  given: {
    readonly class_name: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly name?: string | undefined;
  },
  calls: KerasLayer["calls"],
  { path, depth }: { readonly path: string; readonly depth: number },
): KerasLayer {
  const { class_name: kind, config } = given;
  const own = given.name ?? config.name;
  if (typeof own !== "string")
    throw new PickbenchError("BadDataset", `${path}: a layer of its model_config, a ${kind}, has no name`, {
      path,
    });
  const isModel = functionalKinds.includes(kind) || kind === "Sequential";
  const inner = isModel ? readGraph({ class_name: kind, config }, `${path}, layer ${own}`, depth + 1) : null;
  return { kind, name: own, config, calls, inner };
}

/** Orders layers so that each comes after those that it takes from. */
function inOrder(layers: readonly KerasLayer[], path: string): KerasLayer[] {
  const known = new Map(layers.map((layer) => [layer.name, layer]));
  const order: KerasLayer[] = [];
  const state = new Map<KerasLayer, "open" | "done">();
  const bad = (what: string) =>
    new PickbenchError("BadDataset", `${path}: its model_config ${what}; save the model again in Ais`, {
      path,
    });
  const stack: KerasLayer[] = [];
  const sources = ({ calls }: KerasLayer) =>
    calls.flat().map(({ layer }) => {
      const found = known.get(layer);
      if (!found) throw bad(`takes the output of a layer ${JSON.stringify(layer)} that it lacks`);
      return found;
    });
  for (const each of layers) {
    stack.push(each);
    while (stack.length > 0) {
      const layer = stack.at(-1)!;
      const missing = sources(layer).find((source) => state.get(source) !== "done");
      if (state.get(layer) === "done" || missing === undefined) {
        if (state.get(layer) !== "done") order.push(layer);
        state.set(layer, "done");
        stack.pop();
        continue;
      }
      if (state.get(missing) === "open" || missing === layer) throw bad("leads in a circle");
      state.set(layer, "open");
      stack.push(missing);
    }
  }
  return order;
}

/** @throws PickbenchError BadDataset naming the first key that is missing or of another form */
function checked<S extends z.ZodType>(schema: S, value: unknown, where: string, path: string): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path: keys, message } = parsed.error.issues[0]!;
  const key = [where, ...keys].join(".");
  throw new PickbenchError(
    "BadDataset",
    `${path}: ${key} is not as Keras 2 writes it (${message}); save the model with TensorFlow 2.8 to 2.11, as Ais does`,
    { path, cause: parsed.error },
  );
}
