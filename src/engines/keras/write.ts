/** Networks of slices as Keras 2 models: the configuration and the weights in Keras's layouts. */
import { turned } from "../../domain/axes.js";
import { product } from "../../domain/numbers.js";
import type { KerasArray, KerasFile } from "../../formats/keras/hdf5.js";
import type { Network } from "../../nets/architecture.js";
import { inOrder, type OperationOf, type Parameter, paddingBefore, type Value } from "../../nets/value.js";
import { PickbenchError } from "../../system/errors.js";
import { type Activation, activated } from "../activation.js";

/** A network with its weights, and which of its maps the Keras model shall give. */
interface KerasOptions {
  readonly network: Network;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly activation: Activation;
  /** Index of the output that is the model's one map. */
  readonly channel: number;
  /** Voxels a side of the boxes that the configuration is written for; the layers take any multiple of the network's. */
  readonly box: number;
  /** Name of the network in errors. */
  readonly name: string;
}

/** Version of Keras whose form is written: that of TensorFlow 2.11, which Ais runs. */
const kerasVersion = "2.11.0";

/**
 * Writes a network of slices as a Functional model: (y, x, slices) in, (y, x, 1) out, after the activation.
 *
 * @throws PickbenchError Unsupported naming the first operation that has no layer of Keras, or that reaches along z
 */
export function kerasModel(options: KerasOptions): KerasFile {
  const { network, activation, channel } = options;
  const writer = new ModelWriter(options);
  for (const value of inOrder(activated(network, activation))) writer.add(value);
  if (network.logits.channels > 1) writer.select(channel, network.logits.channels);
  return writer.file();
}

type Layer = Record<string, unknown>;

const lastAxis = -1;
const common = { trainable: true, dtype: "float32" };

/** A Functional model in the making: each value becomes a layer, or the layer of the value before it. */
class ModelWriter {
  readonly #options: KerasOptions;
  readonly #layers: Layer[] = [];
  readonly #weights = new Map<string, readonly KerasArray[]>();
  /** Name of the layer whose output is a value. */
  readonly #names = new Map<Value, string>();
  readonly #counts = new Map<string, number>();
  #input = "";
  #output = "";

  constructor(options: KerasOptions) {
    this.#options = options;
  }

  add(value: Value): void {
    this.#output = this.#written(value);
    this.#names.set(value, this.#output);
  }

  /** Adds a convolution of one voxel that passes one channel on, exactly. */
  select(channel: number, channels: number): void {
    const data = new Float32Array(channels);
    data[channel] = 1;
    const config = convolutionConfig([1, 1], [1, 1], { filters: 1, use_bias: false, padding: "same" });
    const kernel = { name: "kernel", shape: [1, 1, channels, 1], data };
    this.#output = this.#layer("Conv2D", "select", [this.#output], config, [kernel]);
  }

  file(): KerasFile {
    const config = {
      name: "model",
      trainable: true,
      layers: this.#layers,
      input_layers: [[this.#input, 0, 0]],
      output_layers: [[this.#output, 0, 0]],
    };
    return { config: { class_name: "Functional", config }, weights: this.#weights, kerasVersion };
  }

  #written(value: Value): string {
    const { operation, inputs } = value;
    const from = inputs.map((input) => this.#names.get(input)!);
    const plain = (kind: string, config: Layer = {}) => this.#layer(kind, kind.toLowerCase(), from, config);
    const named = (activation: string) => plain("Activation", { activation });
    switch (operation.kind) {
      case "input":
        return this.#inputLayer(value.channels);
      case "neighbourSlices":
        return this.#neighbours(inputs[0]!, operation.count);
      case "convolution":
        return this.#convolution(operation, value, from);
      case "transposedConvolution":
        return this.#transposed(operation, value, from);
      case "batchNorm":
        return this.#batchNorm(operation, from);
      case "relu":
      case "sigmoid":
      case "softmax":
      case "softplus":
        return named(operation.kind);
      case "exp":
        return named("exponential");
      case "leakyRelu":
        return plain("LeakyReLU", { alpha: operation.slope });
      case "dropout":
        return plain("Dropout", { rate: operation.rate });
      case "affine":
        return plain("Rescaling", { scale: operation.scale, offset: operation.offset });
      case "maxPool":
        return this.#maxPool(operation, from);
      case "averagePool":
        return plain("AveragePooling2D", pooling(this.#planar(operation.factor, "an average pool")));
      case "upsampleNearest":
      case "upsampleLinear": {
        const interpolation = operation.kind === "upsampleNearest" ? "nearest" : "bilinear";
        const size = this.#planar(operation.factor, "an upsampling");
        return plain("UpSampling2D", { size, interpolation, data_format: "channels_last" });
      }
      case "concat":
        return plain("Concatenate", { axis: lastAxis });
      case "add":
      case "subtract":
      case "multiply":
        return this.#merged(operation.kind, inputs, from);
      default:
        throw this.#unable(`its operation ${operation.kind} is no layer of Ais's Keras models`);
    }
  }

  #inputLayer(channels: number): string {
    const { box } = this.#options;
    const config = { batch_input_shape: [null, box, box, channels], sparse: false, ragged: false };
    this.#input = this.#layer("InputLayer", "input_1", [], config);
    return this.#input;
  }

  /** The neighbours are the channels of Keras's input, which takes the place of the single slice's. */
  #neighbours(input: Value, count: number): string {
    if (input.operation.kind !== "input" || this.#layers.length !== 1)
      throw this.#unable("it takes neighbouring slices inside, not at its input alone");
    this.#layers.length = 0;
    this.#counts.clear();
    return this.#inputLayer(count);
  }

  #convolution(operation: OperationOf<"convolution">, { channels }: Value, from: string[]): string {
    const { weight, bias, groups } = operation;
    const kernel = this.#planar(operation.kernel, "a convolution");
    const stride = this.#planar(operation.stride, "a convolution");
    const dilation = this.#planar(operation.dilation, "a convolution");
    const name = placeOf(weight);
    const padded = this.#padded(name, from, { kernel, stride, dilation });
    const config = convolutionConfig(kernel, stride, {
      filters: channels,
      dilation_rate: dilation,
      groups,
      use_bias: bias !== null,
      padding: padded.padding,
    });
    return this.#layer("Conv2D", name, padded.from, config, this.#kernelAndBias(weight, bias));
  }

  /** Keras's SAME pads the odd voxel after; where a convolution of ours pads otherwise, its zeros are a layer. */
  #padded(name: string, from: string[], { kernel, stride, dilation }: PlaneWindow) {
    const sides = kernel.map((size, axis) => {
      const extent = dilation[axis]! * (size - 1) + 1;
      const total = Math.max(0, extent - stride[axis]!);
      const before = paddingBefore(size, dilation[axis]!);
      return { total, before, after: total - before };
    });
    if (sides.every(({ total, before }) => before === Math.floor(total / 2)))
      return { from, padding: "same" };
    if (sides.some(({ after }) => after < 0))
      throw this.#unable(`its convolution ${name} pads otherwise than Keras's`);
    const padding = sides.map(({ before, after }) => [before, after]);
    const config = { padding, data_format: "channels_last" };
    return { from: [this.#layer("ZeroPadding2D", `${name}.pad`, from, config)], padding: "valid" };
  }

  #transposed(operation: OperationOf<"transposedConvolution">, { channels }: Value, from: string[]): string {
    const { weight, bias } = operation;
    const kernel = this.#planar(operation.kernel, "a transposed convolution");
    const strides = this.#planar(operation.stride, "a transposed convolution");
    const name = placeOf(weight);
    kernel.forEach((size, axis) => {
      if (paddingBefore(size) !== Math.floor(Math.max(0, size - strides[axis]!) / 2))
        throw this.#unable(`its transposed convolution ${name} pads otherwise than Keras's`);
    });
    const config = convolutionConfig(kernel, strides, {
      filters: channels,
      use_bias: bias !== null,
      padding: "same",
      output_padding: null,
    });
    return this.#layer("Conv2DTranspose", name, from, config, this.#kernelAndBias(weight, bias));
  }

  #batchNorm(
    { scale, shift, mean, variance, epsilon, momentum }: OperationOf<"batchNorm">,
    from: string[],
  ): string {
    const config = {
      axis: [3],
      epsilon,
      momentum: 1 - momentum,
      scale: scale !== null,
      center: shift !== null,
    };
    const arrays = [
      ...(scale ? [this.#turned("gamma", scale, [0])] : []),
      ...(shift ? [this.#turned("beta", shift, [0])] : []),
      this.#turned("moving_mean", mean, [0]),
      this.#turned("moving_variance", variance, [0]),
    ];
    return this.#layer("BatchNormalization", placeOf(mean), from, config, arrays);
  }

  #maxPool({ window, stride }: OperationOf<"maxPool">, from: string[]): string {
    const size = this.#planar(window, "a pool");
    const strides = this.#planar(stride, "a pool");
    size.forEach((each, axis) => {
      if (paddingBefore(each) !== Math.floor(Math.max(0, each - strides[axis]!) / 2))
        throw this.#unable("its pool begins elsewhere than Keras's");
    });
    const padding = size.every((each, axis) => each === strides[axis]) ? "valid" : "same";
    return this.#layer("MaxPooling2D", "maxpooling2d", from, { ...pooling(size, strides), padding });
  }

  #merged(kind: "add" | "subtract" | "multiply", inputs: readonly Value[], from: string[]): string {
    const [a, b] = inputs;
    if (a!.channels !== b!.channels || a!.stride === null || b!.stride === null)
      throw this.#unable(`its operation ${kind} is of maps of unequal channels`);
    const name = { add: "Add", subtract: "Subtract", multiply: "Multiply" }[kind];
    return this.#layer(name, kind, from, {});
  }

  /** A kernel (out, in / groups, 1, y, x), or transposed (in, out, 1, y, x), with its first two axes last and swapped. */
  #kernelAndBias(weight: Parameter, bias: Parameter | null): KerasArray[] {
    const kernel = this.#turned("kernel", weight, [3, 4, 1, 0]);
    return bias ? [kernel, this.#turned("bias", bias, [0])] : [kernel];
  }

  /** Returns a window's sizes along y and x. @throws PickbenchError Unsupported where it reaches along z */
  #planar(sizes: readonly number[], what: string): number[] {
    if (sizes[0] === 1) return sizes.slice(1);
    throw this.#unable(`${what} of it reaches along z, and Ais predicts slice by slice`);
  }

  /** Returns a parameter with its axes in this order, those of one voxel along z left out. */
  #turned(name: string, parameter: Parameter, order: readonly number[]): KerasArray {
    const { shape } = parameter;
    const data = this.#options.weights.get(parameter.name);
    if (data?.length !== product(shape))
      throw new TypeError(`${parameter.name} has ${data?.length ?? "no"} values`);
    return { name, shape: order.map((axis) => shape[axis]!), data: turned(data, shape, order) };
  }

  #layer(
    kind: string,
    wanted: string,
    from: readonly string[],
    config: Layer,
    arrays: readonly KerasArray[] = [],
  ): string {
    const count = this.#counts.get(wanted) ?? 0;
    this.#counts.set(wanted, count + 1);
    const name = count === 0 ? wanted : `${wanted}_${count}`;
    const dtype = kind === "InputLayer" ? { dtype: "float32" } : common;
    this.#layers.push({
      class_name: kind,
      config: { name, ...dtype, ...config },
      name,
      inbound_nodes: from.length === 0 ? [] : [from.map((layer) => [layer, 0, 0, {}])],
    });
    this.#weights.set(
      name,
      arrays.map((array) => ({ ...array, name: `${name}/${array.name}:0` })),
    );
    return name;
  }

  #unable(what: string): PickbenchError {
    return new PickbenchError(
      "Unsupported",
      `network ${this.#options.name}: ${what}; export it as ONNX, or train one of Ais's architectures (pickbench nets)`,
    );
  }
}

/** Sizes along y and x of a convolution's window. */
interface PlaneWindow {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

const convolutionConfig = (kernel: readonly number[], strides: readonly number[], others: Layer): Layer => ({
  kernel_size: kernel,
  strides,
  data_format: "channels_last",
  dilation_rate: [1, 1],
  activation: "linear",
  ...others,
});

const pooling = (size: readonly number[], strides: readonly number[] = size): Layer => ({
  pool_size: size,
  strides,
  padding: "valid",
  data_format: "channels_last",
});

/** Returns a parameter's place in the network: its name without the last part. */
const placeOf = ({ name }: Parameter): string => name.slice(0, name.lastIndexOf("."));
