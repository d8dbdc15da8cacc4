import type { Shape3 } from "../volume.js";

/**
 * A network as a graph of values, declared once and lowered by an engine. A value is either a map (a number per channel
 * and voxel of the patch, coarser than the input by `stride`) or, where `stride` is null, one number a channel.
 */
export interface Value {
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Value[];
  readonly channels: number;
  readonly stride: Shape3 | null;
}

/** A trained array. Shapes are PyTorch's: (out, in, z, y, x) for a convolution, (in, out, z, y, x) for a transposed one. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: { readonly uniform: number } | { readonly constant: number };
  /** Whether weight decay applies: to kernels, not to biases, scales and slopes. */
  readonly decay: boolean;
}

export type Operation =
  | { readonly kind: "input"; readonly name: string }
  | {
      readonly kind: "convolution" | "transposedConvolution";
      readonly weight: Parameter;
      readonly bias: Parameter | null;
      readonly kernel: Shape3;
      readonly stride: Shape3;
    }
  | {
      readonly kind: "instanceNorm";
      readonly scale: Parameter | null;
      readonly shift: Parameter | null;
      readonly epsilon: number;
    }
  | { readonly kind: "prelu"; readonly slope: Parameter }
  | { readonly kind: "averagePool" | "upsampleNearest"; readonly factor: Shape3 }
  | { readonly kind: "affine"; readonly scale: number; readonly offset: number }
  | { readonly kind: "channelScale"; readonly scales: readonly number[] }
  | { readonly kind: "power"; readonly exponent: number }
  | { readonly kind: "relu" | "concat" | "add" | "subtract" | "multiply" | "divide" }
  | {
      readonly kind:
        | "exp"
        | "log"
        | "softplus"
        | "sigmoid"
        | "softmax"
        | "logSoftmax"
        | "sum"
        | "sumChannels";
    };

export type OperationKind = Operation["kind"];
/** An operation of one kind. */
export type OperationOf<K extends OperationKind> = Operation & { readonly kind: K };

const one: Shape3 = [1, 1, 1];
const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
const scaled = (stride: Shape3, by: Shape3, direction: 1 | -1): Shape3 => {
  const at = (i: 0 | 1 | 2) => (direction === 1 ? stride[i] * by[i] : stride[i] / by[i]);
  return [at(0), at(1), at(2)];
};

/** Declares values and the parameters they use; parameter names are PyTorch's dotted paths. */
export class GraphBuilder {
  readonly parameters: Parameter[] = [];
  private count = 0;

  /** A map that is given at every step. */
  input(name: string, channels: number, stride: Shape3 = one): Value {
    return this.value({ kind: "input", name }, [], channels, stride);
  }

  /**
   * Convolution with odd kernel, zero padding of half of it, and PyTorch's default initialisation:
   * U(±1/√fan-in) for kernel and bias.
   */
  convolution(
    x: Value,
    name: string,
    channels: number,
    { kernel = [3, 3, 3] as Shape3, stride = one, bias = true } = {},
  ): Value {
    const bound = 1 / Math.sqrt(x.channels * product(kernel));
    const weight = this.parameter(
      `${name}.weight`,
      [channels, x.channels, ...kernel],
      { uniform: bound },
      true,
    );
    const offset = bias ? this.parameter(`${name}.bias`, [channels], { uniform: bound }, false) : null;
    const operation = { kind: "convolution", weight, bias: offset, kernel, stride } as const;
    return this.value(operation, [x], channels, scaled(spatial(x), stride, 1));
  }

  /** The transpose of `convolution`: padding half the kernel, output padding stride − 1, so that it multiplies the size. */
  transposedConvolution(
    x: Value,
    name: string,
    channels: number,
    { kernel = [3, 3, 3] as Shape3, stride = one, bias = true } = {},
  ): Value {
    const bound = 1 / Math.sqrt(channels * product(kernel));
    const weight = this.parameter(
      `${name}.weight`,
      [x.channels, channels, ...kernel],
      { uniform: bound },
      true,
    );
    const offset = bias ? this.parameter(`${name}.bias`, [channels], { uniform: bound }, false) : null;
    const operation = { kind: "transposedConvolution", weight, bias: offset, kernel, stride } as const;
    return this.value(operation, [x], channels, scaled(spatial(x), stride, -1));
  }

  /** Normalises each channel of each sample to mean 0 and variance 1 over the patch (Ulyanov et al. 2016). */
  instanceNorm(x: Value, name: string, { affine = false, epsilon = 1e-5 } = {}): Value {
    const scale = affine ? this.parameter(`${name}.weight`, [x.channels], { constant: 1 }, false) : null;
    const shift = affine ? this.parameter(`${name}.bias`, [x.channels], { constant: 0 }, false) : null;
    return this.value({ kind: "instanceNorm", scale, shift, epsilon }, [x], x.channels, spatial(x));
  }

  relu = (x: Value): Value => this.elementwise({ kind: "relu" }, x);

  /** x where positive, slope·x elsewhere, one slope for all channels (He et al. 2015). */
  prelu(x: Value, name: string): Value {
    return this.elementwise(
      { kind: "prelu", slope: this.parameter(`${name}.weight`, [1], { constant: 0.25 }, false) },
      x,
    );
  }

  averagePool(x: Value, factor: Shape3 = [2, 2, 2]): Value {
    return this.value({ kind: "averagePool", factor }, [x], x.channels, scaled(spatial(x), factor, 1));
  }

  upsampleNearest(x: Value, factor: Shape3 = [2, 2, 2]): Value {
    return this.value({ kind: "upsampleNearest", factor }, [x], x.channels, scaled(spatial(x), factor, -1));
  }

  concat(...parts: Value[]): Value {
    const channels = parts.reduce((sum, part) => sum + part.channels, 0);
    return this.value({ kind: "concat" }, parts, channels, spatial(parts[0]!));
  }

  add = (a: Value, b: Value): Value => this.binary("add", a, b);
  subtract = (a: Value, b: Value): Value => this.binary("subtract", a, b);
  multiply = (a: Value, b: Value): Value => this.binary("multiply", a, b);
  divide = (a: Value, b: Value): Value => this.binary("divide", a, b);

  /** scale·x + offset. */
  affine = (x: Value, scale: number, offset = 0): Value =>
    this.elementwise({ kind: "affine", scale, offset }, x);
  /** Each channel times its own constant. */
  channelScale = (x: Value, scales: readonly number[]): Value =>
    this.elementwise({ kind: "channelScale", scales }, x);
  /** x^exponent for x ≥ 0 and exponent ≥ 1. */
  power = (x: Value, exponent: number): Value => this.elementwise({ kind: "power", exponent }, x);
  exp = (x: Value): Value => this.elementwise({ kind: "exp" }, x);
  log = (x: Value): Value => this.elementwise({ kind: "log" }, x);
  /** log(1 + eˣ), which is −log of the sigmoid of −x. */
  softplus = (x: Value): Value => this.elementwise({ kind: "softplus" }, x);
  sigmoid = (x: Value): Value => this.elementwise({ kind: "sigmoid" }, x);
  /** Over the channels. */
  softmax = (x: Value): Value => this.elementwise({ kind: "softmax" }, x);
  logSoftmax = (x: Value): Value => this.elementwise({ kind: "logSoftmax" }, x);

  /** Sum over the voxels of the whole batch, one number a channel. */
  sum = (x: Value): Value => this.value({ kind: "sum" }, [x], x.channels, null);
  /** Sum over the channels. */
  sumChannels = (x: Value): Value => this.value({ kind: "sumChannels" }, [x], 1, x.stride);

  private elementwise(operation: Operation, x: Value): Value {
    return this.value(operation, [x], x.channels, x.stride);
  }

  private binary(kind: "add" | "subtract" | "multiply" | "divide", a: Value, b: Value): Value {
    if (a.channels !== b.channels && a.channels !== 1 && b.channels !== 1)
      throw new TypeError(`${kind}: ${a.channels} channels and ${b.channels} channels do not broadcast`);
    if (a.stride && b.stride && a.stride.join() !== b.stride.join())
      throw new TypeError(`${kind}: maps of stride ${a.stride} and ${b.stride}`);
    return this.value({ kind }, [a, b], Math.max(a.channels, b.channels), a.stride ?? b.stride);
  }

  private parameter(
    name: string,
    shape: readonly number[],
    initial: Parameter["initial"],
    decay: boolean,
  ): Parameter {
    if (this.parameters.some((known) => known.name === name))
      throw new TypeError(`two parameters named ${name}`);
    const parameter = { name, shape, initial, decay };
    this.parameters.push(parameter);
    return parameter;
  }

  private value(
    operation: Operation,
    inputs: readonly Value[],
    channels: number,
    stride: Shape3 | null,
  ): Value {
    return { id: this.count++, operation, inputs, channels, stride };
  }
}

/** The stride of a value that has to be a map. */
export function spatial(value: Value): Shape3 {
  if (value.stride === null)
    throw new TypeError(`${value.operation.kind} gives one number a channel, not a map`);
  return value.stride;
}

/** Every value that `output` depends on, each after its inputs. */
export function inOrder(output: Value): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  const visit = (value: Value): void => {
    if (seen.has(value)) return;
    seen.add(value);
    value.inputs.forEach(visit);
    order.push(value);
  };
  visit(output);
  return order;
}

/** The parameters an operation uses. */
export function parametersOf(operation: Operation): Parameter[] {
  const used = (): (Parameter | null)[] => {
    switch (operation.kind) {
      case "convolution":
      case "transposedConvolution":
        return [operation.weight, operation.bias];
      case "instanceNorm":
        return [operation.scale, operation.shift];
      case "prelu":
        return [operation.slope];
      default:
        return [];
    }
  };
  return used().filter((parameter) => parameter !== null);
}

export const elementCount = (parameter: Parameter): number => product(parameter.shape);
