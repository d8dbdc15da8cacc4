import * as tf from "@tensorflow/tfjs-core";
import * as keras from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { lowerKeras } from "../../../src/engines/keras/lower.js";
import { createFromModel, tensorOf } from "../../../src/engines/onnx/session.js";
import type { KerasArray } from "../../../src/formats/keras/hdf5.js";
import { runLayers } from "../../support/kerasPeer.js";

type Tensor = keras.SymbolicTensor;
const { layers } = keras;
const [height, width] = [24, 36];

beforeAll(() => tf.setBackend("cpu"));

const convolution = (filters: number, kernelSize: number, others: object = {}) =>
  layers.conv2d({ filters, kernelSize, padding: "same", ...others });

/** Builds of one map (y, x, 1) from an image (y, x, 3), each with layers of its own. */
const planes: Record<string, (x: Tensor) => Tensor> = {
  "strides, an even kernel and a transposed convolution": (x) => {
    const coarse = convolution(4, 4, { strides: 2, activation: "relu" }).apply(x) as Tensor;
    return layers
      .conv2dTranspose({ filters: 1, kernelSize: 3, strides: 2, padding: "same" })
      .apply(coarse) as Tensor;
  },
  "an odd kernel with strides, and a transposed one whose taps do not meet": (x) => {
    const coarse = convolution(4, 3, { strides: 3, activation: "elu" }).apply(x) as Tensor;
    return layers
      .conv2dTranspose({ filters: 1, kernelSize: 2, strides: 3, padding: "same" })
      .apply(coarse) as Tensor;
  },
  "dilation, zeros around and no padding": (x) => {
    const wide = layers
      .zeroPadding2d({
        padding: [
          [1, 3],
          [2, 2],
        ],
      })
      .apply(x) as Tensor;
    const narrow = layers
      .conv2d({ filters: 3, kernelSize: 3, dilationRate: 2, padding: "valid" })
      .apply(wide) as Tensor;
    return convolution(1, 3, { useBias: false }).apply(narrow) as Tensor;
  },
  "cropping and a transposed convolution without padding": (x) => {
    const cut = layers
      .cropping2D({
        cropping: [
          [1, 2],
          [0, 4],
        ],
      })
      .apply(x) as Tensor;
    return layers.conv2dTranspose({ filters: 1, kernelSize: [4, 5], padding: "valid" }).apply(cut) as Tensor;
  },
  "pools, overlapping and not, and repetition": (x) => {
    const largest = layers.maxPooling2d({ poolSize: 3, strides: 1, padding: "same" }).apply(x) as Tensor;
    const mean = layers
      .averagePooling2d({ poolSize: 3, strides: 2, padding: "same" })
      .apply(largest) as Tensor;
    const back = layers.upSampling2d({ size: [2, 2] }).apply(mean) as Tensor;
    return convolution(1, 1).apply(layers.concatenate().apply([back, x])) as Tensor;
  },
  "normalisation and slopes": (x) => {
    const normal = layers.batchNormalization({ epsilon: 0.01 }).apply(convolution(4, 3).apply(x)) as Tensor;
    const leaky = layers.leakyReLU({ alpha: 0.2 }).apply(normal) as Tensor;
    const own = layers
      .prelu({ sharedAxes: [1, 2] } as Parameters<typeof layers.prelu>[0])
      .apply(convolution(4, 3).apply(leaky)) as Tensor;
    const bounded = layers.reLU({ maxValue: 1 }).apply(own) as Tensor;
    return layers.elu().apply(convolution(1, 1, { activation: "tanh" }).apply(bounded)) as Tensor;
  },
  "sums, products, the greatest and the mean": (x) => {
    const [a, b] = [convolution(4, 3).apply(x), convolution(4, 5).apply(x)] as [Tensor, Tensor];
    const sums = [
      layers.add().apply([a, b]),
      layers.multiply().apply([a, b]),
      layers.maximum().apply([a, b]),
    ];
    const mean = layers.average().apply(sums as Tensor[]) as Tensor;
    return convolution(1, 1).apply(layers.dropout({ rate: 0.4 }).apply(mean)) as Tensor;
  },
  "channels weighed by their means": (x) => {
    const maps = convolution(6, 3, { activation: "softplus" }).apply(x) as Tensor;
    const means = layers.globalAveragePooling2d({}).apply(maps) as Tensor;
    const weighed = layers
      .dense({ units: 6, activation: "hardSigmoid" })
      .apply(
        layers
          .reshape({ targetShape: [1, 1, 6] })
          .apply(layers.dense({ units: 6, activation: "selu" }).apply(means)),
      ) as Tensor;
    return layers.dense({ units: 1 }).apply(layers.multiply().apply([maps, weighed])) as Tensor;
  },
  "a softmax over channels": (x) => {
    const shares = convolution(3, 3, { activation: "softmax" }).apply(x) as Tensor;
    return convolution(1, 1, { activation: "softsign" }).apply(
      layers.activation({ activation: "relu6" }).apply(shares),
    ) as Tensor;
  },
  "a model inside a model": (x) => {
    const inner = keras.input({ shape: [height, width, 3] });
    const deep = layers
      .batchNormalization()
      .apply(convolution(4, 3, { activation: "sigmoid" }).apply(inner)) as Tensor;
    const model = keras.model({ inputs: inner, outputs: convolution(2, 3).apply(deep) as Tensor });
    return convolution(1, 1).apply(model.apply(x) as Tensor) as Tensor;
  },
};

/** Draws all weights of a model anew; variances are positive. */
function draw(model: keras.LayersModel): void {
  model.setWeights(
    model.weights.map(({ name, shape }) => {
      const random = randomFor(8, name.replace(/_?\d+/g, ""), shape.length);
      const count = shape.reduce<number>((a, b) => a * b!, 1);
      const values = Float32Array.from({ length: count }, () =>
        name.includes("variance") ? 0.5 + random.uniform() : 0.3 * random.normal(),
      );
      return tf.tensor(values, shape as number[]);
    }),
  );
}

/** The weights of a model as Keras's HDF5 groups them. */
const weightsOf = (model: keras.LayersModel): Map<string, KerasArray[]> =>
  new Map(
    model.layers.map((layer) => [
      layer.name,
      layer.weights.map((weight) => ({
        name: `${weight.originalName}:0`,
        shape: weight.shape as number[],
        data: weight.read().dataSync() as Float32Array,
      })),
    ]),
  );

async function compare(
  model: keras.LayersModel,
  image: Float32Array,
  sizes: readonly number[],
  slices: number,
) {
  draw(model);
  const config: unknown = JSON.parse(JSON.stringify(model.toJSON(undefined, false)));
  const lowered = lowerKeras(config, weightsOf(model), "model");
  const voxels = height * width;
  const first = Float32Array.from(image, (_, at) => image[(at % voxels) * slices + Math.floor(at / voxels)]!);
  const session = await createFromModel(lowered.model);
  const { maps } = await session.run({ image: tensorOf({ data: first, dims: [1, slices, height, width] }) });
  await session.release();
  const { data } = runLayers(model, image, sizes);
  expect(maps!.dims).toEqual([1, 1, height, width]);
  const worst = data.reduce((most, value, at) => Math.max(most, Math.abs(value - Number(maps!.data[at]))), 0);
  expect(worst).toBeLessThan(1e-5);
  expect(Math.max(...data) - Math.min(...data)).toBeGreaterThan(1e-3);
}

const random = randomFor(6, "image");
const image = Float32Array.from({ length: height * width * 3 }, () => random.normal());

describe("layers equal TensorFlow.js", () => {
  test.each(Object.keys(planes))("%s", async (name) => {
    const input = keras.input({ shape: [height, width, 3] });
    const output = planes[name]!(input);
    await compare(keras.model({ inputs: input, outputs: output }), image, [height, width, 3], 3);
  });

  test("a Sequential without an input layer", async () => {
    const model = keras.sequential({
      layers: [convolution(3, 3, { inputShape: [height, width, 3], activation: "relu" }), convolution(1, 3)],
    });
    await compare(model, image, [height, width, 3], 3);
  });

  test("volumes whose depth ends in one slice", async () => {
    const input = keras.input({ shape: [height, width, 3, 1] });
    const deep = layers
      .conv3d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" })
      .apply(input);
    const one = layers.conv3d({ filters: 4, kernelSize: [1, 1, 3], padding: "valid" }).apply(deep);
    const coarse = layers.maxPooling3d({ poolSize: [2, 2, 1] }).apply(one);
    const back = layers
      .conv3dTranspose({ filters: 1, kernelSize: [2, 2, 1], strides: [2, 2, 1], padding: "same" })
      .apply(coarse);
    await compare(keras.model({ inputs: input, outputs: back as Tensor }), image, [height, width, 3, 1], 3);
  });
});
