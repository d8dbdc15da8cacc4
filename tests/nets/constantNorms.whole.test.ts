import { expect, test } from "vitest";
import { randomFor } from "../../src/domain/random.js";
import { type Shape3, voxelCount } from "../../src/domain/volume.js";
import { loadEngine } from "../../src/engines/load.js";
import { withTomogramStatistics } from "../../src/infer/predict/statistics.js";
import { buildNetwork, type Network } from "../../src/nets/architecture.js";
import { measuringNetwork } from "../../src/nets/constantNorms.js";
import { architectureNamed } from "../../src/nets/library/catalogue.js";
import { inOrder } from "../../src/nets/value.js";
import { initialWeights, layOut, namedWeights } from "../../src/nets/weights.js";

const cases = [
  ...["baseline", "dynunet", "segresnet", "resnet34-unet", "unet-350k", "se-unet"].map((name) => ({
    engineName: "onnx-cpu" as const,
    name,
  })),
  { engineName: "tfjs" as const, name: "unet-350k" },
];

/** A network whose scales, shifts and biases hide behind no constant. */
function drawn(name: string): { network: Network; weights: Map<string, Float32Array> } {
  const network = buildNetwork(architectureNamed(name), { outputs: 3 });
  const layout = layOut(network.parameters);
  const random = randomFor(3, name);
  const flat = initialWeights(layout, 0).map((value) => value + 0.1 * random.normal());
  return { network, weights: namedWeights(layout, flat) };
}

const noise = (shape: Shape3, seed: number): Float32Array => {
  const random = randomFor(seed, "noise");
  return Float32Array.from({ length: voxelCount(shape) }, () => 1 + 2 * random.normal());
};

const kindsOf = ({ logits }: Network): string[] => inOrder(logits).map(({ operation }) => operation.kind);
const most = (values: Float32Array): number =>
  values.reduce((high, each) => Math.max(high, Math.abs(each)), 0);

test.each(cases)(
  "with statistics of one tile, $name on $engineName gives that tile what its own give",
  async ({ engineName, name }) => {
    const engine = await loadEngine(engineName);
    const { network, weights } = drawn(name);
    const patch: Shape3 = [32, 32, 32];
    const tile = noise(patch, 1);
    const fitted = await withTomogramStatistics(engine, {
      ...{ network, weights, patch, threads: 2 },
      tiles: [tile],
    });
    expect(kindsOf(network)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(instance|group)Norm$/)]),
    );
    expect(kindsOf(fitted.network)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(instance|group)Norm$/)]),
    );
    const outputOf = async (which: { network: Network; weights: ReadonlyMap<string, Float32Array> }) => {
      const loaded = await engine.load({
        ...{ ...which, patch, threads: 2 },
        ...{ activation: "none", offsets: 0 },
      });
      const output = await loaded.run(tile);
      await loaded.close();
      return output;
    };
    const own = await outputOf({ network, weights });
    const constant = await outputOf(fitted);
    expect(most(own.map((value, at) => value - constant[at]!)) / most(own)).toBeLessThan(1e-4);
  },
);

test("a network without such layers is measured by none", () => {
  expect(measuringNetwork(drawn("eman2").network)).toBeNull();
});

test("what is not finite is said, and of which network", async () => {
  const engine = await loadEngine("onnx-cpu");
  const patch: Shape3 = [16, 16, 16];
  const tile = noise(patch, 1).fill(Number.NaN, 0, 5);
  const fit = withTomogramStatistics(engine, { ...drawn("baseline"), patch, tiles: [tile], threads: 1 });
  await expect(fit).rejects.toThrow(
    /^statistics of the tomogram: the network baseline gives NaN or infinity/,
  );
});
