import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

/** The parts of onnx.proto (onnx.ai, Apache-2.0; beside this file) that the engine writes. */
export interface Attribute {
  readonly name: string;
  readonly type: 1 | 2 | 3 | 6 | 7;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
}

export interface Node {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly Attribute[];
}

export interface Initializer {
  readonly name: string;
  readonly dataType: 1 | 7;
  readonly dims: readonly number[];
  readonly rawData: Uint8Array;
}

export interface ValueInfo {
  readonly name: string;
  readonly dims: readonly number[];
}

export interface GraphParts {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** The operator sets the engine writes: ONNX 17, and ONNX Runtime's own for fused products and blocked convolutions. */
const operatorSets = [
  { domain: "", version: 17 },
  { domain: "com.microsoft", version: 1 },
  { domain: "com.microsoft.nchwc", version: 1 },
];

let modelType: protobuf.Type | undefined;

function loadSchema(): protobuf.Type {
  const text = readFileSync(new URL("./onnx.proto", import.meta.url), "utf8");
  return protobuf.parse(text, { keepCase: false }).root.lookupType("onnx.ModelProto");
}

const float = 1;
const valueInfo = ({ name, dims }: ValueInfo) => ({
  name,
  type: { tensorType: { elemType: float, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});

/** The bytes of an ONNX model. */
export function encodeModel(parts: GraphParts): Uint8Array {
  modelType ??= loadSchema();
  return modelType
    .encode({
      irVersion: 8,
      producerName: "pickbench",
      opsetImport: operatorSets,
      graph: {
        name: "pickbench",
        node: parts.nodes,
        initializer: parts.initializers,
        input: parts.inputs.map(valueInfo),
        output: parts.outputs.map(valueInfo),
      },
    })
    .finish();
}
