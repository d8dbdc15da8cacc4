import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/data/patchSpec.js";
import { openOnnxTrainer } from "../../src/engines/onnx/trainer.js";
import type { LossBuilder } from "../../src/engines/trainable.js";
import { buildNetwork, type Network } from "../../src/nets/architecture.js";
import { architectureNamed, architectures } from "../../src/nets/catalogue.js";
import { spatial } from "../../src/nets/value.js";
import { buildLoss, lossSchema } from "../../src/train/losses.js";
import type { Shape3 } from "../../src/volume.js";
import { formula } from "./formula.js";

const outputs = 7;

/** With 7 outputs, seeing one slice: parameters, and what patch sizes are multiples of. */
const pinned: Readonly<Record<string, { readonly parameters: number; readonly multiple: Shape3 }>> = {
  baseline: { parameters: 1_119_986, multiple: [4, 4, 4] },
  plain: { parameters: 353_703, multiple: [4, 4, 4] },
  "baseline-residual": { parameters: 1_638_662, multiple: [4, 4, 4] },
  "unet-350k": { parameters: 352_515, multiple: [4, 4, 4] },
  "resnet34-unet": { parameters: 4_571_367, multiple: [16, 16, 16] },
  segresnet: { parameters: 4_700_999, multiple: [8, 8, 8] },
  dynunet: { parameters: 1_401_941, multiple: [8, 8, 8] },
  voxresnet: { parameters: 1_638_812, multiple: [8, 8, 8] },
  densevnet: { parameters: 876_004, multiple: [8, 8, 8] },
  "unet-2.5d": { parameters: 874_887, multiple: [1, 8, 8] },
  "convnext-unet": { parameters: 1_243_319, multiple: [8, 8, 8] },
  deepfinder: { parameters: 903_159, multiple: [4, 4, 4] },
  "se-unet": { parameters: 1_474_399, multiple: [8, 8, 8] },
  vnet: { parameters: 2_662_207, multiple: [8, 8, 8] },
  eman2: { parameters: 432_087, multiple: [1, 2, 2] },
  inceptionnet: { parameters: 552_071, multiple: [1, 1, 1] },
  unet: { parameters: 923_271, multiple: [1, 4, 4] },
  vggnet: { parameters: 1_494_655, multiple: [1, 8, 8] },
  resnet: { parameters: 4_890_343, multiple: [1, 1, 1] },
  pix2pix: { parameters: 29_261_703, multiple: [1, 64, 64] },
};

const names = architectures.map(({ name }) => name);

test("the catalogue has at least 18 architectures, and this table all of them", () => {
  expect(names.length).toBeGreaterThanOrEqual(18);
  expect(new Set(names)).toEqual(new Set(Object.keys(pinned)));
  expect(new Set(names).size).toBe(names.length);
});

test.each(names)("%s has the pinned parameters and multiple", (name) => {
  const { parameterCount, multiple } = buildNetwork(architectureNamed(name), { outputs });
  expect({ parameters: parameterCount, multiple }).toEqual(pinned[name]);
});

describe.each([1, 2] as const)("at stride %i", (stride) => {
  const built = (name: string, slices: number): Network =>
    buildNetwork(architectureNamed(name), { outputs, slices, stride });

  test.each(names)("%s gives logits of one, sees one slice or five", (name) => {
    for (const network of [built(name, 1), built(name, 5)]) {
      expect(network.logits).toMatchObject({ channels: outputs, stride: [stride, stride, stride] });
      for (const { logits, weight } of network.auxiliary) {
        expect(logits.channels).toBe(outputs);
        for (const step of spatial(logits)) expect(step).toBeGreaterThanOrEqual(stride);
        expect(weight).toBeGreaterThan(0);
      }
      const parameters = network.parameters.map((each) => each.name);
      expect(new Set(parameters).size).toBe(parameters.length);
      for (const each of parameters) expect(each).toMatch(/^\w+(\.\w+)+$/);
    }
    expect(built(name, 5).parameterCount).toBeGreaterThan(built(name, 1).parameterCount);
  });
});

const crossEntropy: LossBuilder = (graph, inputs) =>
  buildLoss(graph, [lossSchema.parse({ kind: "crossEntropy" })], { ...inputs, activation: "softmax" });

/** Two voxels at the coarsest level and no fewer than four slices of 16². */
const smallPatch = ([z, y, x]: Shape3): Shape3 => {
  const side = (multiple: number) => (multiple > 16 ? multiple : Math.max(16, 2 * multiple));
  return [Math.max(4, 2 * z), side(y), side(x)];
};

/** A noisy image whose brighter voxels, where it is smooth, are one class and its darker ones another. */
function batchOf(patch: Shape3): Batch {
  const [z, y, x] = patch;
  const voxels = z * y * x;
  const noise = formula("noise", voxels);
  const wave = Float32Array.from(
    noise,
    (_, at) => Math.sin(0.9 * (at % x)) * Math.cos(0.7 * (Math.floor(at / x) % y)),
  );
  const target = new Float32Array(outputs * voxels);
  wave.forEach((value, at) => {
    target[(value > 0.2 ? 3 : 0) * voxels + at] = 1;
  });
  const input = wave.map((value, at) => value + 0.3 * noise[at]!);
  return { input, target, weight: new Float32Array(voxels).fill(1) };
}

describe("learns: a dozen steps on one patch", () => {
  test.each(names)("%s", { timeout: 120_000 }, async (name) => {
    const patch = smallPatch(pinned[name]!.multiple);
    const trainer = await openOnnxTrainer(
      {
        network: { architecture: name, outputs },
        optimiser: { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 },
        samples: 1,
        patch,
        seed: 1,
        threads: 2,
      },
      crossEntropy,
      "cpu",
    );
    const batch = batchOf(patch);
    const losses: number[] = [];
    for (let step = 0; step < 12; step++) losses.push((await trainer.step(batch, step, 2e-3, 0.9)).loss);
    await trainer.close();
    console.info(
      `${name.padEnd(20)} ${patch.join("×").padEnd(12)} loss ${losses[0]!.toFixed(3)} → ${losses.at(-1)!.toFixed(3)}`,
    );
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  });
});
