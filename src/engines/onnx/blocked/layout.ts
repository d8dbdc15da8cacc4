/** Choice of layout: which values of a network are kept in blocks, decided before any node is written. */

import type { Shape3 } from "../../../domain/volume.js";
import { usesOf } from "../../../nets/rewriting.js";
import type { OperationOf, Value } from "../../../nets/value.js";
import { tapsOf } from "../convolution/taps.js";
import { lanesFor } from "./map.js";
import { canInterleave, type PhasePlan, transposedPhases, upsampledPhases } from "./phases.js";

/** Part of a convolution's input from channel `start` on: a map, upsampled by `factor` where that is not null. */
export interface Part {
  readonly value: Value;
  readonly factor: Shape3 | null;
  readonly start: number;
}

/** How a value is kept: in blocked images of so many slices, or plain (null). */
type Layout = { readonly slices: number } | null;

/** Operations that treat every number alike. */
const pointwise = new Set(["relu", "leakyRelu", "abs", "gelu", "sigmoid", "softplus", "affine", "exp"]);

const single: Layout = { slices: 1 };

/** The layouts of all values of a graph that ends in `outputs`. */
export class Layouts {
  readonly #block: number;
  readonly #uses: ReadonlyMap<Value, number>;
  readonly #known = new Map<Value, Layout>();

  constructor(block: number, outputs: readonly Value[]) {
    this.#block = block;
    this.#uses = usesOf(...outputs);
  }

  /** Tells whether only one value is computed from a value, so that the value need not be written itself. */
  isUsedOnce = (value: Value): boolean => this.#uses.get(value) === 1;

  of(value: Value): Layout {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const layout = this.#decide(value);
    this.#known.set(value, layout);
    return layout;
  }

  #decide(value: Value): Layout {
    const { operation, inputs } = value;
    if (value.stride === null) return null;
    const [a, b] = inputs as [Value, Value];
    switch (operation.kind) {
      case "convolution":
        return this.#ofConvolution(value, operation);
      case "transposedConvolution":
        return this.#ofTransposed(value, operation);
      case "instanceNorm":
      case "batchNorm":
      case "dropout":
        return this.of(a);
      case "prelu":
        return operation.slope.shape[0] === 1 ? this.of(a) : null;
      case "averagePool":
      case "upsampleNearest":
        return this.#ifSingle(a);
      case "maxPool":
        return operation.window.join() === operation.stride.join() ? this.#ifSingle(a) : null;
      case "concat":
        return inputs.every((each) => this.#ifSingle(each) && each.channels % this.#block === 0)
          ? single
          : null;
      case "multiply":
        return b.stride === null && a.channels === b.channels ? this.of(a) : this.#ofBinary(a, b);
      case "add":
      case "subtract":
        return this.#ofBinary(a, b);
      default:
        return pointwise.has(operation.kind) ? this.of(a) : null;
    }
  }

  #ifSingle = (value: Value): Layout => (this.of(value)?.slices === 1 ? single : null);

  #ofBinary(a: Value, b: Value): Layout {
    const [first, second] = [this.of(a), this.of(b)];
    return first && first.slices === second?.slices && a.channels === b.channels ? first : null;
  }

  #ofConvolution(value: Value, operation: OperationOf<"convolution">): Layout {
    if (!this.isConvolvable(value, operation)) return null;
    const slices = Math.max(
      ...this.partsOf(value, operation).map((part) => this.of(part.value)?.slices ?? 1),
    );
    return slices > 1 || this.#isWorth(value.channels) ? { slices } : null;
  }

  /** Tells whether few enough lanes would be empty, since empty lanes cost as much as full ones. */
  #isWorth = (channels: number): boolean => lanesFor(this.#block, channels) <= 1.5 * channels;

  /** Tells whether the blocked kernels can compute a convolution from all parts of its input. */
  isConvolvable(value: Value, operation: OperationOf<"convolution">): boolean {
    const parts = this.partsOf(value, operation);
    const layouts = parts.map((part) => this.of(part.value));
    const slices = Math.max(...layouts.map((layout) => layout?.slices ?? 1));
    if (value.stride === null || operation.groups > 1) return false;
    if (slices > 1 && (parts.length > 1 || operation.stride[0] > 1)) return false;
    const isTaken = ({ channels }: Value, layout: Layout): boolean =>
      layout !== null || channels % this.#block === 0 || channels * (operation.kernel[0] + 1) < this.#block;
    if (!parts.every((part, at) => isTaken(part.value, layouts[at]!))) return false;
    return layouts.some((layout) => layout !== null) || this.#isWorth(value.channels);
  }

  /** Splits a convolution's input: concatenated maps one by one, and upsampled maps before upsampling where possible. */
  partsOf(value: Value, operation: OperationOf<"convolution" | "transposedConvolution">): Part[] {
    const isFine = operation.kind === "convolution" && operation.stride.every((step) => step === 1);
    let start = 0;
    return concatenated(value.inputs[0]!).map((part) => {
      const at = start;
      start += part.channels;
      const coarse = part.operation.kind === "upsampleNearest" ? part : null;
      const isFolded =
        coarse && isFine && value.channels % this.#block === 0 && this.#ifSingle(coarse.inputs[0]!);
      return isFolded
        ? {
            value: coarse.inputs[0]!,
            factor: (coarse.operation as OperationOf<"upsampleNearest">).factor,
            start: at,
          }
        : { value: part, factor: null, start: at };
    });
  }

  #ofTransposed(value: Value, operation: OperationOf<"transposedConvolution">): Layout {
    const plan = phasesOfTransposed(operation);
    const parts = this.partsOf(value, operation);
    if (!parts.every((part) => this.#ifSingle(part.value))) return null;
    if (!canInterleave(this.#block, value.channels, plan)) return null;
    return { slices: value.channels % this.#block === 0 ? 1 : plan[0].length };
  }
}

const concatenated = (value: Value): readonly Value[] =>
  value.operation.kind === "concat" ? value.inputs.flatMap(concatenated) : [value];

/** Returns the phases of a transposed convolution. */
export const phasesOfTransposed = (operation: OperationOf<"transposedConvolution">): PhasePlan =>
  transposedPhases(tapsOf(operation));

/** Returns the phases of a convolution whose input is upsampled by `factor`. */
export const phasesOfUpsampled = (operation: OperationOf<"convolution">, factor: Shape3): PhasePlan =>
  upsampledPhases(tapsOf(operation), factor);
