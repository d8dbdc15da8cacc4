/** Small Keras models and Ais files around them, for tests. */
import { randomFor } from "../../src/domain/random.js";
import { encodeKeras, type KerasArray, type KerasFile } from "../../src/formats/keras/hdf5.js";
import { encodeTar } from "../../src/formats/tar.js";

type Config = Record<string, unknown>;

const layer = (kind: string, name: string, config: Config, ...from: string[]) => ({
  class_name: kind,
  config: { name, trainable: true, dtype: "float32", ...config },
  name,
  inbound_nodes: from.length === 0 ? [] : [from.map((each) => [each, 0, 0, {}])],
});

const convolution = (filters: number, size: number, activation: string): Config => ({
  filters,
  kernel_size: [size, size],
  strides: [1, 1],
  padding: "same",
  data_format: "channels_last",
  dilation_rate: [1, 1],
  groups: 1,
  activation,
  use_bias: true,
});

/** A U-Net of two levels that sees `slices` slices; `extra` layers stand between its head and its input's end. */
export function smallUnet(slices: number): KerasFile {
  const layers = [
    layer("InputLayer", "input_1", {
      batch_input_shape: [null, 64, 64, slices],
      sparse: false,
      ragged: false,
    }),
    layer("Conv2D", "down", convolution(4, 3, "relu"), "input_1"),
    layer("MaxPooling2D", "pool", { pool_size: [2, 2], strides: [2, 2], padding: "valid" }, "down"),
    layer("Conv2D", "deep", convolution(6, 5, "relu"), "pool"),
    layer("Dropout", "drop", { rate: 0.2 }, "deep"),
    layer("UpSampling2D", "up", { size: [2, 2], interpolation: "nearest" }, "drop"),
    layer("Concatenate", "join", { axis: 3 }, "up", "down"),
    layer("Conv2D", "head", convolution(1, 1, "sigmoid"), "join"),
  ];
  const weights = new Map<string, readonly KerasArray[]>(layers.map(({ name }) => [name, []]));
  for (const [name, shape] of [
    ["down", [3, 3, slices, 4]],
    ["deep", [5, 5, 4, 6]],
    ["head", [1, 1, 10, 1]],
  ] as const) {
    const random = randomFor(3, name);
    const draw = (sizes: readonly number[], scale: number): Float32Array =>
      Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, () => scale * random.normal());
    const fan = shape[0] * shape[1] * shape[2];
    weights.set(name, [
      { name: `${name}/kernel:0`, shape: [...shape], data: draw(shape, Math.sqrt(2 / fan)) },
      { name: `${name}/bias:0`, shape: [shape[3]], data: draw([shape[3]], 0.1) },
    ]);
  }
  const config = {
    name: "model",
    layers,
    input_layers: [["input_1", 0, 0]],
    output_layers: [["head", 0, 0]],
  };
  return { config: { class_name: "Functional", config }, weights, kerasVersion: "2.11.0" };
}

/** A description as Ais writes it. */
export const description = (changes: Config = {}): Config => ({
  title: "Membrane",
  colour: [0.2, 0.4, 1],
  apix: 10,
  compiled: true,
  box_size: 64,
  model_depth: 1,
  model_enum: 7,
  epochs: 50,
  batch_size: 32,
  active: true,
  blend: false,
  show: true,
  alpha: 0.75,
  threshold: 0.45,
  overlap: 0.2,
  active_tab: 0,
  n_parameters: 0,
  n_copies: 10,
  info: "",
  info_short: "",
  excess_negative: 30,
  emit: false,
  absorb: true,
  loss: 0.05,
  ...changes,
});

/** A `.scnm` file's bytes. */
export async function scnmOf(model: KerasFile, changes: Config = {}): Promise<Buffer> {
  return encodeTar(
    new Map<string, Uint8Array>([
      ["any_weights.h5", await encodeKeras(model)],
      ["any_metadata.json", Buffer.from(JSON.stringify(description(changes)))],
    ]),
  );
}
