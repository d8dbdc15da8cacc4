/** ONNX models as bytes: the part of onnx.proto that is written, and what is read of a model from elsewhere. */
import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

/** A node's attribute, in the subset of onnx.proto (onnx.ai, Apache-2.0; beside this file) that the engine writes. */
export interface Attribute {
  readonly name: string;
  readonly type: 1 | 2 | 3 | 6 | 7;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
}

/** A node: one operator with the names of its inputs and outputs. */
export interface Node {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly Attribute[];
}

/** A constant array stored in a model. */
export interface Initializer {
  readonly name: string;
  /** 1 float32, 2 uint8, 3 int8, 6 int32, 7 int64. */
  readonly dataType: 1 | 2 | 3 | 6 | 7;
  readonly dims: readonly number[];
  readonly rawData: Uint8Array;
}

/** An input or output of a graph. */
export interface ValueInfo {
  readonly name: string;
  /** Sizes; a name stands for a size that is known only when the model runs. */
  readonly dims: readonly (number | string)[];
  readonly docString?: string;
}

/** A graph ready to be encoded. */
export interface GraphParts {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Sizes of every node's outputs by name, where whoever wrote the graph knows them. */
  readonly dims?: ReadonlyMap<string, readonly number[]>;
}

/** A model's description of itself: operator sets, producer, documentation and metadata. */
export interface ModelDescription {
  readonly operatorSets?: readonly OperatorSet[];
  /** Version of the program that wrote the model. */
  readonly producerVersion?: string;
  readonly docString?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface OperatorSet {
  readonly domain: string;
  readonly version: number;
}

/** ONNX's own operator set. */
export const standardOperators: OperatorSet = { domain: "", version: 17 };

/** Operator sets that the engine uses: ONNX 17, and ONNX Runtime's own for fused products and blocked convolutions. */
const engineOperators: readonly OperatorSet[] = [
  standardOperators,
  { domain: "com.microsoft", version: 1 },
  { domain: "com.microsoft.nchwc", version: 1 },
];

let modelType: protobuf.Type | undefined;

function loadSchema(): protobuf.Type {
  const text = readFileSync(new URL("./onnx.proto", import.meta.url), "utf8");
  return protobuf.parse(text, { keepCase: false }).root.lookupType("onnx.ModelProto");
}

const float = 1;
const dimension = (size: number | string) =>
  typeof size === "number" ? { dimValue: size } : { dimParam: size };
const valueInfo = ({ name, dims, ...documentation }: ValueInfo) => ({
  name,
  type: { tensorType: { elemType: float, shape: { dim: dims.map(dimension) } } },
  ...documentation,
});

/** Encodes a graph as the bytes of an ONNX model. */
export function encodeModel(
  parts: GraphParts,
  { operatorSets = engineOperators, metadata = {}, ...description }: ModelDescription = {},
): Uint8Array {
  modelType ??= loadSchema();
  return modelType
    .encode({
      irVersion: 8,
      producerName: "pickbench",
      opsetImport: operatorSets,
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      ...description,
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

/** The part of a model from elsewhere that tells whether it can be used: its nodes, inputs and stored arrays. */
export interface StoredGraph {
  readonly node?: readonly unknown[];
  readonly initializer?: readonly StoredTensor[];
  readonly input?: readonly {
    readonly name?: string;
    readonly type?: { readonly tensorType?: { readonly elemType?: number } | null } | null;
  }[];
}

/** A stored array: its type and sizes, and its values as raw bytes or as numbers. */
export interface StoredTensor {
  readonly name?: string;
  readonly dims?: readonly (number | { toNumber(): number })[];
  readonly dataType?: number;
  readonly rawData?: Uint8Array;
  readonly floatData?: readonly number[];
  readonly doubleData?: readonly number[];
  /** Bits of 16-bit floats. */
  readonly int32Data?: readonly number[];
}

/** Tells whether any array of a model, in its graphs or functions, lies in another file. @throws as `decodeModel` */
export function hasOtherFiles(bytes: Uint8Array): boolean {
  modelType ??= loadSchema();
  return namesFile(modelType.decode(bytes));
}

function namesFile(value: unknown): boolean {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  if (Array.isArray(value)) return typeof value[0] === "object" && value.some(namesFile);
  const { dataLocation = 0, externalData = [] } = value as {
    dataLocation?: number;
    externalData?: readonly unknown[];
  };
  return dataLocation === external || externalData.length > 0 || Object.values(value).some(namesFile);
}

/** Location of an array's values in another file, in onnx.proto. */
const external = 1;

/**
 * Decodes a model's graph; null where the model has none.
 *
 * @throws Error where the bytes are not a whole protobuf message of a model
 */
export function decodeModel(bytes: Uint8Array): StoredGraph | null {
  modelType ??= loadSchema();
  const { graph } = modelType.decode(bytes) as unknown as { readonly graph?: StoredGraph | null };
  return graph ?? null;
}

/** Decodes a model's metadata, text by key. @throws as `decodeModel` */
export function decodeMetadata(bytes: Uint8Array): Readonly<Record<string, string>> {
  modelType ??= loadSchema();
  const { metadataProps = [] } = modelType.decode(bytes) as unknown as {
    readonly metadataProps?: readonly { readonly key?: string; readonly value?: string }[];
  };
  return Object.fromEntries(metadataProps.map(({ key = "", value = "" }) => [key, value]));
}
