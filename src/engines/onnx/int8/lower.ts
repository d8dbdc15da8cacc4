/** Lowering of a network to 8-bit operations, from the image to the logits. */
import type { Shape3 } from "../../../domain/volume.js";
import type { Network } from "../../../nets/architecture.js";
import type { ChannelAffine } from "../../../nets/foldNorms.js";
import type { OperationOf, Parameter, Value } from "../../../nets/value.js";
import { type Activation, activated } from "../../activation.js";
import { onLanes, readsOf } from "../blocked/convolve.js";
import { type Kernel3, kernelPart, transposedKernelPart } from "../blocked/kernels.js";
import { phasesOfTransposed } from "../blocked/layout.js";
import { lanesFor } from "../blocked/map.js";
import { phaseParts } from "../blocked/phases.js";
import { paddingAfter, tapsOf } from "../convolution/taps.js";
import { fromChannelMajor } from "../convolution/zMajor.js";
import { Emitter, real, type Tensor } from "../graph/emitter.js";
import type { GraphParts } from "../graph/model.js";
import { ruleOf } from "../operations.js";
import type { Calibration, ChannelStatistics } from "./calibration.js";
import { convolveBytes } from "./convolve.js";
import { constantNorm, isLinear } from "./folding.js";
import {
  averageBytes,
  type ByteMap,
  block,
  byteDims,
  concatBytes,
  dequantise,
  type Levels,
  quantise,
  scaleOf,
  upsampleBytes,
  zeroOf,
} from "./map.js";
import { Ranges } from "./ranges.js";

type Convolution = OperationOf<"convolution">;
type Transposed = OperationOf<"transposedConvolution">;

/** Writes `output`, a value computed from the network's logits, as floats (1, z, c, y, x). */
function lowerBytes(
  e: Emitter,
  network: Network,
  output: Value,
  image: Tensor,
  weights: ReadonlyMap<string, Float32Array>,
  statistics: (value: Value) => ChannelStatistics,
): Tensor {
  return new ByteLowering(e, network, image, weights, statistics).float(output);
}

class ByteLowering {
  readonly #e: Emitter;
  readonly #network: Network;
  readonly #image: Tensor;
  readonly #weights: ReadonlyMap<string, Float32Array>;
  readonly #statistics: (value: Value) => ChannelStatistics;
  readonly #ranges: Ranges;
  readonly #maps = new Map<Value, ByteMap>();

  constructor(
    e: Emitter,
    network: Network,
    image: Tensor,
    weights: ReadonlyMap<string, Float32Array>,
    statistics: (value: Value) => ChannelStatistics,
  ) {
    this.#e = e;
    this.#network = network;
    this.#image = image;
    this.#weights = weights;
    this.#statistics = statistics;
    this.#ranges = new Ranges(network.logits, statistics, weights);
  }

  float(value: Value): Tensor {
    if (value === this.#network.logits) return dequantise(this.#e, this.#map(value));
    const parameter = ({ name, shape }: Parameter): Tensor =>
      this.#e.floats(this.#weights.get(name)!, shape, `weights:${name}`);
    const lowering = { e: this.#e, block: null, parameter, training: null };
    const result = ruleOf(value).forward(
      value.operation,
      value.inputs.map((input) => this.float(input)),
      lowering,
    );
    return "output" in result ? result.output : result;
  }

  #map(value: Value): ByteMap {
    const known = this.#maps.get(value);
    if (known) return known;
    const map = this.#write(value);
    this.#maps.set(value, map);
    return map;
  }

  #write(value: Value): ByteMap {
    const e = this.#e;
    const { operation, inputs } = value;
    const levels = this.#ranges.levelsOf(value);
    const [a, b] = inputs as [Value, Value];
    switch (operation.kind) {
      case "input":
        return quantise(e, this.#image, levels);
      case "dropout":
        return this.#map(a);
      case "convolution":
      case "transposedConvolution":
      case "instanceNorm":
        return this.#writeLinear(value, levels);
      case "relu":
        return isLinear(a) ? this.#writeLinear(a, levels) : this.#activated(a, 0, levels);
      case "leakyRelu":
        return this.#activated(a, operation.slope, levels);
      case "prelu":
        return this.#activated(a, this.#weights.get(operation.slope.name)![0]!, levels);
      case "add":
        return this.#add(a, b, levels);
      case "concat":
        return concatBytes(
          e,
          inputs.map((input) => this.#map(input)),
        );
      case "averagePool":
        return averageBytes(e, this.#map(a), operation.factor, levels);
      case "upsampleNearest":
        return upsampleBytes(e, this.#map(a), operation.factor);
      default:
        throw new TypeError(`${operation.kind} is not written in bytes`);
    }
  }

  /** Writes a convolution, with the norm behind it folded in where there is one. */
  #writeLinear(value: Value, levels: Levels): ByteMap {
    if (value.operation.kind === "dropout") return this.#writeLinear(value.inputs[0]!, levels);
    const isNorm = value.operation.kind === "instanceNorm";
    const source = isNorm ? value.inputs[0]! : value;
    const affine = isNorm
      ? constantNorm(value.operation as OperationOf<"instanceNorm">, this.#statistics(source), this.#weights)
      : null;
    const { operation } = source;
    if (operation.kind === "convolution") return this.#convolve(source, operation, affine, levels);
    if (operation.kind === "transposedConvolution")
      return this.#transposedConvolution(source, operation, affine, levels);
    throw new TypeError(`${operation.kind} is not written in bytes`);
  }

  #activated(value: Value, slope: number, levels: Levels): ByteMap {
    const e = this.#e;
    const map = this.#map(value);
    const inputs = [map.tensor, ...this.#levelInputs(map.levels), ...this.#levelInputs(levels)];
    const attributes = [real("alpha", slope)];
    const tensor = e.op("QLinearLeakyRelu", inputs, map.tensor.dims, attributes, "com.microsoft");
    return { ...map, tensor, levels };
  }

  #levelInputs = (levels: Levels): Tensor[] => [scaleOf(this.#e, levels), zeroOf(this.#e, levels)];

  #add(first: Value, second: Value, levels: Levels): ByteMap {
    const [a, b] = [this.#map(first), this.#map(second)];
    const inputs = [
      ...[a, b].flatMap((map) => [map.tensor, ...this.#levelInputs(map.levels)]),
      ...this.#levelInputs(levels),
    ];
    return { ...a, tensor: this.#e.op("QLinearAdd", inputs, a.tensor.dims, [], "com.microsoft"), levels };
  }

  #bias(bias: Parameter | null, affine: ChannelAffine | null, channels: number): Float32Array {
    const own = bias ? this.#weights.get(bias.name)! : new Float32Array(channels);
    return affine ? own.map((value, c) => value * affine.factor[c]! + affine.shift[c]!) : own;
  }

  #convolve(value: Value, operation: Convolution, affine: ChannelAffine | null, levels: Levels): ByteMap {
    const map = this.#map(value.inputs[0]!);
    const { slices } = map;
    const { images, y, x } = byteDims(map);
    const [alongZ, alongY, alongX] = tapsOf(operation);
    const [outDepth, outY, outX] = [(images * slices) / alongZ.stride, y / alongY.stride, x / alongX.stride];
    const lanes = lanesFor(block, slices * value.channels);
    const firstLanes = Array.from({ length: slices }, (_, slice) => slice * value.channels);
    const kernel = kernelPart(this.#weightsOf(operation), operation.weight.shape, 0, map.channels);
    const { values, dims } = scaledOutputs(kernel, affine);
    const [out, inner, planes, ky, kx] = dims;
    const tensor = convolveBytes(this.#e, map, {
      kernel: { values, out, inner, planes, y: ky, x: kx },
      reads: readsOf(firstLanes, alongZ),
      images: outDepth / slices,
      lanes,
      y: outY,
      x: outX,
      step: slices * alongZ.stride,
      pads: [alongY.before, alongX.before, paddingAfter(alongY, y, outY), paddingAfter(alongX, x, outX)],
      strides: [alongY.stride, alongX.stride],
      dilations: [alongY.dilation, alongX.dilation],
      bias: onLanes(this.#bias(operation.bias, affine, value.channels), firstLanes, lanes)!,
      levels,
    });
    return { tensor, channels: value.channels, slices, levels };
  }

  #transposedConvolution(
    value: Value,
    operation: Transposed,
    affine: ChannelAffine | null,
    levels: Levels,
  ): ByteMap {
    const e = this.#e;
    const map = this.#map(value.inputs[0]!);
    const { images, y, x } = byteDims(map);
    const { slices, lanes, columns, phases, parts } = phaseParts(
      block,
      value.channels,
      phasesOfTransposed(operation),
    );
    const { shape } = operation.weight;
    const kernel = scaledOutputs(
      transposedKernelPart(this.#weightsOf(operation), shape, 0, map.channels),
      affine,
    );
    const bias = this.#bias(operation.bias, affine, value.channels);
    const written = parts.map((part) =>
      convolveBytes(e, map, {
        kernel: part.kernelOf(kernel),
        reads: part.reads,
        images,
        lanes: part.lanes,
        y,
        x,
        step: 1,
        pads: part.pads,
        strides: [1, 1],
        dilations: [1, 1],
        bias: onLanes(bias, part.firstLanes, part.lanes)!,
        levels,
      }),
    );
    const [pz, py, px] = phases;
    const row = px * columns * lanes;
    const joined = written.length === 1 ? written[0]! : e.concat(written, 0);
    const split = e.reshape(joined, [pz, py, px, images, y, x, columns * lanes]);
    const fine = written.length === 1 ? split : e.transpose(split, [3, 0, 4, 1, 5, 2, 6]);
    const tensor = e.reshape(fine, [images * pz, y * py, (x * row) / lanes, lanes]);
    return { tensor, channels: value.channels, slices, levels };
  }

  #weightsOf = ({ weight }: Convolution | Transposed): Float32Array => this.#weights.get(weight.name)!;
}

/** Multiplies a kernel by a norm's factors. */
function scaledOutputs(kernel: Kernel3, affine: ChannelAffine | null): Kernel3 {
  if (affine === null) return kernel;
  const size = kernel.dims.slice(1).reduce((a, b) => a * b);
  return { ...kernel, values: kernel.values.map((each, at) => each * affine.factor[Math.floor(at / size)]!) };
}

/** Writes the same graph as `inferenceGraph`, for one sample, but in bytes from the image to the logits. */
export function byteGraph(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  activation: Activation,
  patch: Shape3,
  offsets: number,
  calibration: Calibration,
): GraphParts {
  const e = new Emitter();
  const image = fromChannelMajor(e, e.input("image", [1, network.input.channels, ...patch]));
  const output = activated(network, activation, offsets);
  e.output(
    "output",
    lowerBytes(e, network, output, image, weights, (value) => calibration.of(value)),
  );
  return e.parts();
}
