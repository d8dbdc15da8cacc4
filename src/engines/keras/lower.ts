/**
 * Keras models as ONNX models that see planes. The room `keras` reads the configuration of a Keras 2 model and writes its
 * layers in standard ONNX, with the weights as constants.
 */
import { z } from "zod";
import { leastCommonMultiple } from "../../domain/numbers.js";
import type { KerasArray } from "../../formats/keras/hdf5.js";
import { PickbenchError } from "../../system/errors.js";
import { encodeModel, standardOperators } from "../onnx/graph/model.js";
import { OpenGraph } from "../onnx/portable/openGraph.js";
import { type KerasGraph, type KerasLayer, readGraph, type ValueName } from "./config.js";
import { layerRules } from "./layers.js";
import type { KerasMap } from "./maps.js";
import type { LayerContext } from "./rule.js";

/** A Keras model as an ONNX model: `image` (1, slices, y, x) in, `maps` (1, outputs, y, x) out. */
export interface LoweredKeras {
  readonly model: Uint8Array;
  /** Slices that it sees as channels, or as the depth of a model of volumes. */
  readonly slices: number;
  readonly outputs: number;
  /** Divisor of the sizes along y and x. */
  readonly multiple: number;
  /** Count of the model's weights. */
  readonly parameters: number;
}

/** Names of the ONNX model's input and output. */
export const inputName = "image";
export const outputName = "maps";

/**
 * Lowers a Keras model of slices: (y, x, slices) in, or (y, x, slices, 1) for a model of volumes, one map (y, x, outputs)
 * out, at the input's own size. Height and width become open, whatever the model was saved with.
 *
 * @param config `model_config` as parsed JSON
 * @param weights arrays of each layer
 * @param path names the model in errors
 * @throws PickbenchError Unsupported naming a layer that cannot be lowered, BadDataset where configuration and weights do
 * not fit together
 */
export function lowerKeras(
  config: unknown,
  weights: ReadonlyMap<string, readonly KerasArray[]>,
  path: string,
): LoweredKeras {
  const model = readGraph(config, path);
  const bad = (what: string) => new PickbenchError("Unsupported", `${path}: ${what}`, { path });
  if (model.inputs.length !== 1 || model.outputs.length !== 1)
    throw bad(
      `its model has ${model.inputs.length} inputs and ${model.outputs.length} outputs, wanted one of each`,
    );
  const graph = new OpenGraph();
  const lowering = new Lowering(graph, weights, path);
  const { slices, map: image } = openInput(model, graph, path);
  const [output] = lowering.run(model, [image], "");
  checkOutput(output!, bad);
  const flat =
    output!.axes.length === 3 ? graph.node("Squeeze", [output!.name, graph.integers([4])]) : output!.name;
  graph.publish(flat, outputName);
  const sizes = ["y", "x"];
  const parts = graph.parts(
    [{ name: inputName, dims: ["batch", slices, ...sizes] }],
    [{ name: outputName, dims: ["batch", output!.channels, ...sizes] }],
  );
  return {
    model: encodeModel(parts, { operatorSets: [standardOperators] }),
    slices,
    outputs: output!.channels,
    multiple: lowering.multiple,
    parameters: [...weights.values()].flat().reduce((sum, { data }) => sum + data.length, 0),
  };
}

const size = z.number().int().min(1);
const shapeSchema = z.union([
  z.tuple([z.null(), size.nullable(), size.nullable(), size]),
  z.tuple([z.null(), size.nullable(), size.nullable(), size, z.literal(1)]),
]);

/** Declares the input: a plane's channels, or a block's slices moved behind y and x, where Keras has them. */
function openInput(
  model: KerasGraph,
  graph: OpenGraph,
  path: string,
): { readonly slices: number; readonly map: KerasMap } {
  const layer = model.layers.find(({ name }) => name === model.inputs[0]!.layer);
  const given = layer?.config.batch_input_shape ?? layer?.config.batch_shape;
  const parsed = shapeSchema.safeParse(given);
  if (!parsed.success)
    throw new PickbenchError(
      "Unsupported",
      `${path}: its input is of the sizes ${JSON.stringify(given ?? null)}, wanted [null, y, x, slices] or [null, y, x, slices, 1]`,
      { path },
    );
  const slices = parsed.data[3];
  const open = { stride: 1, extra: 0 };
  if (parsed.data.length === 4)
    return { slices, map: { name: inputName, channels: slices, axes: [open, open] } };
  const block = graph.node("Unsqueeze", [inputName, graph.integers([1])]);
  const name = graph.node("Transpose", [block], [{ name: "perm", type: 7, ints: [0, 1, 3, 4, 2] }]);
  return { slices, map: { name, channels: 1, axes: [open, open, { stride: null, extra: slices }] } };
}

function checkOutput({ axes }: KerasMap, bad: (what: string) => PickbenchError): void {
  if (axes.length < 2) throw bad("its output is one number a channel, wanted a map");
  const [, , depth] = axes;
  if (depth !== undefined && (depth.stride !== null || depth.extra !== 1))
    throw bad(`its output has ${depth.extra} slices, wanted the middle one alone`);
  if (axes.slice(0, 2).some(({ stride, extra }) => stride !== 1 || extra !== 0))
    throw bad("its output has another size than its input; wanted a map of the input's own size");
}

/** The lowering of a model and of those inside it, into one graph. */
class Lowering {
  multiple = 1;
  readonly #graph: OpenGraph;
  readonly #weights: ReadonlyMap<string, readonly KerasArray[]>;
  readonly #path: string;

  constructor(graph: OpenGraph, weights: ReadonlyMap<string, readonly KerasArray[]>, path: string) {
    this.#graph = graph;
    this.#weights = weights;
    this.#path = path;
  }

  /** @param above names of the models around, each with a slash; empty for the outermost */
  run(model: KerasGraph, given: readonly KerasMap[], above: string): KerasMap[] {
    const values = new Map<string, KerasMap>();
    const key = ({ layer, call }: ValueName) => `${call}/${layer}`;
    for (const [at, input] of model.inputs.entries()) values.set(key(input), given[at]!);
    const value = (name: ValueName): KerasMap => {
      const found = values.get(key(name));
      if (found) return found;
      throw new PickbenchError(
        "BadDataset",
        `${this.#path}: its model_config takes call ${name.call} of layer ${name.layer}, which has fewer; save the model again in Ais`,
        { path: this.#path },
      );
    };
    for (const layer of model.layers) {
      if (layer.kind === "InputLayer") continue;
      for (const [at, sources] of layer.calls.entries()) {
        // A model counts the joining of its own inputs and outputs as call 0.
        const call = layer.inner ? at + 1 : at;
        values.set(key({ layer: layer.name, call }), this.#layer(layer, sources.map(value), above, at));
      }
    }
    return model.outputs.map(value);
  }

  #layer(layer: KerasLayer, inputs: readonly KerasMap[], above: string, call: number): KerasMap {
    const { kind, name, inner } = layer;
    const isOnce = inputs.length === 1;
    if (inner && isOnce && inner.inputs.length === 1 && inner.outputs.length === 1)
      return this.run(inner, inputs, `${above}${name}/`)[0]!;
    const rule = layerRules[kind];
    if (!rule || inputs.length === 0)
      throw new PickbenchError(
        "Unsupported",
        `${this.#path}: its layer ${name} is a ${kind}, which is not taken${kind === "Lambda" ? ": it holds Python code" : ""}; ${
          rule ? "it takes no input" : "docs/ais.md lists the layers that are"
        }`,
        { path: this.#path },
      );
    const map = rule(inputs, this.#context(layer, above, call));
    for (const { stride } of map.axes)
      if (stride !== null && stride > 1)
        this.multiple = leastCommonMultiple(this.multiple, Math.ceil(stride));
    return map;
  }

  #context({ kind, name, config }: KerasLayer, above: string, call: number): LayerContext {
    const path = this.#path;
    const where = `${path}: layer ${name}, a ${kind}`;
    return {
      graph: this.#graph,
      label: `${above}${name}${call === 0 ? "" : `:${call}`}`,
      read(schema) {
        const parsed = schema.safeParse(config);
        if (parsed.success) return parsed.data;
        const { path: keys, message } = parsed.error.issues[0]!;
        throw new PickbenchError(
          "Unsupported",
          `${where}: its ${keys.join(".")} is ${JSON.stringify(config[String(keys[0])] ?? null)} (${message}), which is not taken; docs/ais.md lists what is`,
          { path, cause: parsed.error },
        );
      },
      weight: (wanted, shape) => this.#weight(above, name, wanted, shape),
      unable: (what) =>
        new PickbenchError(
          "Unsupported",
          `${where}: ${what}, which is not taken; docs/ais.md lists what is`,
          {
            path,
          },
        ),
    };
  }

  /** Finds a layer's weight by the end of its name; inside a model, by the layer's name before it. */
  #weight(above: string, layer: string, wanted: string, shape: readonly number[]): Float32Array {
    const [outermost] = above.split("/");
    const arrays = this.#weights.get(above === "" ? layer : outermost!) ?? [];
    const found = arrays.find(({ name }) => {
      const steps = name.replace(/:\d+$/, "").split("/");
      return steps.at(-1) === wanted && (above === "" || steps.at(-2) === layer);
    });
    if (found?.shape.join() === shape.join()) {
      if (found.data.every(Number.isFinite)) return found.data;
      throw new PickbenchError(
        "NotFinite",
        `${this.#path}: ${wanted} of layer ${layer} holds NaN or infinity; give a model whose training stayed finite`,
        { path: this.#path },
      );
    }
    throw new PickbenchError(
      "BadDataset",
      `${this.#path}: ${wanted} of layer ${layer} has ${found ? `the sizes ${found.shape.join("×")}` : "no numbers"}, wanted ${shape.join("×")}; save the model again in Ais`,
      { path: this.#path },
    );
  }
}
