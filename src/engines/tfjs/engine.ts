/** The TensorFlow.js engine: networks evaluated and trained by its operations and gradients. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { inOrder, type Parameter, parametersOf, type Value } from "../../nets/value.js";
import { activated } from "../activation.js";
import type { Engine, LoadedNetwork, LoadOptions } from "../engine.js";
import { loadTensorFlow, type TensorFlow } from "./backend.js";
import { fromChannelMajor, toZMajor } from "./maps.js";
import { evaluateLean } from "./network.js";
import { openTensorFlowTrainer } from "./trainer.js";

/** Training and inference by TensorFlow.js, whose library chooses the number of threads. */
export const tensorFlowEngine: Engine = { openTrainer: openTensorFlowTrainer, load };

async function load({ network, weights, activation, offsets, patch }: LoadOptions): Promise<LoadedNetwork> {
  const { tf } = await loadTensorFlow();
  const value = activated(network, activation, offsets);
  const tensors = parameterTensors(tf, value, weights);
  const pass = { tf, parameter: ({ name }: Parameter) => tensors.get(name)!, training: null };
  return {
    async run(image) {
      const output = tf.tidy(() => {
        const given = fromChannelMajor(tf, image, [1, network.input.channels, ...patch]);
        return toZMajor(tf, evaluateLean(value, new Map([["image", given]]), pass));
      });
      const numbers = Float32Array.from(await output.data());
      output.dispose();
      return numbers;
    },
    async close() {
      tf.dispose([...tensors.values()]);
    },
  };
}

/** Uploads the weights that a value depends on, as tensors by name. */
function parameterTensors(
  tf: TensorFlow,
  value: Value,
  weights: ReadonlyMap<string, Float32Array>,
): Map<string, Tensor> {
  const parameters = new Set(inOrder(value).flatMap(({ operation }) => parametersOf(operation)));
  return new Map(
    [...parameters].map(({ name, shape }) => [name, tf.tensor(weights.get(name)!.slice(), [...shape])]),
  );
}
