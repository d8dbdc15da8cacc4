import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/data/patches/spec.js";
import type { Shape3 } from "../../src/domain/volume.js";
import { openOnnxTrainer } from "../../src/engines/onnx/trainer.js";
import type { LossBuilder } from "../../src/engines/trainable.js";
import { buildNetwork, type Network } from "../../src/nets/architecture.js";
import { architectureNamed, architectures, type NetworkSpec } from "../../src/nets/library/catalogue.js";
import { spatial } from "../../src/nets/value.js";
import { buildLoss, lossSchema } from "../../src/train/experiment/losses.js";
import { formula } from "../support/formula.js";

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

/** One voxel at the coarsest level and no fewer than 2×16×16. */
const smallPatch = ([z, y, x]: Shape3): Shape3 => [Math.max(2, z), Math.max(16, y), Math.max(16, x)];

/** A noisy image of bright and dark patches; the bright ones are one class and the rest another. */
function batchOf(patch: Shape3, stride: number): Batch {
  const bright = (y: number, x: number) => Math.sin(0.9 * x) * Math.cos(0.7 * y);
  const map = ([z, y, x]: Shape3, step: number) =>
    Float32Array.from({ length: z * y * x }, (_, at) =>
      bright(step * (Math.floor(at / x) % y), step * (at % x)),
    );
  const image = map(patch, 1);
  const noise = formula("noise", image.length);
  const coarse = map([patch[0] / stride, patch[1] / stride, patch[2] / stride], stride);
  const target = new Float32Array(outputs * coarse.length);
  coarse.forEach((value, at) => {
    target[(value > 0.2 ? 3 : 0) * coarse.length + at] = 1;
  });
  const input = image.map((value, at) => value + 0.3 * noise[at]!);
  return { input, target, weight: new Float32Array(coarse.length).fill(1) };
}

async function losses(network: NetworkSpec & { readonly stride: 1 | 2 }): Promise<number[]> {
  const patch = smallPatch(buildNetwork(architectureNamed(network.architecture), network).multiple);
  const optimiser = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 };
  const spec = { network, optimiser, samples: 1, patch, seed: 1, threads: 2 };
  const trainer = await openOnnxTrainer(spec, crossEntropy, "cpu");
  const batch = batchOf(patch, network.stride);
  const found: number[] = [];
  for (let step = 0; step < 6; step++) found.push((await trainer.step(batch, step, 1e-3, 0.9)).loss);
  await trainer.close();
  return found;
}

/** The adversarial ones have a rate and losses of their own: tests/nets/ais.test.ts trains them. */
const alone = architectures.filter(({ critic }) => !critic).map(({ name }) => name);

describe("six steps on one small patch lower the loss", () => {
  test.each(alone)("%s", async (name) => {
    const found = await losses({ architecture: name, outputs, stride: 1 });
    expect(Math.min(...found)).toBeLessThan(0.9 * found[0]!);
  });

  test.each(["plain", "dynunet", "voxresnet"])("%s at stride 2, five slices", async (name) => {
    const found = await losses({ architecture: name, outputs, stride: 2, slices: 5 });
    expect(Math.min(...found)).toBeLessThan(0.9 * found[0]!);
  });
});
