import { describe, expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { type Shape3, voxelCount } from "../../../src/domain/volume.js";
import { valueGraph } from "../../../src/engines/onnx/inferenceGraph.js";
import { machineBlock, openSession } from "../../../src/engines/onnx/session.js";
import type { Network } from "../../../src/nets/architecture.js";
import { GraphBuilder } from "../../../src/nets/graph.js";
import { architectures, loadNetwork } from "../../../src/nets/library/catalogue.js";
import { elementCount, type Parameter, type Value } from "../../../src/nets/value.js";

const block = await machineBlock();

/** Weights that no constant hides behind: every one drawn, running variances positive. */
function drawn(parameters: readonly Parameter[]): Map<string, Float32Array> {
  const random = randomFor(5, "weights");
  return new Map(
    parameters.map((parameter) => {
      const count = elementCount(parameter);
      const bound = "uniform" in parameter.initial ? parameter.initial.uniform : 0.3;
      const level = "constant" in parameter.initial ? parameter.initial.constant : 0;
      const values = new Float32Array(count);
      for (let i = 0; i < count; i++) values[i] = level + bound * random.between(-1, 1);
      return [parameter.name, values];
    }),
  );
}

async function computed(
  network: Network,
  output: Value,
  weights: Map<string, Float32Array>,
  patch: Shape3,
  size: number | null,
): Promise<Float32Array> {
  const random = randomFor(6, "image");
  const image = Float32Array.from({ length: network.input.channels * voxelCount(patch) }, () =>
    random.normal(),
  );
  const graph = valueGraph(network, output, weights, 1, patch, size);
  const session = await openSession(graph, { threads: 2 });
  const { output: result } = await session.run({
    image: { data: image, dims: [1, network.input.channels, ...patch] },
  });
  await session.release();
  return result!.data;
}

const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

async function difference(network: Network, output: Value, patch: Shape3): Promise<number> {
  const weights = drawn(network.parameters);
  const plain = await computed(network, output, weights, patch, null);
  const blocked = await computed(network, output, weights, patch, block);
  expect(blocked.length).toBe(plain.length);
  return largest(plain.map((value, at) => value - blocked[at]!)) / largest(plain);
}

const input = (build: (g: GraphBuilder, x: Value) => Value): { network: Network; output: Value } => {
  const g = new GraphBuilder();
  const image = g.input("image", 1);
  const output = build(g, image);
  return { network: { input: image, parameters: g.parameters } as unknown as Network, output };
};

const wide = (g: GraphBuilder, x: Value, channels: number): Value => g.convolution(x, "first", channels);

const graphs: Readonly<Record<string, (g: GraphBuilder, x: Value) => Value>> = {
  "a convolution of few channels": (g, x) => wide(g, x, 32),
  "half-filled blocks": (g, x) => g.convolution(g.relu(wide(g, x, 24)), "second", 24),
  "one block, in pairs of slices": (g, x) => g.convolution(wide(g, x, 16), "second", 16),
  "one block, five planes": (g, x) => g.convolution(wide(g, x, 16), "second", 16, { kernel: [5, 3, 3] }),
  "one block, one plane": (g, x) => g.convolution(wide(g, x, 16), "second", 16, { kernel: [1, 3, 3] }),
  "one block, two slices apart": (g, x) =>
    g.convolution(wide(g, x, 16), "second", 16, { dilation: [2, 1, 1] }),
  "strides and dilation": (g, x) =>
    g.convolution(g.convolution(wide(g, x, 16), "a", 32, { stride: [2, 2, 2] }), "b", 32, {
      dilation: [2, 1, 2],
    }),
  "even kernels": (g, x) => g.convolution(wide(g, x, 32), "second", 32, { kernel: [2, 4, 1] }),
  "kernels of one tap": (g, x) => g.convolution(wide(g, x, 32), "second", 7, { kernel: [1, 1, 1] }),
  "a norm and a leaky ReLU": (g, x) =>
    g.leakyRelu(g.instanceNorm(wide(g, x, 32), "norm", { affine: true }), 0.2),
  "a norm that two read": (g, x) => {
    const normal = g.instanceNorm(wide(g, x, 32), "norm");
    return g.add(g.prelu(normal, "slope"), normal);
  },
  "running statistics": (g, x) => g.relu(g.batchNorm(wide(g, x, 32), "norm")),
  "a shortcut added by the convolution beside it": (g, x) => {
    const a = wide(g, x, 32);
    return g.relu(g.add(g.convolution(a, "second", 32), a));
  },
  "a shortcut in pairs of slices": (g, x) => {
    const a = wide(g, x, 16);
    return g.add(a, g.convolution(a, "second", 16));
  },
  "concatenated maps": (g, x) => {
    const a = wide(g, x, 32);
    return g.convolution(g.concat(a, g.concat(x, g.relu(a))), "second", 32);
  },
  "concatenated maps that are kept": (g, x) => {
    const a = wide(g, x, 16);
    return g.relu(g.concat(a, g.abs(a)));
  },
  "an upsampled map beside a fine one": (g, x) => {
    const a = wide(g, x, 16);
    const coarse = g.convolution(g.averagePool(a), "coarse", 32);
    return g.relu(g.convolution(g.concat(g.upsampleNearest(coarse), a), "second", 16));
  },
  "an upsampled map alone, 5³": (g, x) => {
    const coarse = g.maxPool(wide(g, x, 32));
    return g.convolution(g.upsampleNearest(coarse), "second", 32, { kernel: [5, 5, 5] });
  },
  "an upsampled map that is kept, in planes": (g, x) =>
    g.upsampleNearest(g.maxPool(wide(g, x, 32), [1, 2, 2]), [1, 2, 2]),
  "a transposed convolution into whole blocks": (g, x) =>
    g.transposedConvolution(g.averagePool(wide(g, x, 16)), "up", 48, { stride: [2, 2, 2] }),
  "a transposed convolution of concatenated maps": (g, x) => {
    const a = g.averagePool(wide(g, x, 32));
    return g.transposedConvolution(g.concat(a, g.relu(a)), "up", 32, {
      kernel: [2, 2, 2],
      stride: [2, 2, 2],
    });
  },
  "a transposed convolution into two slices a block, with all that follows": (g, x) => {
    const up = g.transposedConvolution(g.averagePool(wide(g, x, 32)), "up", 7, { stride: [2, 2, 2] });
    const top = g.prelu(g.instanceNorm(up, "norm", { affine: true }), "slope");
    return g.softmax(g.add(g.convolution(top, "last", 7), top));
  },
  "a transposed convolution into too many channels for that": (g, x) =>
    g.transposedConvolution(g.averagePool(wide(g, x, 32)), "up", 12, { stride: [2, 2, 2] }),
  "a stride beyond the kernel": (g, x) =>
    g.transposedConvolution(g.averagePool(wide(g, x, 32)), "up", 16, {
      kernel: [1, 1, 1],
      stride: [2, 2, 2],
    }),
  "channels weighed by their means": (g, x) => g.squeezeExcite(wide(g, x, 32), "weigh"),
  "what the blocked kernels do not do": (g, x) => {
    const a = g.groupNorm(wide(g, x, 32), "norm", 4);
    return g.convolution(g.gelu(a), "deep", 32, { groups: 32 });
  },
};

describe.skipIf(block === null)("in blocks, the same is computed as without", () => {
  test.each(Object.entries(graphs))("%s", async (_, build) => {
    const { network, output } = input(build);
    expect(await difference(network, output, [8, 12, 8])).toBeLessThan(2e-5);
  });

  const counts = [2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 16, 17];

  test.each(counts)("three planes of %d slices", async (slices) => {
    const { network, output } = input((g, x) => g.relu(g.convolution(wide(g, x, 32), "second", 24)));
    expect(await difference(network, output, [slices, 6, 5])).toBeLessThan(2e-5);
  });

  test.each(counts)("three planes of %d slices, added to a shortcut", async (slices) => {
    const { network, output } = input((g, x) => {
      const a = wide(g, x, 32);
      const b = g.concat(a, g.abs(a));
      return g.relu(g.add(g.convolution(b, "second", 32), a));
    });
    expect(await difference(network, output, [slices, 6, 5])).toBeLessThan(2e-5);
  });

  test.each(counts)("two planes of %d slices, the last and its own", async (slices) => {
    const { network, output } = input((g, x) =>
      g.relu(g.convolution(wide(g, x, 32), "second", 32, { kernel: [2, 3, 3] })),
    );
    expect(await difference(network, output, [slices, 6, 5])).toBeLessThan(2e-5);
  });

  test.each(counts)("twice as many as %d slices, whole blocks and two slices a block", async (slices) => {
    for (const channels of [32, 7]) {
      const { network, output } = input((g, x) =>
        g.transposedConvolution(g.averagePool(wide(g, x, 32)), "up", channels, { stride: [2, 2, 2] }),
      );
      expect(await difference(network, output, [2 * slices, 6, 8])).toBeLessThan(2e-5);
    }
  });

  test.each(counts)("upsampled from %d slices", async (slices) => {
    const { network, output } = input((g, x) =>
      g.convolution(g.upsampleNearest(g.maxPool(wide(g, x, 32))), "second", 32),
    );
    expect(await difference(network, output, [2 * slices, 6, 8])).toBeLessThan(2e-5);
  });

  test.each(architectures.map(({ name }) => name))("%s", async (architecture) => {
    const network = await loadNetwork({ architecture, outputs: 7 });
    const patch = network.multiple.map((size) => Math.max(size, size === 1 ? 4 : 16)) as [
      number,
      number,
      number,
    ];
    expect(await difference(network, network.logits, patch)).toBeLessThan(1e-4);
  });
});
