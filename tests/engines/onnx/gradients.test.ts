import { afterAll, describe, expect, test } from "vitest";
import { rules } from "../../../src/engines/onnx/operations.js";
import { type Array5, machineBlock } from "../../../src/engines/onnx/session.js";
import type { Network } from "../../../src/nets/architecture.js";
import { GraphBuilder } from "../../../src/nets/graph.js";
import { inOrder, type Parameter, type Value } from "../../../src/nets/value.js";
import { layOut, namedWeights, type ParameterLayout } from "../../../src/nets/weights.js";
import { randomFor } from "../../../src/random.js";
import type { Shape3 } from "../../../src/volume.js";
import { lossFunction, type Point, relativeDifference, relativeGradientError } from "./centralDifferences.js";
import type { OperationCase } from "./operationCase.js";
import { operationCases } from "./operationCases.js";

const patch: Shape3 = [4, 6, 8];
const imageChannels = 3;
const step = 1e-2;
const largestError = 1e-2;
const table: string[] = [];

afterAll(() => console.info(["relative error of the gradient, samples 1 and 2", ...table].join("\n")));

test("every operation of the engine has a case, and every case uses its operation", () => {
  expect(new Set(operationCases.map(({ operation }) => operation))).toEqual(new Set(Object.keys(rules)));
  for (const item of operationCases) {
    const kinds = inOrder(pointOf(item, 1).trainable.objectives[0]!.loss).map(
      ({ operation }) => operation.kind,
    );
    expect(kinds, item.name).toContain(item.operation);
  }
});

describe("gradients equal central differences, with blocked convolutions and without", () => {
  test.each(operationCases.map((item) => [item.operation, item.name, item] as const))(
    "%s: %s",
    async (operation, name, item) => {
      const errors = [await gradientError(pointOf(item, 1)), await gradientError(pointOf(item, 2))];
      table.push(
        `${operation.padEnd(22)} ${name.padEnd(38)} ${errors.map((e) => e.toExponential(1)).join("  ")}`,
      );
      for (const error of errors) expect(error).toBeLessThan(largestError);
    },
  );
});

async function gradientError(point: Point): Promise<number> {
  const blocked = await lossFunction(point, await machineBlock());
  const unblocked = await lossFunction(point, null);
  const [a, b] = [await blocked.at(point.weights), await unblocked.at(point.weights)];
  expect(relativeDifference(a.gradient, b.gradient)).toBeLessThan(1e-4);
  const error = await relativeGradientError(blocked, point, step);
  await blocked.release();
  await unblocked.release();
  return error;
}

/** The case's output, seen through fixed random weights so that no symmetry hides an error: one number. */
function pointOf(item: OperationCase, samples: number): Point {
  const g = new GraphBuilder();
  const image = g.input("image", imageChannels);
  let leads = 0;
  const lead = (channels: number) => g.convolution(image, `lead${leads++}`, channels, { kernel: [1, 1, 1] });
  const output = item.build(g, lead);
  const loss = seen(g, output);
  const layout = layOut(g.parameters);
  const network: Network = {
    architecture: item.name,
    outputs: output.channels,
    graph: g,
    input: image,
    logits: output,
    auxiliary: [],
    critic: null,
    parameters: g.parameters,
    parameterCount: layout.total,
    multiple: [2, 2, 2],
  };
  const batchInputs = inOrder(loss).filter(({ operation }) => operation.kind === "input");
  const objectives = [{ loss, parameters: g.parameters }];
  const batch: Record<string, Array5> = { image: imageOf(samples, item.positive === true) };
  if (output.stride)
    batch.probe = mapOf(samples, output.channels, "probe", (random) => random.between(-1, 1));
  const weights = weightsOf(layout, item.positive === true);
  return { trainable: { network, objectives, batchInputs, layout }, weights, batch, samples, patch };
}

function seen(g: GraphBuilder, output: Value): Value {
  if (!output.stride) {
    const scales = Array.from({ length: output.channels }, (_, at) => Math.cos(1 + 2 * at) + 0.1);
    return g.sumChannels(g.channelScale(output, scales));
  }
  const probe = g.input("probe", output.channels);
  const fine = output.stride.every((size) => size === 1);
  return g.sum(g.sumChannels(g.multiply(output, fine ? probe : g.averagePool(probe, output.stride))));
}

type Random = ReturnType<typeof randomFor>;

const awayFromZero = (random: Random, low: number, high: number, positive: boolean): number =>
  random.between(low, high) * (positive || random.uniform() < 0.5 ? 1 : -1);

function mapOf(
  samples: number,
  channels: number,
  name: string,
  draw: (r: Random, c: number) => number,
): Array5 {
  const voxels = patch[0] * patch[1] * patch[2];
  const random = randomFor(3, name);
  const data = Float32Array.from({ length: samples * channels * voxels }, (_, i) =>
    draw(random, Math.floor(i / voxels) % channels),
  );
  return { data, dims: [samples, channels, ...patch] };
}

/** Its first channel outweighs the others, so that a lead's sign is that channel's times its weight's. */
const imageOf = (samples: number, positive: boolean): Array5 =>
  mapOf(samples, imageChannels, "image", (random, channel) =>
    channel === 0 ? awayFromZero(random, 0.7, 1.3, positive) : random.between(-0.2, 0.2),
  );

function weightsOf(layout: ParameterLayout, positive: boolean): Float32Array {
  const flat = new Float32Array(layout.total);
  for (const [name, values] of namedWeights(layout, flat)) {
    const random = randomFor(5, name);
    const parameter = layout.order.find((known) => known.name === name)!;
    values.forEach((_, i) => {
      values[i] = drawWeight(parameter, i, random, positive);
    });
  }
  return flat;
}

function drawWeight({ name, initial }: Parameter, at: number, random: Random, positive: boolean): number {
  if (/^lead\d+\.bias$/.test(name)) return random.between(-0.1, 0.1);
  if (/^lead\d+\.weight$/.test(name))
    return at % imageChannels === 0 ? awayFromZero(random, 0.8, 1.2, positive) : random.between(-0.2, 0.2);
  return "constant" in initial
    ? initial.constant + random.between(-0.2, 0.2)
    : random.between(-initial.uniform, initial.uniform);
}
