/** Check of a Keras model that was written: its file, read and lowered again, beside the engine, on one random image. */
import { randomFor } from "../../domain/random.js";
import type { KerasFile } from "../../formats/keras/hdf5.js";
import type { Network } from "../../nets/architecture.js";
import { type Activation, activated } from "../activation.js";
import { valueGraph } from "../onnx/inferenceGraph.js";
import { createFromModel, openSession, tensorOf } from "../onnx/session.js";
import { inputName, lowerKeras, outputName } from "./lower.js";

/** The network that a Keras model was written of. */
interface Written {
  readonly network: Network;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly activation: Activation;
  readonly channel: number;
}

/**
 * Returns the largest difference between a stored Keras model's map and the engine's middle slice, whose lowering shares
 * no code with that of Keras's layers.
 */
export async function checkKeras(
  stored: KerasFile,
  { network, weights, activation, channel }: Written,
): Promise<number> {
  const { model, slices } = lowerKeras(stored.config, stored.weights, "the written model");
  const side = (least: number, multiple: number) => multiple * Math.ceil(least / multiple);
  const [y, x] = [side(16, network.multiple[1]), side(24, network.multiple[2])];
  const random = randomFor(0, "engines/keras/check");
  const data = Float32Array.from({ length: slices * y * x }, () => random.normal());
  const session = await createFromModel(model);
  const results = await session.run({ [inputName]: tensorOf({ data, dims: [1, slices, y, x] }) });
  await session.release();
  const value = activated(network, activation);
  const engine = await openSession(valueGraph(network, value, weights, 1, [slices, y, x]), {
    memoryPattern: false,
  });
  const { output } = await engine.run({ image: { data, dims: [1, 1, slices, y, x] } });
  await engine.release();
  const first = (((slices - 1) / 2) * value.channels + channel) * y * x;
  const theirs = results[outputName]!.data as Float32Array;
  return theirs.reduce((most, each, at) => Math.max(most, Math.abs(each - output!.data[first + at]!)), 0);
}
