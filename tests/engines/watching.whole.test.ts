import { describe, expect, test } from "vitest";
import type { Shape3 } from "../../src/domain/volume.js";
import type { TrainerSpec } from "../../src/engines/engine.js";
import { onnxEngine } from "../../src/engines/onnx/engine.js";
import { tensorFlowEngine } from "../../src/engines/tfjs/engine.js";
import { type LossBuilder, stateNames } from "../../src/engines/trainable.js";
import { loadNetwork } from "../../src/nets/library/catalogue.js";
import { namedWeights } from "../../src/nets/weights.js";
import { buildHeadLoss, lossSchema } from "../../src/train/experiment/losses.js";
import {
  adversarialSpec,
  averageDecay,
  exampleBatch,
  exampleSpec,
  rate,
} from "../support/engines/examples.js";

const engines = { "onnx-cpu": onnxEngine("cpu"), tfjs: tensorFlowEngine };
const specs = ["crossEntropy", "tversky", "tversky"].map((kind) => lossSchema.parse({ kind, weight: 0.5 }));
const inParts: LossBuilder = (graph, inputs) =>
  buildHeadLoss(graph, specs, null, { ...inputs, activation: "softmax" });
const asOne: LossBuilder = (graph, inputs) => {
  const { total } = buildHeadLoss(graph, specs, null, { ...inputs, activation: "softmax" });
  return total;
};
const names = ["crossEntropy", "tversky", "tversky2"];
const patch: Shape3 = [4, 8, 8];

describe.each(Object.entries(engines))("%s", (_name, engine) => {
  const cases: [string, () => Promise<TrainerSpec>, readonly string[]][] = [
    ["baseline-residual", async () => exampleSpec("baseline-residual", patch, 2), names],
    [
      "an adversarial network with coarser logits",
      adversarialSpec,
      [...names, "auxiliary", "adversarial", "critic"],
    ],
  ];
  test.each(cases)("tells the terms of the loss, which add up to it: %s", async (_case, specOf, parts) => {
    const spec = await specOf();
    const trainer = await engine.openTrainer(spec, inParts);
    const result = await trainer.step(exampleBatch(spec, 0), 0, rate, averageDecay);
    expect(Object.keys(result.parts)).toEqual(parts);
    const terms = Object.entries(result.parts).filter(([name]) => name !== "critic");
    const sum = terms.reduce((all, [, value]) => all + value, 0);
    expect(sum).toBeCloseTo(result.loss, 4);
    await trainer.close();
  });

  test("trains to the same bits whether or not terms are told and crops are looked at", async () => {
    const spec = await adversarialSpec();
    const [watched, plain] = [await engine.openTrainer(spec, inParts), await engine.openTrainer(spec, asOne)];
    const example = exampleBatch({ ...spec, samples: 1 }, 9);
    for (let step = 0; step < 3; step++) {
      const batch = () => exampleBatch(spec, step);
      const [a, b] = [
        await watched.step(batch(), step, rate, averageDecay),
        await plain.step(batch(), step, rate, averageDecay),
      ];
      expect([a.loss, a.norm]).toEqual([b.loss, b.norm]);
      expect(Object.keys(b.parts)).toEqual(["auxiliary", "adversarial", "critic"]);
      await watched.watch(example, "softmax", 0);
    }
    const [a, b] = [await watched.state(), await plain.state()];
    for (const name of stateNames)
      expect(Buffer.compare(Buffer.from(a[name].buffer), Buffer.from(b[name].buffer))).toBe(0);
    await Promise.all([watched.close(), plain.close()]);
  });

  test("looks by the average weights, as a loaded network predicts", async () => {
    const spec = exampleSpec("vnet", [8, 8, 8], 2);
    const trainer = await engine.openTrainer(spec, inParts);
    for (let step = 0; step < 2; step++) await trainer.step(exampleBatch(spec, step), step, 0.01, 0.5);
    const example = exampleBatch({ ...spec, samples: 1 }, 9);
    const seen = await trainer.watch(example, "softmax", 0);
    const network = await loadNetwork(spec.network);
    const weights = namedWeights(trainer.layout, (await trainer.state()).average);
    const loaded = await engine.load({
      ...{ network, weights, activation: "softmax", offsets: 0, patch: spec.patch, threads: 1 },
    });
    const output = await loaded.run(example.input);
    expect(seen.output).toHaveLength(output.length);
    const off = seen.output.reduce((most, value, at) => Math.max(most, Math.abs(value - output[at]!)), 0);
    expect(off).toBeLessThan(1e-4);
    // The cross entropy of the loaded network's own probabilities, in the order z, channel, y, x.
    const voxels = 8 ** 3;
    let [sum, count] = [0, 0];
    for (let at = 0; at < voxels; at++)
      for (let channel = 0; channel < 3; channel++) {
        const weight = example.target[channel * voxels + at]! * example.weight[at]!;
        const [z, rest] = [Math.floor(at / 64), at % 64];
        sum -= weight === 0 ? 0 : weight * Math.log(output[(z * 3 + channel) * 64 + rest]!);
        count += weight;
      }
    expect(seen.parts.crossEntropy).toBeCloseTo((0.5 * sum) / count, 3);
    await Promise.all([trainer.close(), loaded.close()]);
  });
});
