/** Losses with a weight for every channel of a voxel: of unknown voxels not a bit reaches loss or gradient. */
import { describe, expect, test } from "vitest";
import type { Shape3 } from "../../../src/domain/volume.js";
import { type Array5, machineBlock } from "../../../src/engines/onnx/session.js";
import { loadTensorFlow } from "../../../src/engines/tfjs/backend.js";
import { lossGradient } from "../../../src/engines/tfjs/lossGradient.js";
import { fromChannelMajor } from "../../../src/engines/tfjs/maps.js";
import { buildTrainable } from "../../../src/engines/trainable.js";
import { type Architecture, buildNetwork } from "../../../src/nets/architecture.js";
import { namedWeights } from "../../../src/nets/weights.js";
import { buildLoss, lossSchema } from "../../../src/train/experiment/losses.js";
import { lossFunction, type Point, relativeGradientError } from "../../support/engines/centralDifferences.js";
import { expectClose, lead, leadOf } from "../../support/engines/leadConvolution.js";
import { fixture, formulaWeights, numbers } from "../../support/formula.js";

interface LossCase {
  readonly name: string;
  readonly specs: readonly unknown[];
  readonly loss: number;
  readonly weightGradient: readonly number[];
  readonly biasGradient: readonly number[];
}

const { shape, channels, cases } = fixture<{
  shape: readonly [number, number, number, number];
  channels: number;
  cases: readonly LossCase[];
}>("maskedLosses");
const [samples, ...patch] = shape;

function pointOf(
  specs: readonly unknown[],
  architecture: Architecture,
  changes: Readonly<Record<string, Array5>> = {},
  size: Shape3 = patch,
): Point {
  const parsed = specs.map((spec) => lossSchema.parse(spec));
  const network = buildNetwork(architecture, { outputs: channels });
  const built = buildTrainable(
    network,
    (g, inputs) => buildLoss(g, parsed, { ...inputs, activation: "sigmoid" }),
    true,
  );
  const [input] = [...built.batchInputs];
  const pair = network.logits.inputs[0]!;
  const isWide = pair.operation.kind === "input" && pair.operation.name === "pair";
  const trainable = { ...built, batchInputs: [isWide ? pair : input!, ...built.batchInputs.slice(1)] };
  const dims = [samples, channels, ...size];
  const voxels = size[0] * size[1] * size[2];
  const known = numbers("known", dims).data.map((u, at) => {
    const channel = Math.floor(at / voxels) % channels;
    return channel !== 1 && u > 0.2 ? 1 : 0;
  });
  return {
    trainable,
    weights: formulaWeights(trainable.layout),
    batch: {
      [isWide ? "pair" : "image"]: numbers("image", [samples, isWide ? pair.channels : 1, ...size], 2),
      target: { dims, data: numbers("masks", dims).data.map((u) => (u > 0.3 ? 1 : 0)) },
      weight: { dims, data: known },
      ...changes,
    },
    samples,
    patch: size,
  };
}

async function lossAt(point: Point): Promise<{ loss: number; gradient: Float32Array }> {
  const f = await lossFunction(point, await machineBlock());
  const value = await f.at(point.weights);
  await f.release();
  return { loss: value.loss, gradient: value.gradient.slice() };
}

describe.each(cases.map((item) => [item.name, item] as const))("%s", (_, item) => {
  test("has PyTorch's value and gradient of the known voxels alone", async () => {
    const point = pointOf(item.specs, leadOf(2));
    const { loss, gradient } = await lossAt(point);
    expect(loss).toBeCloseTo(item.loss, 4);
    const named = namedWeights(point.trainable.layout, gradient);
    expectClose(named.get("lead.weight")!, item.weightGradient, 2e-5);
    expectClose(named.get("lead.bias")!, item.biasGradient, 2e-5);
  });

  test("has a gradient equal to central differences, exactly 0 for a channel of which nothing is known", async () => {
    const point = pointOf(item.specs, leadOf(2));
    const f = await lossFunction(point, await machineBlock());
    expect(await relativeGradientError(f, point, 4e-3)).toBeLessThan(1e-2);
    const { gradient } = await f.at(point.weights);
    await f.release();
    const named = namedWeights(point.trainable.layout, gradient);
    const [weights, bias] = [named.get("lead.weight")!, named.get("lead.bias")!];
    expect([...weights.subarray(2, 4), bias[1]!].map(Math.abs)).toEqual([0, 0, 0]);
    expect(Math.min(...[0, 2, 3].map((channel) => Math.abs(bias[channel]!)))).toBeGreaterThan(0);
  });

  test("does not change by a bit with logits and targets of unknown voxels, and does with those of known ones", async () => {
    const plain = pointOf(item.specs, leadOf(channels));
    const identity = plain.weights.map(() => 0);
    const named = namedWeights(plain.trainable.layout, identity);
    for (let channel = 0; channel < channels; channel++)
      named.get("lead.weight")![channel * channels + channel] = 1;
    const at = async (logitStep: number, flips: boolean, ofKnown: boolean) => {
      const { pair, target, weight } = plain.batch;
      const isMeant = (voxel: number) => (weight!.data[voxel] === 1) === ofKnown;
      const moved = (pair!.data as Float32Array).map((x, voxel) => (isMeant(voxel) ? x + logitStep : x));
      const flipped = (target!.data as Float32Array).map((t, voxel) => (flips && isMeant(voxel) ? 1 - t : t));
      return lossAt({
        ...plain,
        weights: identity,
        batch: { ...plain.batch, pair: { ...pair!, data: moved }, target: { ...target!, data: flipped } },
      });
    };
    const here = await at(0, false, false);
    for (const step of [0.5, -0.5, 40]) {
      const { loss, gradient } = await at(step, true, false);
      expect(loss - here.loss).toBe(0);
      expect(biasOf(plain, gradient)).toEqual(biasOf(plain, here.gradient));
    }
    expect((await at(0.5, false, true)).loss).not.toBe(here.loss);
    expect((await at(0, true, true)).loss).not.toBe(here.loss);
  });

  test("is TensorFlow.js's too", async () => {
    const point = pointOf(item.specs, lead);
    const { loss, gradient } = await lossAt(point);
    const { tf } = await loadTensorFlow();
    const maps = new Map(
      Object.entries(point.batch).map(([name, { data, dims }]) => [
        name,
        fromChannelMajor(tf, data, dims as [number, number, number, number, number]),
      ]),
    );
    const found = lossGradient(tf, point.trainable, tf.tensor1d(point.weights), maps, () => {
      throw new TypeError("no dropout here");
    });
    expect((await found.loss.data())[0]).toBeCloseTo(loss, 4);
    expectClose(Float32Array.from(await found.gradient.data()), [...gradient], 2e-5);
  });
});

test("of coarser auxiliary logits only known voxels count, by their share", async () => {
  const specs = [{ kind: "binaryCrossEntropy" }];
  const size: Shape3 = [4, 4, 6];
  const supervised: Architecture = {
    ...lead,
    build: (g, x, outputs) => ({
      logits: g.convolution(x, "lead", outputs, { kernel: [1, 1, 1] }),
      auxiliary: [
        { logits: g.convolution(g.averagePool(x), "coarse", outputs, { kernel: [1, 1, 1] }), weight: 0.5 },
      ],
    }),
  };
  const plain = pointOf(specs, supervised, {}, size);
  const { target, weight } = plain.batch;
  const flippedWhere = (isKnown: boolean) => {
    const data = target!.data.map((t, at) => ((weight!.data[at] === 1) === isKnown ? 1 - t : t));
    return lossAt({ ...plain, batch: { ...plain.batch, target: { ...target!, data } } });
  };
  const here = await lossAt(plain);
  const unknown = await flippedWhere(false);
  expect(unknown.loss).toBe(here.loss);
  expect([...unknown.gradient]).toEqual([...here.gradient]);
  const coarse = ({ gradient }: typeof here) => [
    ...namedWeights(plain.trainable.layout, gradient).get("coarse.bias")!,
  ];
  const known = coarse(await flippedWhere(true));
  coarse(here).forEach((value, channel) => {
    if (channel === 1) expect([Math.abs(value), Math.abs(known[channel]!)]).toEqual([0, 0]);
    else expect(known[channel]).not.toBe(value);
  });
});

const biasOf = ({ trainable }: Point, gradient: Float32Array): number[] => [
  ...namedWeights(trainable.layout, gradient).get("lead.bias")!,
];
