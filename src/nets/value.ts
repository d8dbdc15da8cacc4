/** Values, parameters and operations: the nodes of a network's graph, independent of any engine. */
import { product } from "../domain/numbers.js";
import type { Shape3 } from "../domain/volume.js";

/**
 * A value of a network's graph, which is declared once and lowered by an engine: either a map (a number per channel and
 * voxel of the patch, coarser than the input by `stride`) or, where `stride` is null, one number a channel.
 */
export interface Value {
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Value[];
  readonly channels: number;
  readonly stride: Shape3 | null;
}

/**
 * An array of numbers that a network keeps, in PyTorch's shapes: (out, in / groups, z, y, x) for a convolution, (in,
 * out, z, y, x) for a transposed one.
 */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: { readonly uniform: number } | { readonly constant: number };
  /** Whether weight decay applies: true for kernels, false for biases, scales and slopes. */
  readonly decay: boolean;
  /** False for a running statistic, which no gradient moves but each step sets. */
  readonly trained: boolean;
}

/** Scale and shift by channel after a normalisation; null where it has none. */
interface Affine {
  readonly scale: Parameter | null;
  readonly shift: Parameter | null;
  readonly epsilon: number;
}

/** An operation with its options; `GraphBuilder` (graph.ts) documents the meaning of each. */
export type Operation =
  | { readonly kind: "input"; readonly name: string }
  | {
      readonly kind: "convolution";
      readonly weight: Parameter;
      readonly bias: Parameter | null;
      readonly kernel: Shape3;
      readonly stride: Shape3;
      readonly dilation: Shape3;
      readonly groups: number;
    }
  | {
      readonly kind: "transposedConvolution";
      readonly weight: Parameter;
      readonly bias: Parameter | null;
      readonly kernel: Shape3;
      readonly stride: Shape3;
    }
  | (Affine & { readonly kind: "instanceNorm" })
  | (Affine & { readonly kind: "layerNorm" })
  | (Affine & { readonly kind: "groupNorm"; readonly groups: number })
  | (Affine & {
      readonly kind: "batchNorm";
      readonly mean: Parameter;
      readonly variance: Parameter;
      readonly momentum: number;
    })
  | { readonly kind: "prelu"; readonly slope: Parameter }
  | { readonly kind: "leakyRelu"; readonly slope: number }
  | { readonly kind: "dropout"; readonly name: string; readonly rate: number }
  | { readonly kind: "maxPool"; readonly window: Shape3; readonly stride: Shape3 }
  | { readonly kind: "averagePool" | "upsampleNearest" | "upsampleLinear"; readonly factor: Shape3 }
  | { readonly kind: "neighbourSlices"; readonly count: number }
  | { readonly kind: "selectChannels"; readonly start: number; readonly count: number }
  | { readonly kind: "affine"; readonly scale: number; readonly offset: number }
  | { readonly kind: "channelScale"; readonly scales: readonly number[] }
  | { readonly kind: "power"; readonly exponent: number }
  | { readonly kind: "relu" | "gelu" | "abs" | "globalAverage" }
  | { readonly kind: "concat" | "add" | "subtract" | "multiply" | "divide" }
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

export const isConvolution = ({ operation: { kind } }: Value): boolean =>
  kind === "convolution" || kind === "transposedConvolution";

/** Lists the parameters that an operation uses. */
export function parametersOf(operation: Operation): Parameter[] {
  const used = (): (Parameter | null)[] => {
    switch (operation.kind) {
      case "convolution":
      case "transposedConvolution":
        return [operation.weight, operation.bias];
      case "instanceNorm":
      case "groupNorm":
      case "layerNorm":
        return [operation.scale, operation.shift];
      case "batchNorm":
        return [operation.scale, operation.shift, operation.mean, operation.variance];
      case "prelu":
        return [operation.slope];
      default:
        return [];
    }
  };
  return used().filter((parameter) => parameter !== null);
}

/** Returns the zeros that a convolution pads before its input along one axis; its output's size decides those after. */
export const paddingBefore = (kernel: number, dilation = 1): number =>
  Math.floor((dilation * (kernel - 1)) / 2);

/**
 * Returns the stride of a value that must be a map.
 *
 * @throws TypeError where it is one number a channel
 */
export function spatial(value: Value): Shape3 {
  if (value.stride === null)
    throw new TypeError(`${value.operation.kind} gives one number a channel, not a map`);
  return value.stride;
}

/** Lists all values that `outputs` depend on, each after its inputs. */
export function inOrder(...outputs: readonly Value[]): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  const visit = (value: Value): void => {
    if (seen.has(value)) return;
    seen.add(value);
    value.inputs.forEach(visit);
    order.push(value);
  };
  outputs.forEach(visit);
  return order;
}

export const elementCount = ({ shape }: Parameter): number => product(shape);
