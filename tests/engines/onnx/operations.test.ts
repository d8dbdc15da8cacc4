import { describe, expect, test } from "vitest";
import type { Shape3 } from "../../../src/domain/volume.js";
import { dropoutMask } from "../../../src/engines/dropoutMask.js";
import type { Emitter, Tensor } from "../../../src/engines/onnx/graph/emitter.js";
import type { Array5 } from "../../../src/engines/onnx/session.js";
import { GraphBuilder } from "../../../src/nets/graph.js";
import { elementCount, type Parameter, type Value } from "../../../src/nets/value.js";
import { layOut, namedWeights } from "../../../src/nets/weights.js";
import { expectSeen, type Give, runOperation, type Seen } from "../../support/engines/singleOperation.js";
import { fixture, formulaWeights, numbers } from "../../support/formula.js";

/** Made with PyTorch by tests/fixtures/nets/operations.py. */
const { size, samples, channels, momentum, cases } = fixture<{
  readonly size: Shape3;
  readonly samples: number;
  readonly channels: number;
  readonly momentum: number;
  readonly cases: Readonly<Record<string, { levels: number | null; results: Record<string, Seen> }>>;
}>("operations");

const builds: Readonly<Record<string, (g: GraphBuilder, x: Value) => Value>> = {
  instanceNorm: (g, x) => g.instanceNorm(x, "op", { affine: true }),
  "groupNorm, three groups": (g, x) => g.groupNorm(x, "op", 3),
  "groupNorm, one group": (g, x) => g.groupNorm(x, "op", 1),
  layerNorm: (g, x) => g.layerNorm(x, "op"),
  "batchNorm, training": (g, x) => g.batchNorm(x, "op", { momentum }),
  "batchNorm, predicting": (g, x) => g.batchNorm(x, "op", { momentum }),
  "prelu, one slope": (g, x) => g.prelu(x, "op"),
  "prelu, a slope each": (g, x) => g.prelu(x, "op", { perChannel: true }),
  leakyRelu: (g, x) => g.leakyRelu(x),
  "leakyRelu, slope 0.3": (g, x) => g.leakyRelu(x, 0.3),
  gelu: (g, x) => g.gelu(x),
  abs: (g, x) => g.abs(x),
  "abs, with zeros": (g, x) => g.abs(x),
  "relu, with zeros": (g, x) => g.relu(x),
  softmax: (g, x) => g.softmax(x),
  logSoftmax: (g, x) => g.logSoftmax(x),
  "maxPool 2": (g, x) => g.maxPool(x),
  "maxPool 2, ties": (g, x) => g.maxPool(x),
  "maxPool 1,2,2": (g, x) => g.maxPool(x, [1, 2, 2]),
  "maxPool 3, stride 1": (g, x) => g.maxPool(x, [3, 3, 3], [1, 1, 1]),
  "maxPool 3, stride 1, ties": (g, x) => g.maxPool(x, [3, 3, 3], [1, 1, 1]),
  "maxPool 3, stride 2": (g, x) => g.maxPool(x, [3, 3, 3], [2, 2, 2]),
  "maxPool 3, stride 2, ties": (g, x) => g.maxPool(x, [3, 3, 3], [2, 2, 2]),
  "maxPool 2,3,4, stride 1,3,2": (g, x) => g.maxPool(x, [2, 3, 4], [1, 3, 2]),
  "averagePool 2": (g, x) => g.averagePool(x),
  "averagePool 4,1,1": (g, x) => g.averagePool(x, [4, 1, 1]),
  "averagePool 1,3,2": (g, x) => g.averagePool(x, [1, 3, 2]),
  globalAverage: (g, x) => g.globalAverage(x),
  "upsampleNearest 2": (g, x) => g.upsampleNearest(x),
  "upsampleNearest 3,1,1": (g, x) => g.upsampleNearest(x, [3, 1, 1]),
  "upsampleNearest 1,3,2": (g, x) => g.upsampleNearest(x, [1, 3, 2]),
  "upsampleLinear 2": (g, x) => g.upsampleLinear(x),
  "upsampleLinear 4,1,1": (g, x) => g.upsampleLinear(x, [4, 1, 1]),
  "upsampleLinear 1,3,2": (g, x) => g.upsampleLinear(x, [1, 3, 2]),
  "neighbourSlices 3": (g, x) => g.neighbourSlices(x, 3),
  "neighbourSlices 11": (g, x) => g.neighbourSlices(x, 11),
};

describe("operations have PyTorch's output and gradients", () => {
  test.each(Object.entries(cases))("%s", async (name, { levels, results }) => {
    const found = await run(builds[name]!, image(levels), "x" in results);
    expectSeen(found, results);
  });
});

describe("dropout", () => {
  const dropped = (g: GraphBuilder, x: Value) => g.dropout(x, "op", 0.25);

  test("multiplies map and gradient by its mask while training", async () => {
    const found = await run(dropped, image(null), true);
    const mask = dropoutMask({ name: "op", rate: 0.25, dims: zMajorDims }, 1, 0);
    const input = zMajor(image(null).data);
    const gradient = zMajor(numbers("gradient", found.output!.dims).data);
    expect(zMajor(found.output!.data)).toEqual(input.map((value, i) => value * mask[i]!));
    expect(zMajor(found.x!.data)).toEqual(gradient.map((value, i) => value * mask[i]!));
  });

  test("does nothing when predicting", async () => {
    const { output } = await run(dropped, image(null), false);
    expect(output!.data).toEqual(image(null).data);
  });
});

const dims = [samples, channels, ...size];
const zMajorDims = [samples, size[0], channels, size[1], size[2]];

/** (sample, z, c, y, x) of numbers in (sample, c, z, y, x). */
function zMajor(data: Float32Array): Float32Array {
  const slice = size[1] * size[2];
  return data.map((_, i) => {
    const row = Math.floor(i / slice);
    const [c, z] = [row % channels, Math.floor(row / channels) % size[0]];
    const sample = Math.floor(row / channels / size[0]);
    return data[((sample * channels + c) * size[0] + z) * slice + (i % slice)]!;
  });
}

/** The fixture's input; rounded down to so many levels in [0, 2) where ties are wanted. */
function image(levels: number | null): Array5 {
  const { data } = numbers("x", dims, 2);
  const rounded = (value: number, count: number) => (Math.floor((value * count) / 2) * 2) / count;
  return { data: levels === null ? data : data.map((value) => rounded(value, levels)), dims };
}

/** Output and, when training, the gradients with respect to `x` and the parameters. */
function run(
  build: (g: GraphBuilder, x: Value) => Value,
  x: Array5,
  training: boolean,
): Promise<Record<string, Array5>> {
  const g = new GraphBuilder();
  const value = build(g, g.input("x", channels));
  const masks = (give: Give) => (name: string, rate: number, of: readonly number[]) =>
    give(`mask.${name}`, { data: dropoutMask({ name, rate, dims: of }, 1, 0), dims: of });
  return runOperation(value, {
    x,
    block: null,
    parameter: (e) => {
      const weights = constants(e, g.parameters);
      return (parameter) => weights.get(parameter)!;
    },
    training: (give) => (training ? { mask: masks(give), track: () => {} } : null),
    gradients: training,
  });
}

/** The formula's weights for parameters. */
function constants(e: Emitter, parameters: readonly Parameter[]): Map<Parameter, Tensor> {
  const layout = layOut(parameters);
  const named = namedWeights(layout, formulaWeights(layout));
  return new Map(
    parameters.map((parameter) => {
      const values = named.get(parameter.name)!.slice(0, elementCount(parameter));
      return [parameter, e.floats(values, parameter.shape)];
    }),
  );
}
