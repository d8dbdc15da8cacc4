import { describe, expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { activated } from "../../../src/engines/activation.js";
import { lowerKeras } from "../../../src/engines/keras/lower.js";
import { kerasModel } from "../../../src/engines/keras/write.js";
import { valueGraph } from "../../../src/engines/onnx/inferenceGraph.js";
import { createFromModel, openSession, tensorOf } from "../../../src/engines/onnx/session.js";
import { encodeKeras, type KerasArray, readKeras } from "../../../src/formats/keras/hdf5.js";
import { buildNetwork, type Network } from "../../../src/nets/architecture.js";
import { architectureNamed } from "../../../src/nets/library/catalogue.js";
import { elementCount } from "../../../src/nets/value.js";
import { hashOf } from "../../../src/system/files.js";
import { openLayers, runLayers } from "../../support/kerasPeer.js";

/**
 * Weights that keep maps near 1 through any depth (resnet's linear pairs and sums grow by themselves); running variances
 * are positive.
 */
function drawnWeights({ parameters, architecture }: Network): Map<string, Float32Array> {
  return new Map(
    parameters.map((parameter) => {
      const random = randomFor(5, parameter.name);
      const { shape, name } = parameter;
      const scale =
        shape.length > 1
          ? Math.sqrt((architecture === "resnet" ? 0.8 : 2) / shape.slice(1).reduce((a, b) => a * b, 1))
          : 0.1;
      const draw = () =>
        /running_var|norm.*weight/.test(name) ? 1 + 0.2 * random.uniform() : scale * random.normal();
      return [name, Float32Array.from({ length: elementCount(parameter) }, draw)];
    }),
  );
}

const names = ["eman2", "inceptionnet", "unet", "vggnet", "resnet", "pix2pix"];
/** Networks that are slow in plain JavaScript see fewer voxels. */
const sizesOf = (name: string): readonly [number, number] =>
  name === "pix2pix" ? [64, 64] : name === "resnet" || name === "eman2" ? [8, 10] : [8, 16];

const largestDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);

const cases = [
  ...names.map((name) => ({ name, outputs: 1, slices: 1, channel: 0 })),
  { name: "unet", outputs: 3, slices: 5, channel: 1 },
];

describe("Ais's architectures as Keras models equal TensorFlow.js and the engine, and come back", () => {
  test.each(cases)(
    "$name with $outputs outputs and $slices slices",
    async ({ name, outputs, slices, channel }) => {
      const network = buildNetwork(architectureNamed(name), { outputs, slices });
      const weights = drawnWeights(network);
      const activation = outputs > 1 ? "softmax" : "sigmoid";
      const written = kerasModel({ network, weights, activation, channel, box: 64, name });
      const stored = await readKeras(await encodeKeras(written), "model.h5");
      expect(stored.config).toEqual(written.config);
      expect(digest(stored.weights)).toEqual(digest(written.weights));

      const [y, x] = sizesOf(name);
      const random = randomFor(1, "image");
      const image = Float32Array.from({ length: y * x * slices }, () => random.normal());
      const peer = runLayers(await openLayers(stored.config, stored.weights), image, [y, x, slices]);
      expect(peer.shape).toEqual([1, y, x, 1]);
      expect(Math.max(...peer.data) - Math.min(...peer.data)).toBeGreaterThan(0.05);

      const lowered = lowerKeras(stored.config, stored.weights, "model.h5");
      expect(lowered).toMatchObject({ slices, outputs: 1, multiple: network.multiple[1] });
      const session = await createFromModel(lowered.model);
      const { maps } = await session.run({
        image: tensorOf({ data: planesFirst(image, slices), dims: [1, slices, y, x] }),
      });
      await session.release();
      expect(largestDifference(maps!.data as Float32Array, peer.data)).toBeLessThan(1e-5);

      const value = activated(network, activation);
      const engine = await openSession(valueGraph(network, value, weights, 1, [slices, y, x]), {
        memoryPattern: false,
      });
      const { output } = await engine.run({
        image: { data: planesFirst(image, slices), dims: [1, 1, slices, y, x] },
      });
      await engine.release();
      const plane = ((slices - 1) / 2) * outputs * y * x + channel * y * x;
      expect(largestDifference(output!.data.subarray(plane, plane + y * x), peer.data)).toBeLessThan(1e-5);
    },
  );
});

/** Names, sizes and hashes of arrays: millions of numbers are compared at once. */
const digest = (weights: ReadonlyMap<string, readonly KerasArray[]>) =>
  [...weights].map(([layer, arrays]) => [
    layer,
    arrays.map(({ name, shape, data }) => [
      name,
      shape,
      hashOf(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    ]),
  ]);

/** Puts the channels of (y, x, channels) first. */
function planesFirst(image: Float32Array, channels: number): Float32Array {
  const voxels = image.length / channels;
  return Float32Array.from(
    { length: image.length },
    (_, at) => image[(at % voxels) * channels + Math.floor(at / voxels)]!,
  );
}
