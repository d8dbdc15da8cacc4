/** ONNX files from elsewhere: reading and checking them, and converting tiles to and from their layouts. */
import { messageOf, PickbenchError } from "../../../system/errors.js";
import { readBytes } from "../../../system/paths/opening.js";
import type { Activation } from "../../activation.js";
import type { ExternalSpec } from "../../externalSpec.js";
import { decodeModel, hasOtherFiles, type StoredGraph, type StoredTensor } from "../graph/model.js";

/** Tensor types of floating-point numbers in onnx.proto: float, float16, double, bfloat16. */
const floatTypes: readonly number[] = [1, 10, 11, 16];

/**
 * Reads an ONNX file and counts its parameters: the numbers in its floating-point arrays.
 *
 * @throws PickbenchError BadExperiment where the file is missing, not ONNX or cut short, keeps its weights in other files,
 * or has an input that is not float32
 */
export async function readModel(path: string): Promise<{ model: Uint8Array; parameters: number }> {
  const model = await readBytes(path).catch((error: unknown) => {
    throw bad(path, `it cannot be read (${messageOf(error)}); give an ONNX file`, error);
  });
  checkOneFile(path, model);
  const graph = graphOf(path, model);
  checkInputs(path, graph);
  const floats = (graph.initializer ?? []).filter(({ dataType }) => floatTypes.includes(dataType ?? 0));
  return { model: new Uint8Array(model), parameters: floats.reduce((sum, each) => sum + countOf(each), 0) };
}

/**
 * Checks that a model holds all its arrays itself.
 *
 * @throws PickbenchError BadExperiment where it is not ONNX, or names other files, which are not read
 */
export function checkOneFile(path: string, model: Uint8Array): void {
  graphOf(path, model);
  if (hasOtherFiles(model))
    throw bad(
      path,
      "it keeps its weights in other files beside it; save it as one file (onnx.save with save_as_external_data=False)",
    );
}

function graphOf(path: string, model: Uint8Array): StoredGraph {
  let graph: StoredGraph | null;
  try {
    graph = decodeModel(model);
  } catch (error) {
    throw bad(path, `not a whole ONNX file (${messageOf(error)}); ${again}`, error);
  }
  if (!graph?.node?.length) throw bad(path, `not an ONNX file (it holds no graph); ${again}`);
  return graph;
}

const again = "export the network again, such as with torch.onnx.export";

/** Names of element types by their numbers in onnx.proto, without the rare ones. */
const typeNames: Readonly<Record<number, string>> = {
  2: "uint8",
  3: "int8",
  5: "int16",
  6: "int32",
  7: "int64",
  10: "float16",
  11: "float64",
  16: "bfloat16",
};

/** Refuses inputs that are not float32. ONNX Runtime would blame an operator it lacks; the type is what must change. */
function checkInputs(path: string, { input = [], initializer = [] }: StoredGraph): void {
  const constants = new Set(initializer.map(({ name }) => name));
  for (const { name, type } of input) {
    const element = type?.tensorType?.elemType;
    if (constants.has(name) || element === undefined || element === 1) continue;
    throw bad(
      path,
      `its input ${name} is of ${typeNames[element] ?? "another type"}, wanted float32; export the network with float32 inputs and weights`,
    );
  }
}

const countOf = ({ dims = [] }: StoredTensor): number =>
  dims.reduce<number>((count, dim) => count * Number(dim), 1);

/** Makes the error of a model that cannot be used: BadExperiment, with the file's path in front. */
export const bad = (path: string, what: string, cause?: unknown): PickbenchError =>
  new PickbenchError("BadExperiment", `${path}: ${what}`, { path, cause });

/** Where a model's output is written: planes of a tile's maps (z, outputs, y, x). */
export interface Place {
  readonly to: Float32Array;
  readonly firstPlane: number;
  readonly planes: number;
  /** Voxels of a plane. */
  readonly voxels: number;
  readonly outputs: number;
}

/** Copies a model's output, (channel, planes, voxels) or (planes, voxels, channel), into its planes of a tile. */
export function placeMaps(
  maps: Float32Array,
  layout: ExternalSpec["layout"],
  { to, firstPlane, planes, voxels, outputs }: Place,
): void {
  const [channelStep, planeStep, voxelStep] =
    layout === "channelsFirst" ? [planes * voxels, voxels, 1] : [1, voxels * outputs, outputs];
  for (let plane = 0; plane < planes; plane++)
    for (let channel = 0; channel < outputs; channel++) {
      const from = channel * channelStep + plane * planeStep;
      const start = ((firstPlane + plane) * outputs + channel) * voxels;
      for (let i = 0; i < voxels; i++) to[start + i] = maps[from + i * voxelStep]!;
    }
}

/**
 * Returns a slice with its neighbours as channels of one image: (slices, y, x) or (y, x, slices). Outside the tile its
 * outermost slice is repeated.
 */
export function neighbours(
  tile: Float32Array,
  z: number,
  slices: number,
  voxels: number,
  layout: ExternalSpec["layout"],
): Float32Array {
  const depth = tile.length / voxels;
  const image = new Float32Array(slices * voxels);
  for (let channel = 0; channel < slices; channel++) {
    const slice = Math.max(0, Math.min(z + channel - (slices - 1) / 2, depth - 1));
    const plane = tile.subarray(slice * voxels, (slice + 1) * voxels);
    if (layout === "channelsFirst") image.set(plane, channel * voxels);
    else for (let i = 0; i < voxels; i++) image[i * slices + channel] = plane[i]!;
  }
  return image;
}

/** Applies the output activation to the logits of a tile, (z, outputs, y, x), in place. */
export function activateMaps(
  maps: Float32Array,
  activation: Activation,
  outputs: number,
  voxels: number,
): void {
  if (activation === "sigmoid") for (let i = 0; i < maps.length; i++) maps[i] = 1 / (1 + Math.exp(-maps[i]!));
  if (activation !== "softmax") return;
  for (let plane = 0; plane < maps.length; plane += outputs * voxels)
    for (let i = plane; i < plane + voxels; i++) softmaxAt(maps, i, i + outputs * voxels, voxels);
}

function softmaxAt(maps: Float32Array, first: number, end: number, step: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = first; i < end; i += step) if (maps[i]! > largest) largest = maps[i]!;
  let sum = 0;
  for (let i = first; i < end; i += step) sum += Math.exp(maps[i]! - largest);
  for (let i = first; i < end; i += step) maps[i] = Math.exp(maps[i]! - largest) / sum;
}
