/** Lowering of a network for inference with its maps in ONNX Runtime's blocked layout all the way. */
import type { OperationOf, Parameter, Value } from "../../../nets/value.js";
import { paddingAfter, tapsOf } from "../convolution/taps.js";
import type { Emitter, Tensor } from "../graph/emitter.js";
import { ruleOf } from "../operations.js";
import { type FusedActivation, onLanes, type Source, type Term } from "./convolve.js";
import { type Kernel3, kernelPart, transposedKernelPart } from "./kernels.js";
import { Layouts, type Part, phasesOfTransposed, phasesOfUpsampled } from "./layout.js";
import { type BlockedMap, fromPlain, toPlain } from "./map.js";
import {
  globalAverage,
  normaliseBatch,
  normaliseInstance,
  poolBlocked,
  scaleChannels,
  type Weights,
} from "./normalise.js";
import { convolvePhases, upsampleBlocked } from "./phases.js";
import { convolve, imagesOf } from "./together.js";

/**
 * Writes a network with constant weights, for one sample, with its maps kept in ONNX Runtime's blocked layout from
 * convolution to convolution: normalisation and activation become one pass, concatenated inputs are convolved one by one
 * and added up, shortcuts are added by the convolution beside them, upsampled inputs are convolved before that. What the
 * blocked kernels do not do is written by the engine's ordinary rules.
 *
 * @param inputs (1, z, c, y, x), by name
 * @returns each output as (1, z, c, y, x), or one number a channel
 */
export function lowerBlocked(
  e: Emitter,
  block: number,
  outputs: readonly Value[],
  inputs: ReadonlyMap<string, Tensor>,
  weights: Weights,
): Tensor[] {
  const lowering = new BlockedLowering(e, block, outputs, inputs, weights);
  return outputs.map((output) => lowering.plain(output));
}

type Convolution = OperationOf<"convolution">;
type Transposed = OperationOf<"transposedConvolution">;

class BlockedLowering {
  readonly #e: Emitter;
  readonly #block: number;
  readonly #layouts: Layouts;
  readonly #inputs: ReadonlyMap<string, Tensor>;
  readonly #weights: Weights;
  readonly #plain = new Map<Value, Tensor>();
  readonly #blocked = new Map<Value, BlockedMap>();

  constructor(
    e: Emitter,
    block: number,
    outputs: readonly Value[],
    inputs: ReadonlyMap<string, Tensor>,
    weights: Weights,
  ) {
    this.#e = e;
    this.#block = block;
    this.#layouts = new Layouts(block, outputs);
    this.#inputs = inputs;
    this.#weights = weights;
  }

  plain(value: Value): Tensor {
    const known = this.#plain.get(value);
    if (known) return known;
    const tensor = this.#layouts.of(value) ? toPlain(this.#e, this.#map(value)) : this.#writePlain(value);
    this.#plain.set(value, tensor);
    return tensor;
  }

  #map(value: Value): BlockedMap {
    const known = this.#blocked.get(value);
    if (known) return known;
    const map = this.#layouts.of(value) ? this.#writeBlocked(value) : fromPlain(this.#e, this.plain(value));
    this.#blocked.set(value, map);
    return map;
  }

  #writePlain(value: Value): Tensor {
    const { operation, inputs } = value;
    if (operation.kind === "input") return this.#inputs.get(operation.name)!;
    if (operation.kind === "convolution" && this.#layouts.isConvolvable(value, operation))
      return toPlain(this.#e, this.#convolve(value, operation, null, null));
    if (operation.kind === "globalAverage" && this.#layouts.of(inputs[0]!))
      return globalAverage(this.#e, this.#map(inputs[0]!));
    const result = ruleOf(value).forward(
      operation,
      inputs.map((input) => this.plain(input)),
      this.#rules,
    );
    return "output" in result ? result.output : result;
  }

  get #rules() {
    const parameter = ({ name, shape }: Parameter): Tensor =>
      this.#e.floats(this.#weights.get(name)!, shape, `weights:${name}`);
    return { e: this.#e, block: null, parameter, training: null };
  }

  /** Returns the map that an activation, of slope 0 for ReLU, is applied to; null where the value is no activation. */
  #activated(value: Value): { readonly source: Value; readonly activation: FusedActivation } | null {
    const slope = this.#slopeOf(value);
    if (slope === null) return null;
    let source = value.inputs[0]!;
    while (source.operation.kind === "dropout" && this.#layouts.isUsedOnce(source))
      source = source.inputs[0]!;
    return this.#layouts.isUsedOnce(source) ? { source, activation: { slope } } : null;
  }

  #slopeOf({ operation }: Value): number | null {
    if (operation.kind === "relu") return 0;
    if (operation.kind === "leakyRelu") return operation.slope;
    return operation.kind === "prelu" ? this.#weights.get(operation.slope.name)![0]! : null;
  }

  #writeBlocked(value: Value): BlockedMap {
    const activated = this.#activated(value);
    const fused = activated && this.#writeFused(activated.source, activated.activation);
    return fused ?? this.#writeFused(value, null) ?? this.#writeAlone(value);
  }

  /** Writes a value with an activation fused into its last step; null where the value's operation cannot fuse one. */
  #writeFused(value: Value, activation: FusedActivation): BlockedMap | null {
    const { operation, inputs } = value;
    switch (operation.kind) {
      case "convolution":
        return this.#convolve(value, operation, null, activation);
      case "instanceNorm":
        return normaliseInstance(this.#e, this.#map(inputs[0]!), operation, this.#weights, activation);
      case "batchNorm":
        return normaliseBatch(this.#e, this.#map(inputs[0]!), operation, this.#weights, activation);
      case "add":
        return (
          this.#addTo(inputs[0]!, inputs[1]!, activation) ?? this.#addTo(inputs[1]!, inputs[0]!, activation)
        );
      default:
        return null;
    }
  }

  /** Writes a sum one side of which is a convolution that adds the other side; null where it is no convolution. */
  #addTo(side: Value, other: Value, activation: FusedActivation): BlockedMap | null {
    const { operation } = side;
    if (operation.kind !== "convolution" || !this.#layouts.isUsedOnce(side)) return null;
    return this.#convolve(side, operation, this.#map(other), activation);
  }

  #writeAlone(value: Value): BlockedMap {
    const { operation, inputs } = value;
    const e = this.#e;
    const [a, b] = inputs as [Value, Value];
    switch (operation.kind) {
      case "transposedConvolution":
        return this.#transposedConvolution(value, operation);
      case "dropout":
        return this.#map(a);
      case "averagePool":
        return poolBlocked(e, "average", this.#map(a), operation.factor);
      case "maxPool":
        return poolBlocked(e, "largest", this.#map(a), operation.window);
      case "upsampleNearest":
        return upsampleBlocked(e, this.#map(a), operation.factor);
      case "concat": {
        const maps = inputs.map((input) => this.#map(input).tensor);
        return { tensor: e.concat(maps, 1), channels: value.channels, slices: 1 };
      }
      case "multiply":
        if (b.stride === null) {
          const factor = e.reshape(this.plain(b), [b.channels]);
          return scaleChannels(e, this.#map(a), factor, e.zeros([b.channels]), null);
        }
    }
    return this.#pointwise(
      value,
      inputs.map((input) => this.#map(input)),
    );
  }

  /** Writes a value by the ordinary rule, for operations to which the order of the numbers does not matter. */
  #pointwise(value: Value, maps: readonly BlockedMap[]): BlockedMap {
    const dims = maps[0]!.tensor.dims;
    const raw = maps.map(({ tensor }) => this.#e.reshape(tensor, [1, ...dims]));
    const result = ruleOf(value).forward(value.operation, raw, this.#rules);
    const tensor = this.#e.reshape("output" in result ? result.output : result, dims);
    return { ...maps[0]!, tensor };
  }

  /** Returns the weights of a part's channels. */
  #kernelOf(operation: Convolution | Transposed, { value, start }: Part): Kernel3 {
    const { name, shape } = operation.weight;
    const values = this.#weights.get(name)!;
    return operation.kind === "convolution"
      ? kernelPart(values, shape, start, value.channels)
      : transposedKernelPart(values, shape, start, value.channels);
  }

  #bias = (bias: Parameter | null): Float32Array | null => bias && this.#weights.get(bias.name)!;

  #convolve(
    value: Value,
    operation: Convolution,
    sum: BlockedMap | null,
    activation: FusedActivation,
  ): BlockedMap {
    const parts = this.#layouts.partsOf(value, operation);
    const bias = this.#bias(operation.bias);
    const folded = parts.filter(({ factor }) => factor !== null);
    const direct = parts.filter(({ factor }) => factor === null);
    const coarse = this.#convolveCoarse(operation, folded, direct.length === 0 ? bias : null);
    const added = coarse && sum ? this.#added(coarse, sum) : (coarse ?? sum);
    if (direct.length > 0) return this.#convolveDirect(value, operation, direct, bias, added, activation);
    return activation ? this.#applyActivation(added!, activation) : added!;
  }

  #added = (a: BlockedMap, b: BlockedMap): BlockedMap => ({ ...a, tensor: this.#e.add(a.tensor, b.tensor) });

  #applyActivation = (map: BlockedMap, activation: { readonly slope: number }): BlockedMap => {
    const { tensor } = map;
    const attributes = [{ name: "alpha", type: 1, f: activation.slope } as const];
    return { ...map, tensor: this.#e.op("LeakyRelu", [tensor], tensor.dims, attributes) };
  };

  /** Writes the convolution of the maps that would be upsampled, summed over the parts; null where there are none. */
  #convolveCoarse(
    operation: Convolution,
    parts: readonly Part[],
    bias: Float32Array | null,
  ): BlockedMap | null {
    let total: BlockedMap | null = null;
    for (const [at, part] of parts.entries()) {
      const plan = phasesOfUpsampled(operation, part.factor!);
      const source = { map: this.#map(part.value), kernel: this.#kernelOf(operation, part) };
      const map: BlockedMap = convolvePhases(this.#e, this.#block, [source], plan, at === 0 ? bias : null);
      total = total ? this.#added(total, map) : map;
    }
    return total;
  }

  #convolveDirect(
    value: Value,
    operation: Convolution,
    parts: readonly Part[],
    bias: Float32Array | null,
    sum: BlockedMap | null,
    activation: FusedActivation,
  ): BlockedMap {
    const sources = parts.map((part) => this.#sourceOf(part.value));
    const taps = tapsOf(operation);
    const [alongZ, alongY, alongX] = taps;
    const { depth, y, x, slices: inSlices } = extentOf(sources[0]!);
    const [outDepth, outY, outX] = [depth / alongZ.stride, y / alongY.stride, x / alongX.stride];
    const grouping = imagesOf(this.#block, sources, inSlices, value.channels, outDepth, alongZ);
    const { slices, lanes, firstLanes, images, step, reads } = grouping;
    const terms = parts.map((part, at): Term => {
      const { values, dims } = this.#kernelOf(operation, part);
      const [out, inner, planes, ky, kx] = dims;
      return { source: sources[at]!, kernel: { values, out, inner, planes, y: ky, x: kx }, reads };
    });
    const dims = [images, lanes, outY, outX] as const;
    const tensor = convolve(this.#e, this.#block, terms, {
      images,
      lanes,
      step,
      shape: {
        pads: [alongY.before, alongX.before, paddingAfter(alongY, y, outY), paddingAfter(alongX, x, outX)],
        strides: [alongY.stride, alongX.stride],
        dilations: [alongY.dilation, alongX.dilation],
      },
      y: outY,
      x: outX,
      bias: onLanes(bias, firstLanes, lanes),
      sum: sum && this.#e.reshape(sum.tensor, dims),
      activation,
    });
    const whole = this.#e.reshape(tensor, [outDepth / inSlices, (lanes * inSlices) / slices, outY, outX]);
    return { tensor: whole, channels: value.channels, slices: inSlices };
  }

  #sourceOf(value: Value): Source {
    if (this.#layouts.of(value) || value.channels % this.#block === 0) return this.#map(value);
    const tensor = this.plain(value);
    return { few: this.#e.reshape(tensor, tensor.dims.slice(1)) };
  }

  #transposedConvolution(value: Value, operation: Transposed): BlockedMap {
    const sources = this.#layouts.partsOf(value, operation).map((part) => ({
      map: this.#map(part.value),
      kernel: this.#kernelOf(operation, part),
    }));
    const bias = this.#bias(operation.bias);
    return convolvePhases(this.#e, this.#block, sources, phasesOfTransposed(operation), bias);
  }
}

function extentOf(source: Source): { depth: number; y: number; x: number; slices: number } {
  const { tensor, slices } = "few" in source ? { tensor: source.few, slices: 1 } : source;
  const [images, , y, x] = tensor.dims as [number, number, number, number];
  return { depth: images * slices, y, x, slices };
}
