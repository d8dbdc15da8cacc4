/** Networks trained elsewhere: any ONNX model with one image in and one stack of maps out, at the image's resolution. */
import * as ort from "onnxruntime-node";
import { isPerTile, rescale } from "../../../data/normalisation.js";
import type { Shape3 } from "../../../domain/volume.js";
import { messageOf, PickbenchError } from "../../../system/errors.js";
import type { Activation } from "../../activation.js";
import type { EngineName, LoadedNetwork } from "../../engine.js";
import type { ExternalSpec } from "../../externalSpec.js";
import { type Provider, providers } from "../graph/emitter.js";
import { createFromModel } from "../session.js";
import { activateMaps, bad, neighbours, placeMaps } from "./model.js";
import { reflectionOf } from "./reflection.js";

/** Engine and threads by which a model is run. */
export interface ExternalOptions {
  readonly engine: EngineName;
  readonly threads: number;
}

/**
 * Returns the execution provider of an engine.
 *
 * @throws PickbenchError Unsupported where the engine does not run ONNX files
 */
export function externalProvider(engine: EngineName, file: string): Provider {
  const provider = providers[engine];
  if (provider) return provider;
  throw new PickbenchError(
    "Unsupported",
    `${file}: engine ${engine} does not run ONNX files; choose onnx-cpu, onnx-webgpu or onnx-cuda, or leave --engine out`,
  );
}

/**
 * Opens a model in ONNX Runtime.
 *
 * @throws PickbenchError BadExperiment where ONNX Runtime does not load the model, in its own words
 */
export async function openModel(
  model: Uint8Array,
  file: string,
  { engine, threads }: ExternalOptions,
): Promise<ort.InferenceSession> {
  const provider = externalProvider(engine, file);
  try {
    return await createFromModel(model, { provider, threads, memoryPattern: false });
  } catch (error) {
    throw bad(
      file,
      `ONNX Runtime cannot load it (${oneLine(error)}); export it with standard operators`,
      error,
    );
  }
}

/** Returns an error's message on one line, cut to 300 characters, without call stacks. */
function oneLine(error: unknown): string {
  const text = messageOf(error).replace(/\s+/g, " ").trim();
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/**
 * Opens a model to be run on tiles of any size that it takes: (z, y, x) in, (z, outputs, y, x) out. A model of planes is
 * run on one slice after the other.
 *
 * @throws PickbenchError BadExperiment where the model cannot be loaded or run on a tile, or returns anything but `outputs`
 * maps of the tile's size
 */
export async function openExternal(
  model: Uint8Array,
  spec: ExternalSpec,
  activation: Activation,
  options: ExternalOptions,
): Promise<Pick<LoadedNetwork, "close"> & { run(tile: Float32Array, shape: Shape3): Promise<Float32Array> }> {
  const session = await openModel(model, spec.file, options);
  return {
    async run(tile, shape) {
      const seen = isPerTile(spec.normalisation) ? rescale(tile.slice(), spec.normalisation) : tile;
      const maps = await runTile(session, spec, seen, shape);
      activateMaps(maps, activation, spec.outputs, shape[1] * shape[2]);
      return maps;
    },
    close: () => session.release(),
  };
}

/** Runs the model on one tile; returns its output without activation, (z, outputs, y, x). */
async function runTile(
  session: ort.InferenceSession,
  spec: ExternalSpec,
  tile: Float32Array,
  [depth, height, width]: Shape3,
): Promise<Float32Array> {
  const { slices, layout, outputs } = spec;
  const voxels = height * width;
  const to = new Float32Array(depth * outputs * voxels);
  const last = layout === "channelsLast";
  if (slices === null) {
    const sizes = [depth, height, width];
    const maps = await runOnce(session, spec, tile, last ? [1, ...sizes, 1] : [1, 1, ...sizes], sizes);
    placeMaps(maps, layout, { to, firstPlane: 0, planes: depth, voxels, outputs });
    return to;
  }
  const frame = reflectionOf(spec, [height, width]);
  const { sizes } = frame;
  const dims = last ? [1, ...sizes, slices] : [1, slices, ...sizes];
  for (let z = 0; z < depth; z++) {
    const image = frame.around(neighbours(tile, z, slices, voxels, layout));
    const maps = frame.within(await runOnce(session, spec, image, dims, sizes));
    placeMaps(maps, layout, { to, firstPlane: z, planes: 1, voxels, outputs });
  }
  return to;
}

/**
 * Runs the model once and checks its output's sizes.
 *
 * @param sizes voxels of the image along its axes, which each output map must have too
 */
async function runOnce(
  session: ort.InferenceSession,
  spec: ExternalSpec,
  image: Float32Array,
  dims: readonly number[],
  sizes: readonly number[],
): Promise<Float32Array> {
  const { file, input, output } = spec;
  let result: ort.Tensor;
  try {
    const results = await session.run({ [input]: new ort.Tensor("float32", image, dims) }, [output]);
    result = results[output]!;
  } catch (error) {
    throw bad(
      file,
      `ONNX Runtime cannot run it on ${sizes.join("×")} voxels (${oneLine(error)}); give the sizes that it takes as network.multiple`,
      error,
    );
  }
  checkMaps(spec, result.dims, sizes);
  return result.data as Float32Array;
}

function checkMaps(spec: ExternalSpec, dims: readonly number[], sizes: readonly number[]): void {
  const { file, output, outputs, layout } = spec;
  const axes = sizes.length === 3 ? "z, y, x" : "y, x";
  const wanted = layout === "channelsLast" ? `batch, ${axes}, channel` : `batch, channel, ${axes}`;
  const shape = dims.join("×");
  if (dims.length === sizes.length + 2 ? dims[0] !== 1 : dims.length !== sizes.length + 1)
    throw bad(
      file,
      `its output ${output} has rank ${dims.length} (${shape}), wanted (${wanted}) with or without the batch of one`,
    );
  const map = dims.slice(dims.length - sizes.length - 1);
  const [channels, ...got] = layout === "channelsLast" ? [map.at(-1), ...map.slice(0, -1)] : map;
  if (channels !== outputs)
    throw bad(
      file,
      `its output ${output} has ${channels} channels (${shape}), network.outputs names ${outputs}; name one a channel, null for those that are not picked`,
    );
  if (got.join() !== sizes.join())
    throw bad(
      file,
      `its output ${output} has maps of ${got.join("×")} for a tile of ${sizes.join("×")}; wanted maps of the tile's own size`,
    );
}
