/** TensorFlow.js's layers API as the independent reader of Keras models. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import type { KerasArray } from "../../src/formats/keras/hdf5.js";

/** Opens a model of a Keras configuration and weights; the sizes of its input become open, as in Ais. */
export async function openLayers(
  config: unknown,
  weights: ReadonlyMap<string, readonly KerasArray[]>,
): Promise<LayersModel> {
  await tf.setBackend("cpu");
  const opened = structuredClone(config) as {
    config: { layers: { config: { batch_input_shape?: unknown[] } }[] };
  };
  const [input] = opened.config.layers;
  const shape = input!.config.batch_input_shape!;
  input!.config.batch_input_shape = [null, null, null, ...shape.slice(3)];
  const arrays = [...weights.values()].flat();
  const weightSpecs = arrays.map(({ name, shape: sizes }) => ({
    name: name.replace(/:0$/, ""),
    shape: [...sizes],
    dtype: "float32" as const,
  }));
  const weightData = new Float32Array(arrays.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of arrays) {
    weightData.set(data, at);
    at += data.length;
  }
  return loadLayersModel(
    tf.io.fromMemory({
      modelTopology: opened as unknown as object,
      weightSpecs,
      weightData: weightData.buffer,
    }),
  );
}

/** Runs a model on one image (…sizes, channels); returns its output as numbers, and its sizes. */
export function runLayers(
  model: LayersModel,
  image: Float32Array,
  sizes: readonly number[],
): { readonly data: Float32Array; readonly shape: readonly number[] } {
  return tf.tidy(() => {
    const output = model.predict(tf.tensor(image, [1, ...sizes])) as tf.Tensor;
    return { data: output.dataSync() as Float32Array, shape: output.shape };
  });
}
