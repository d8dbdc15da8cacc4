/** Writer of ONNX graphs: adds nodes and constants, tracks every tensor's sizes, knows what each provider lacks. */
import type { EngineName } from "../../engine.js";
import type { Attribute, GraphParts, Initializer, Node, ValueInfo } from "./model.js";

/** A tensor of an ONNX graph: its name and sizes. Maps are (sample, z, channel, y, x): see zMajor.ts. */
export interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
}

/** Returns the count of elements in a tensor of these sizes. */
export const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Makes an attribute of a list of integers; `int`, `real` and `text` make those of one integer, float or string. */
export const ints = (name: string, values: readonly number[]): Attribute => ({ name, type: 7, ints: values });
export const int = (name: string, value: number): Attribute => ({ name, type: 2, i: value });
export const real = (name: string, value: number): Attribute => ({ name, type: 1, f: value });
export const text = (name: string, value: string): Attribute => ({
  name,
  type: 3,
  s: new TextEncoder().encode(value),
});

/** Returns the sizes of a broadcast of two tensors of equal rank, or of a scalar and a tensor. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  if (a.length === 0) return [...b];
  if (b.length === 0) return [...a];
  if (a.length !== b.length) throw new TypeError(`broadcast of [${a}] and [${b}]`);
  return a.map((size, axis) => {
    const other = b[axis]!;
    if (size !== other && size !== 1 && other !== 1) throw new TypeError(`broadcast of [${a}] and [${b}]`);
    return Math.max(size, other);
  });
}

/** An ONNX graph in the making, written node by node, with every tensor's sizes. */
export class Emitter {
  private readonly nodes: Node[] = [];
  private readonly initializers: Initializer[] = [];
  private readonly inputs: ValueInfo[] = [];
  private readonly outputs: ValueInfo[] = [];
  private readonly constants = new Map<string, string>();
  private readonly dims = new Map<string, readonly number[]>();
  private readonly provider: Provider;
  private count = 0;

  /** @param provider the one that will run the graph: not every provider has every operator */
  constructor(provider: Provider = "cpu") {
    this.provider = provider;
  }

  input(name: string, dims: readonly number[]): Tensor {
    this.inputs.push({ name, dims });
    return { name, dims };
  }

  output(name: string, tensor: Tensor): void {
    this.nodes.push({
      name,
      opType: "Identity",
      domain: "",
      input: [tensor.name],
      output: [name],
      attribute: [],
    });
    this.outputs.push({ name, dims: tensor.dims });
    this.dims.set(name, tensor.dims);
  }

  parts(): GraphParts {
    const { nodes, initializers, inputs, outputs, dims } = this;
    return { nodes, initializers, inputs, outputs, dims };
  }

  /**
   * Adds a node with one output of the given sizes. An input is a tensor, a constant's name, or "" for an optional input
   * that is absent; absent inputs at the end are left out, since WebGPU's grouped convolution ends the process over a
   * bias named "".
   */
  op(
    opType: string,
    inputs: readonly (Tensor | string)[],
    dims: readonly number[],
    attributes: readonly Attribute[] = [],
    domain = "",
  ): Tensor {
    const name = `${opType}_${this.count++}`;
    const input = inputs.map((item) => (typeof item === "string" ? item : item.name));
    while (input.at(-1) === "") input.pop();
    this.nodes.push({ name, opType, domain, input, output: [name], attribute: attributes });
    this.dims.set(name, dims);
    return { name, dims };
  }

  /**
   * Splits a vector into parts of the given lengths. WebGPU's own Split takes one buffer for each part, and a device need
   * not have more than eight (WebGPU's maxStorageBuffersPerShaderStage), so on WebGPU the parts are slices.
   */
  split(x: Tensor, lengths: readonly number[]): Tensor[] {
    if (this.provider === "webgpu") {
      let end = 0;
      return lengths.map((length) => {
        end += length;
        return this.part(x, end - length, end);
      });
    }
    const name = `Split_${this.count++}`;
    const output = lengths.map((_, at) => `${name}_${at}`);
    const attribute = [int("axis", 0)];
    this.nodes.push({
      name,
      opType: "Split",
      domain: "",
      input: [x.name, this.integers(lengths)],
      output,
      attribute,
    });
    return lengths.map((length, at) => {
      const part = { name: output[at]!, dims: [length] };
      this.dims.set(part.name, part.dims);
      return part;
    });
  }

  /** Adds a constant of 64-bit integers, shared by all that are equal, and returns its name. */
  integers(values: readonly number[]): string {
    return this.constant(`i:${values}`, 7, [values.length], () => new BigInt64Array(values.map(BigInt)));
  }

  /** Adds a constant of floats, shared by all that have the same key. */
  floats(values: Float32Array, dims: readonly number[], key?: string): Tensor {
    return { name: this.constant(key ?? `f:${dims}:${this.count++}`, 1, dims, () => values), dims };
  }

  scalar(value: number): Tensor {
    return { name: this.constant(`s:${value}`, 1, [], () => Float32Array.of(value)), dims: [] };
  }

  /** Adds a constant of integers of 8 or 32 bits. */
  whole(values: Uint8Array | Int8Array | Int32Array, dims: readonly number[]): Tensor {
    const dataType = values instanceof Uint8Array ? 2 : values instanceof Int8Array ? 3 : 6;
    return { name: this.constant(`w:${dims}:${this.count++}`, dataType, dims, () => values), dims };
  }

  private constant(
    key: string,
    dataType: Initializer["dataType"],
    dims: readonly number[],
    make: () => Float32Array | BigInt64Array | Uint8Array | Int8Array | Int32Array,
  ): string {
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = `constant_${this.constants.size}`;
    const values = make();
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.initializers.push({ name, dataType, dims, rawData });
    this.constants.set(key, name);
    return name;
  }

  reshape(x: Tensor, dims: readonly number[]): Tensor {
    if (sizeOf(x.dims) !== sizeOf(dims)) throw new TypeError(`reshape of [${x.dims}] to [${dims}]`);
    if (x.dims.join() === dims.join()) return x;
    return this.op("Reshape", [x, this.integers(dims)], dims);
  }

  transpose(x: Tensor, order: readonly number[]): Tensor {
    return this.op(
      "Transpose",
      [x],
      order.map((axis) => x.dims[axis]!),
      [ints("perm", order)],
    );
  }

  /** Slices [start, end) along one axis; a negative step takes the whole axis backwards. */
  slice(x: Tensor, axis: number, start: number, end: number, step = 1): Tensor {
    const size = step < 0 ? x.dims[axis]! : Math.ceil((end - start) / step);
    const dims = x.dims.map((old, at) => (at === axis ? size : old));
    const from = step < 0 ? x.dims[axis]! - 1 : start;
    const to = step < 0 ? -x.dims[axis]! - 1 : end;
    return this.op(
      "Slice",
      [x, this.integers([from]), this.integers([to]), this.integers([axis]), this.integers([step])],
      dims,
    );
  }

  /** Slices [start, end) of a vector; returns the vector itself where that is all of it. */
  part(x: Tensor, start: number, end: number): Tensor {
    return start === 0 && end === x.dims[0] ? x : this.slice(x, 0, start, end);
  }

  concat(parts: readonly Tensor[], axis: number): Tensor {
    if (parts.length === 1) return parts[0]!;
    const total = parts.reduce((sum, part) => sum + part.dims[axis]!, 0);
    const dims = parts[0]!.dims.map((old, at) => (at === axis ? total : old));
    return this.op("Concat", parts, dims, [int("axis", axis)]);
  }

  /** Takes elements along an axis in the given order. */
  gather(x: Tensor, axis: number, indices: readonly number[]): Tensor {
    const dims = x.dims.map((old, at) => (at === axis ? indices.length : old));
    return this.op("Gather", [x, this.integers(indices)], dims, [int("axis", axis)]);
  }

  /** Pads with zeros before and after along every axis. */
  pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
    const dims = x.dims.map((size, axis) => size + before[axis]! + after[axis]!);
    return this.op("Pad", [x, this.integers([...before, ...after])], dims);
  }

  zeros(dims: readonly number[]): Tensor {
    return this.op("ConstantOfShape", [this.integers(dims)], dims);
  }

  private binary(opType: string, a: Tensor, b: Tensor): Tensor {
    return this.op(opType, [a, b], broadcast(a.dims, b.dims));
  }
  add = (a: Tensor, b: Tensor): Tensor => this.binary("Add", a, b);
  subtract = (a: Tensor, b: Tensor): Tensor => this.binary("Sub", a, b);
  multiply = (a: Tensor, b: Tensor): Tensor => this.binary("Mul", a, b);
  divide = (a: Tensor, b: Tensor): Tensor => this.binary("Div", a, b);
  unary = (opType: string, x: Tensor): Tensor => this.op(opType, [x], x.dims);
  scale = (x: Tensor, by: number): Tensor => (by === 1 ? x : this.multiply(x, this.scalar(by)));

  /** Writes 1 where x > 0, else 0. */
  positive(x: Tensor): Tensor {
    const mask = this.op("Greater", [x, this.scalar(0)], x.dims);
    return this.op("Cast", [mask], x.dims, [int("to", 1)]);
  }

  /** Sums along axes, which stay with size 1. */
  sum(x: Tensor, axes: readonly number[]): Tensor {
    const dims = x.dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
    return this.op("ReduceSum", [x, this.integers(axes)], dims, [int("keepdims", 1)]);
  }

  /**
   * Writes the product a · bᵀ of a (…, m, k) and b (…, n, k). WebGPU has no product with a transposed factor: there it is
   * (b · aᵀ)ᵀ, since one a is multiplied with many bs and ONNX Runtime merges equal transpositions.
   */
  productTransposed(a: Tensor, b: Tensor): Tensor {
    const dims = [...a.dims.slice(0, -1), b.dims.at(-2)!];
    if (this.provider === "webgpu") {
      const last = a.dims.length - 1;
      const order = [...Array(last - 1).keys(), last, last - 1];
      const product = [...b.dims.slice(0, -1), a.dims.at(-2)!];
      return this.transpose(this.op("MatMul", [b, this.transpose(a, order)], product), order);
    }
    return this.op("FusedMatMul", [a, b], dims, [int("transB", 1)], "com.microsoft");
  }
}

/** ONNX Runtime's execution providers, by its own names. */
export type Provider = "cpu" | "webgpu" | "cuda";

/** The execution provider of each engine; null for engines that are not ONNX Runtime's. */
export const providers: Readonly<Record<EngineName, Provider | null>> = {
  "onnx-cpu": "cpu",
  "onnx-webgpu": "webgpu",
  "onnx-cuda": "cuda",
  tfjs: null,
};
