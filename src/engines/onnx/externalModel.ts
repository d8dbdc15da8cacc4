import { readFile } from "node:fs/promises";
import { messageOf, PickbenchError } from "../../errors.js";
import { decodeModel, type StoredGraph, type StoredTensor } from "./model.js";

/** The tensor types of onnx.proto that hold floating-point numbers: float, float16, double, bfloat16. */
const floatTypes: readonly number[] = [1, 10, 11, 16];

/**
 * Reads an ONNX file, and counts the numbers it was trained to.
 *
 * @throws BadExperiment where it is missing, not ONNX, cut short, keeps its numbers in other files, or takes no float32
 */
export async function readModel(path: string): Promise<{ model: Uint8Array; parameters: number }> {
  const model = await readFile(path).catch((error: unknown) => {
    throw bad(path, `it cannot be read (${messageOf(error)}); give an ONNX file`, error);
  });
  const graph = graphOf(path, model);
  const tensors = storedTensors(graph);
  if (tensors.some(({ dataLocation }) => dataLocation === 1))
    throw bad(
      path,
      "it keeps its weights in other files beside it; save it as one file (onnx.save with save_as_external_data=False)",
    );
  checkInputs(path, graph);
  const floats = (graph.initializer ?? []).filter(({ dataType }) => floatTypes.includes(dataType ?? 0));
  return { model: new Uint8Array(model), parameters: floats.reduce((sum, each) => sum + countOf(each), 0) };
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

/** Element types by their numbers in onnx.proto; those that are not here are rare. */
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

/** ONNX Runtime names an operator that it lacks for such a type; the type is what is to be changed. */
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

/** Every stored array, those in attributes and in the graphs of attributes too. */
function storedTensors({ initializer = [], node = [] }: StoredGraph): StoredTensor[] {
  const attributes = node.flatMap(({ attribute = [] }) => attribute);
  return [
    ...initializer,
    ...attributes.flatMap(({ t, tensors = [] }) => [...(t ? [t] : []), ...tensors]),
    ...attributes.flatMap(({ g, graphs = [] }) => [...(g ? [g] : []), ...graphs].flatMap(storedTensors)),
  ];
}

export const bad = (path: string, what: string, cause?: unknown): PickbenchError =>
  new PickbenchError("BadExperiment", `${path}: ${what}`, { path, cause });
