import { describe, expect, test } from "vitest";
import { randomFor } from "../../../../src/domain/random.js";
import { type Shape3, voxelCount } from "../../../../src/domain/volume.js";
import type { GraphParts } from "../../../../src/engines/onnx/graph/model.js";
import { inferenceGraph } from "../../../../src/engines/onnx/inferenceGraph.js";
import { calibrate } from "../../../../src/engines/onnx/int8/calibration.js";
import { byteGraph } from "../../../../src/engines/onnx/int8/lower.js";
import { checkBytes, unsupported } from "../../../../src/engines/onnx/int8/support.js";
import { openSession } from "../../../../src/engines/onnx/session.js";
import type { Network } from "../../../../src/nets/architecture.js";
import { GraphBuilder } from "../../../../src/nets/graph.js";
import { architectures, loadNetwork } from "../../../../src/nets/library/catalogue.js";
import { elementCount, type Value } from "../../../../src/nets/value.js";

const smallest: Shape3 = [16, 16, 24];

const noise = (seed: number, count: number): Float32Array => {
  const random = randomFor(seed, "noise");
  return Float32Array.from({ length: count }, () => random.normal());
};

/** Of at least the smallest sizes. */
function tileOf({ multiple }: Network): { patch: Shape3; tile: Float32Array } {
  const sizeOf = (axis: 0 | 1 | 2) => Math.ceil(smallest[axis] / multiple[axis]) * multiple[axis];
  const patch: Shape3 = [sizeOf(0), sizeOf(1), sizeOf(2)];
  return { patch, tile: noise(1, voxelCount(patch)) };
}

/** As `initial` says, but nothing is constant: an error in what scales or shifts a channel would be hidden. */
const drawn = ({ parameters }: Network): Map<string, Float32Array> =>
  new Map(
    parameters.map((parameter, at) => {
      const { initial } = parameter;
      const values = noise(at + 10, elementCount(parameter));
      return [
        parameter.name,
        values.map((value) =>
          "uniform" in initial ? 0.6 * initial.uniform * value : initial.constant + 0.1 * value,
        ),
      ];
    }),
  );

async function run(graph: GraphParts, patch: Shape3, tile: Float32Array): Promise<Float32Array> {
  const session = await openSession(graph, { threads: 2 });
  const { output } = await session.run({ image: { data: tile, dims: [1, 1, ...patch] } });
  await session.release();
  return output!.data;
}

const rms = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

/** Root mean square of the difference from floats as a share of the floats' own. */
async function error(network: Network): Promise<number> {
  const weights = drawn(network);
  const { patch, tile } = tileOf(network);
  const calibration = await calibrate({ network, weights, patch, tiles: [tile], threads: 2 });
  const real = await run(inferenceGraph(network, weights, "none", 1, patch), patch, tile);
  const bytes = await run(byteGraph(network, weights, "none", patch, 0, calibration), patch, tile);
  expect(bytes.length).toBe(real.length);
  return rms(bytes.map((value, at) => value - real[at]!)) / rms(real);
}

function networkOf(build: (g: GraphBuilder, x: Value) => Value): Network {
  const graph = new GraphBuilder();
  const input = graph.input("image", 1);
  const logits = build(graph, input);
  return {
    graph,
    input,
    logits,
    parameters: graph.parameters,
    multiple: [1, 1, 1],
    architecture: "own",
  } as unknown as Network;
}

const graphs: Readonly<Record<string, (g: GraphBuilder, x: Value) => Value>> = {
  "a convolution of one channel": (g, x) => g.convolution(x, "a", 16),
  "strides and dilation": (g, x) =>
    g.convolution(g.convolution(x, "a", 16, { stride: [2, 2, 2] }), "b", 16, { dilation: [2, 1, 2] }),
  "a stride as long as the kernel": (g, x) =>
    g.convolution(g.convolution(x, "a", 16), "b", 16, { kernel: [2, 2, 2], stride: [2, 2, 2] }),
  "channels that fill no block": (g, x) => g.convolution(g.relu(g.convolution(x, "a", 20)), "b", 7),
  "a norm with scale and shift, and ReLU": (g, x) =>
    g.relu(g.instanceNorm(g.convolution(x, "a", 16), "n", { affine: true })),
  "a norm and a leaky ReLU": (g, x) => g.leakyRelu(g.instanceNorm(g.convolution(x, "a", 16), "n"), 0.2),
  "a norm that two read": (g, x) => {
    const norm = g.instanceNorm(g.convolution(x, "a", 16), "n");
    return g.add(g.relu(norm), norm);
  },
  "ReLU after an addition": (g, x) =>
    g.relu(g.add(g.convolution(x, "a", 16), g.convolution(x, "b", 16, { kernel: [1, 1, 1] }))),
  "upsampled and concatenated": (g, x) => {
    const fine = g.relu(g.convolution(x, "a", 16));
    return g.convolution(g.concat(g.upsampleNearest(g.averagePool(fine)), fine), "b", 16);
  },
  "transposed, many channels": (g, x) =>
    g.transposedConvolution(g.convolution(x, "a", 16, { stride: [2, 2, 2] }), "b", 32, { stride: [2, 2, 2] }),
  "transposed, few channels": (g, x) => {
    const top = g.transposedConvolution(g.convolution(x, "a", 16, { stride: [2, 2, 2] }), "b", 5, {
      stride: [2, 2, 2],
    });
    return g.add(g.convolution(g.prelu(g.instanceNorm(top, "n"), "p"), "c", 5), top);
  },
};

describe("8 bits against floats", () => {
  for (const [name, build] of Object.entries(graphs))
    test(name, async () => {
      expect(await error(networkOf(build))).toBeLessThan(0.04);
    });
  for (const architecture of ["baseline", "plain", "baseline-residual", "dynunet", "resnet"])
    test(architecture, async () => {
      expect(await error(await loadNetwork({ architecture, outputs: 7 }))).toBeLessThan(0.1);
    });
});

test("which networks are computed in 8 bits", async () => {
  const taken: string[] = [];
  for (const { name } of architectures)
    if (unsupported(await loadNetwork({ architecture: name, outputs: 7 })) === null) taken.push(name);
  expect(taken).toMatchInlineSnapshot(`
    [
      "baseline",
      "plain",
      "baseline-residual",
      "dynunet",
      "resnet",
    ]
  `);
});

test("another network is refused by what it has", async () => {
  const network = networkOf((g, x) => g.convolution(g.maxPool(g.convolution(x, "a", 16)), "b", 2));
  await expect(checkBytes(network)).rejects.toThrow(
    "precision int8: network own has maxPool, which is not computed in 8 bits; predict with it at precision float32",
  );
});

test("a norm over too few voxels to be measured is refused", async () => {
  const network = await loadNetwork({ architecture: "resnet34-unet", outputs: 7 });
  expect(unsupported(network)).toBe("an instance norm of voxels 16 times as wide as the tomogram's");
});

test("maps that lie otherwise than bytes are refused", () => {
  const spread = (g: GraphBuilder, x: Value) =>
    g.transposedConvolution(g.convolution(x, "a", 16, { stride: [2, 2, 2] }), "b", 5, { stride: [2, 2, 2] });
  const beside = networkOf((g, x) => g.add(spread(g, x), g.convolution(x, "c", 5)));
  expect(unsupported(beside)).toBe("an addition of maps that are laid out differently");
  expect(unsupported(networkOf((g, x) => g.averagePool(spread(g, x))))).toBe("averagePool of 5 channels");
  expect(unsupported(networkOf((g, x) => g.concat(x, g.convolution(x, "c", 16))))).toBe(
    "a concatenation of 1 and 16 channels",
  );
});

test("weights that are NaN are refused while measuring", async () => {
  const network = networkOf((g, x) => g.convolution(x, "a", 16));
  const weights = drawn(network);
  weights.get("a.weight")![3] = Number.NaN;
  const { patch, tile } = tileOf(network);
  const measured = calibrate({ network, weights, patch, tiles: [tile], threads: 2 });
  await expect(measured).rejects.toMatchObject({ tag: "NotFinite" });
});
