/** Losses and weights around a single operation, for gradient tests. */
import { randomFor } from "../../../src/domain/random.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import type { Array5 } from "../../../src/engines/onnx/session.js";
import type { Network } from "../../../src/nets/architecture.js";
import { GraphBuilder } from "../../../src/nets/graph.js";
import { inOrder, type Parameter, type Value } from "../../../src/nets/value.js";
import { layOut, namedWeights, type ParameterLayout } from "../../../src/nets/weights.js";
import type { Point } from "./centralDifferences.js";
import type { OperationCase } from "./operationCase.js";

const patch: Shape3 = [4, 6, 8];
const imageChannels = 3;

/** Makes a loss of the case's output, weighted by fixed random numbers so that no symmetry hides an error. */
export function pointOf(item: OperationCase, samples: number): Point {
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
  return {
    trainable: { network, objectives, parts: [], batchInputs, layout },
    weights,
    batch,
    samples,
    patch,
  };
}

function seen(g: GraphBuilder, output: Value): Value {
  if (!output.stride) {
    const scales = Array.from({ length: output.channels }, (_, at) => Math.cos(1 + 2 * at) + 0.1);
    return g.sum(g.sumChannels(g.channelScale(output, scales)));
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

/**
 * Makes an image whose first channel outweighs the others, so that a lead's sign is that channel's times its weight's.
 */
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
