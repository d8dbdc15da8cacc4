/** The builder of network graphs: every operation that an architecture can use, with its meaning. */
import { product } from "../domain/numbers.js";
import type { Shape3 } from "../domain/volume.js";
import { type Operation, type Parameter, spatial, type Value } from "./value.js";

const one: Shape3 = [1, 1, 1];
const two: Shape3 = [2, 2, 2];
const scaled = (stride: Shape3, by: Shape3, direction: 1 | -1): Shape3 => {
  const at = (i: 0 | 1 | 2) => (direction === 1 ? stride[i] * by[i] : stride[i] / by[i]);
  return [at(0), at(1), at(2)];
};

/** Rule that draws a kernel: PyTorch's U(±1/√fan-in), or Keras's U(±√(6/(fan-in + fan-out))) (Glorot and Bengio 2010). */
type Initialisation = "pytorch" | "glorot";

interface ConvolutionOptions {
  readonly kernel?: Shape3;
  readonly stride?: Shape3;
  readonly bias?: boolean;
  readonly initialisation?: Initialisation;
}

/** Builder that declares values and the parameters they use; parameter names are PyTorch's dotted paths. */
export class GraphBuilder {
  readonly parameters: Parameter[] = [];
  private count = 0;
  private reusing = false;

  /** Declares a map that is fed at every step. */
  input(name: string, channels: number, stride: Shape3 = one): Value {
    return this.value({ kind: "input", name }, [], channels, stride);
  }

  /**
   * Builds a part again on other values, with the parameters that the part declared the first time.
   *
   * @throws TypeError where the part declares a new parameter
   */
  again<T>(build: () => T): T {
    this.reusing = true;
    try {
      return build();
    } finally {
      this.reusing = false;
    }
  }

  /**
   * Convolves with ⌊dilation·(kernel − 1)/2⌋ zeros before each axis, and as many after as make the output's size the
   * input's divided by the stride, which must divide it. With `groups`, each group of output channels sees its own group
   * of input channels; as many groups as channels make a depthwise convolution. On one number a channel (kernel 1) the
   * channels are mixed.
   */
  convolution(
    x: Value,
    name: string,
    channels: number,
    {
      kernel = [3, 3, 3],
      stride = one,
      bias = true,
      dilation = one,
      groups = 1,
      initialisation = "pytorch",
    }: ConvolutionOptions & { readonly dilation?: Shape3; readonly groups?: number } = {},
  ): Value {
    if (x.channels % groups !== 0 || channels % groups !== 0)
      throw new TypeError(`${name}: ${x.channels} to ${channels} channels in ${groups} groups`);
    if (x.stride === null && (product(kernel) > 1 || product(stride) > 1))
      throw new TypeError(`${name}: a kernel of ${kernel} on one number a channel`);
    const shape = [channels, x.channels / groups, ...kernel];
    const bounds = initialBounds(
      initialisation,
      product(shape.slice(1)),
      (channels / groups) * product(kernel),
    );
    const weight = this.parameter(`${name}.weight`, shape, bounds.weight, true);
    const offset = bias ? this.parameter(`${name}.bias`, [channels], bounds.bias, false) : null;
    const operation = {
      kind: "convolution",
      weight,
      bias: offset,
      kernel,
      stride,
      dilation,
      groups,
    } as const;
    return this.value(operation, [x], channels, x.stride && scaled(x.stride, stride, 1));
  }

  /** Applies the transpose of `convolution` with the same kernel and stride; the size is multiplied by the stride. */
  transposedConvolution(
    x: Value,
    name: string,
    channels: number,
    { kernel = [3, 3, 3], stride = one, bias = true, initialisation = "pytorch" }: ConvolutionOptions = {},
  ): Value {
    const shape = [x.channels, channels, ...kernel];
    const bounds = initialBounds(initialisation, product(shape.slice(1)), x.channels * product(kernel));
    const weight = this.parameter(`${name}.weight`, shape, bounds.weight, true);
    const offset = bias ? this.parameter(`${name}.bias`, [channels], bounds.bias, false) : null;
    const operation = { kind: "transposedConvolution", weight, bias: offset, kernel, stride } as const;
    return this.value(operation, [x], channels, scaled(spatial(x), stride, -1));
  }

  /** Normalises each channel of each sample to mean 0 and variance 1 over the patch (Ulyanov et al. 2016). */
  instanceNorm(x: Value, name: string, { affine = false, epsilon = 1e-5 } = {}): Value {
    return this.elementwise({ kind: "instanceNorm", ...this.affineOf(x, name, affine), epsilon }, x);
  }

  /** Normalises each group of channels of each sample over channels and patch (Wu and He 2018). */
  groupNorm(x: Value, name: string, groups: number, { affine = true, epsilon = 1e-5 } = {}): Value {
    if (x.channels % groups !== 0) throw new TypeError(`${name}: ${x.channels} channels in ${groups} groups`);
    return this.elementwise({ kind: "groupNorm", groups, ...this.affineOf(x, name, affine), epsilon }, x);
  }

  /** Normalises each voxel over its channels (Ba et al. 2016, in ConvNeXt's channels-first form). */
  layerNorm(x: Value, name: string, { affine = true, epsilon = 1e-6 } = {}): Value {
    return this.elementwise({ kind: "layerNorm", ...this.affineOf(x, name, affine), epsilon }, x);
  }

  /**
   * Normalises each channel over batch and patch while training, by running statistics when predicting; `momentum` is
   * the share of the new statistics in the running ones, whose variance is the unbiased one (Ioffe and Szegedy 2015, as
   * in PyTorch).
   */
  batchNorm(x: Value, name: string, { affine = true, epsilon = 1e-5, momentum = 0.1 } = {}): Value {
    const statistic = (of: string, constant: number) =>
      this.parameter(`${name}.running_${of}`, [x.channels], { constant }, false, false);
    const mean = statistic("mean", 0);
    const variance = statistic("var", 1);
    const options = { ...this.affineOf(x, name, affine), epsilon, mean, variance, momentum };
    return this.elementwise({ kind: "batchNorm", ...options }, x);
  }

  relu = (x: Value): Value => this.elementwise({ kind: "relu" }, x);

  /** PReLU: x where positive, slope·x elsewhere; one trained slope for all channels, or one each (He et al. 2015). */
  prelu(x: Value, name: string, { perChannel = false } = {}): Value {
    const shape = [perChannel ? x.channels : 1];
    return this.elementwise(
      { kind: "prelu", slope: this.parameter(`${name}.weight`, shape, { constant: 0.25 }, false) },
      x,
    );
  }

  /** Leaky ReLU: x where positive, slope·x elsewhere, with a constant slope. */
  leakyRelu = (x: Value, slope = 0.01): Value => this.elementwise({ kind: "leakyRelu", slope }, x);
  /** GELU: x·Φ(x), Φ the standard normal's distribution function (Hendrycks and Gimpel 2016), not its tanh form. */
  gelu = (x: Value): Value => this.elementwise({ kind: "gelu" }, x);
  /** SiLU: x·σ(x) (Elfwing et al. 2018). */
  silu = (x: Value): Value => this.multiply(x, this.sigmoid(x));
  abs = (x: Value): Value => this.elementwise({ kind: "abs" }, x);

  /**
   * Sets each number to 0 with probability `rate` and divides it by 1 − rate otherwise while training, drawn by (seed,
   * name, step); changes nothing when predicting.
   */
  dropout(x: Value, name: string, rate: number): Value {
    if (!(rate >= 0 && rate < 1)) throw new TypeError(`${name}: a dropout of ${rate}`);
    return rate === 0 ? x : this.elementwise({ kind: "dropout", name, rate }, x);
  }

  /** Takes the maximum of each window; windows begin ⌊(window − 1)/2⌋ voxels before and ignore voxels outside the map. */
  maxPool(x: Value, window: Shape3 = two, stride: Shape3 = window): Value {
    return this.value({ kind: "maxPool", window, stride }, [x], x.channels, scaled(spatial(x), stride, 1));
  }

  averagePool(x: Value, factor: Shape3 = two): Value {
    return this.value({ kind: "averagePool", factor }, [x], x.channels, scaled(spatial(x), factor, 1));
  }

  upsampleNearest(x: Value, factor: Shape3 = two): Value {
    return this.value({ kind: "upsampleNearest", factor }, [x], x.channels, scaled(spatial(x), factor, -1));
  }

  /** Upsamples trilinearly, with voxels taken at their centres (PyTorch's align_corners=False). */
  upsampleLinear(x: Value, factor: Shape3 = two): Value {
    return this.value({ kind: "upsampleLinear", factor }, [x], x.channels, scaled(spatial(x), factor, -1));
  }

  /** Averages over the voxels of each sample: one number a channel. */
  globalAverage = (x: Value): Value => this.value({ kind: "globalAverage" }, [x], x.channels, null);

  /** Squeeze and excitation, weights of the channels by their means: x·σ(W₂·relu(W₁·mean)) (Hu et al. 2018). */
  squeezeExcite(x: Value, name: string, reduction = 4): Value {
    const kernel = one;
    const narrow = Math.max(1, Math.floor(x.channels / reduction));
    const squeezed = this.relu(this.convolution(this.globalAverage(x), `${name}.fc1`, narrow, { kernel }));
    return this.multiply(x, this.sigmoid(this.convolution(squeezed, `${name}.fc2`, x.channels, { kernel })));
  }

  /** Stacks the slices around each slice as its channels, zeros outside: 2.5-D input, slice-major; `count` is odd. */
  neighbourSlices(x: Value, count: number): Value {
    if (count % 2 === 0) throw new TypeError(`${count} neighbouring slices; wanted an odd number`);
    return count === 1
      ? x
      : this.value({ kind: "neighbourSlices", count }, [x], count * x.channels, spatial(x));
  }

  /** Selects `count` channels from `start` on. */
  selectChannels(x: Value, start: number, count: number): Value {
    if (start < 0 || count < 1 || start + count > x.channels)
      throw new TypeError(`channels ${start} to ${start + count} of ${x.channels}`);
    return count === x.channels
      ? x
      : this.value({ kind: "selectChannels", start, count }, [x], count, spatial(x));
  }

  concat(...parts: Value[]): Value {
    const channels = parts.reduce((sum, part) => sum + part.channels, 0);
    const { stride } = parts[0]!;
    for (const part of parts)
      if (part.stride?.join() !== stride?.join())
        throw new TypeError(`concat: maps of stride ${stride} and ${part.stride}`);
    return this.value({ kind: "concat" }, parts, channels, stride);
  }

  add = (a: Value, b: Value): Value => this.binary("add", a, b);
  subtract = (a: Value, b: Value): Value => this.binary("subtract", a, b);
  multiply = (a: Value, b: Value): Value => this.binary("multiply", a, b);
  divide = (a: Value, b: Value): Value => this.binary("divide", a, b);

  /** Computes scale·x + offset. */
  affine = (x: Value, scale: number, offset = 0): Value =>
    this.elementwise({ kind: "affine", scale, offset }, x);
  /** Multiplies each channel by its own constant. */
  channelScale = (x: Value, scales: readonly number[]): Value =>
    this.elementwise({ kind: "channelScale", scales }, x);
  /** Computes x^exponent for x ≥ 0 and exponent ≥ 1. */
  power = (x: Value, exponent: number): Value => this.elementwise({ kind: "power", exponent }, x);
  exp = (x: Value): Value => this.elementwise({ kind: "exp" }, x);
  log = (x: Value): Value => this.elementwise({ kind: "log" }, x);
  /** Computes log(1 + eˣ), which is −log of the sigmoid of −x. */
  softplus = (x: Value): Value => this.elementwise({ kind: "softplus" }, x);
  sigmoid = (x: Value): Value => this.elementwise({ kind: "sigmoid" }, x);
  /** Softmax over the channels. */
  softmax = (x: Value): Value => this.elementwise({ kind: "softmax" }, x);
  logSoftmax = (x: Value): Value => this.elementwise({ kind: "logSoftmax" }, x);

  /** Sums over the voxels of the whole batch: one number a channel. */
  sum = (x: Value): Value => this.value({ kind: "sum" }, [x], x.channels, null);
  /** Sums over the channels. */
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

  private affineOf(x: Value, name: string, affine: boolean) {
    const scale = affine ? this.parameter(`${name}.weight`, [x.channels], { constant: 1 }, false) : null;
    const shift = affine ? this.parameter(`${name}.bias`, [x.channels], { constant: 0 }, false) : null;
    return { scale, shift };
  }

  private parameter(
    name: string,
    shape: readonly number[],
    initial: Parameter["initial"],
    decay: boolean,
    trained = true,
  ): Parameter {
    const known = this.parameters.find((parameter) => parameter.name === name);
    if (known && this.reusing && known.shape.join() === shape.join()) return known;
    if (known) throw new TypeError(`two parameters named ${name}`);
    if (this.reusing) throw new TypeError(`no parameter named ${name} to use again`);
    const parameter = { name, shape, initial, decay, trained };
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

/** Returns the distributions that kernels and biases are drawn from. */
function initialBounds(initialisation: Initialisation, fanIn: number, fanOut: number) {
  if (initialisation === "glorot")
    return { weight: { uniform: Math.sqrt(6 / (fanIn + fanOut)) }, bias: { constant: 0 } };
  const bound = { uniform: 1 / Math.sqrt(fanIn) };
  return { weight: bound, bias: bound };
}
