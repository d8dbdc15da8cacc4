import { describe, expect, test } from "vitest";
import type { Shape3 } from "../../src/domain/volume.js";
import { inferenceGraph } from "../../src/engines/onnx/inferenceGraph.js";
import { openSession } from "../../src/engines/onnx/session.js";
import { type Architecture, buildNetwork } from "../../src/nets/architecture.js";
import { networkCost } from "../../src/nets/cost.js";
import { architectureNamed } from "../../src/nets/library/catalogue.js";
import { receptiveField } from "../../src/nets/receptiveField.js";
import { layOut, namedWeights } from "../../src/nets/weights.js";

const made = (build: Architecture["build"]) =>
  buildNetwork({ name: "made", description: "", source: "", build }, { outputs: 1 });

describe("cost of a network", () => {
  test("is counted by hand for one convolution", () => {
    const network = made((g, x, outputs) => g.convolution(x, "c", outputs));
    expect(networkCost(network, [8, 8, 8])).toEqual({
      gflop: (2 * 27 * 512) / 1e9,
      predictMiB: (2 * 512 * 4) / 2 ** 20,
      trainMiB: (2 * 512 * 4) / 2 ** 20,
    });
  });

  test("keeps a map until its last use and no longer", () => {
    const network = made((g, x, outputs) => {
      const wide = g.convolution(x, "a", 10);
      const narrow = g.convolution(wide, "b", 1);
      return g.add(g.convolution(narrow, "c", outputs), x);
    });
    expect(networkCost(network, [8, 8, 8]).predictMiB).toBe((12 * 512 * 4) / 2 ** 20);
    expect(networkCost(network, [8, 8, 8]).trainMiB).toBe((14 * 512 * 4) / 2 ** 20);
  });

  test("refuses a patch that the network does not take", () => {
    expect(() =>
      networkCost(
        made((g, x) => g.upsampleNearest(g.averagePool(x))),
        [8, 8, 9],
      ),
    ).toThrow(/multiples of 2,2,2/);
  });
});

/** Input voxels along an axis that move the output voxel in the middle of a patch, found by trying each. */
async function seenBy(architecture: Architecture, axis: 0 | 1 | 2, size: number): Promise<number> {
  const network = buildNetwork(architecture, { outputs: 1 });
  const patch = network.multiple.map((step, at) => (at === axis ? size : step)) as unknown as Shape3;
  const layout = layOut(network.parameters);
  const weights = namedWeights(layout, new Float32Array(layout.total).fill(0.01));
  const session = await openSession(inferenceGraph(network, weights, "none", 1, patch));
  const place = (at: number) => (axis === 0 ? at * patch[1] * patch[2] : axis === 1 ? at * patch[2] : at);
  const outputs: Float32Array[] = [];
  const empty = new Float32Array(patch[0] * patch[1] * patch[2]);
  for (let at = -1; at < size; at++) {
    const image = empty.slice();
    if (at >= 0) image[place(at)] = 1000;
    const { output } = await session.run({ image: { data: image, dims: [1, 1, ...patch] } });
    outputs.push(output!.data.slice());
  }
  await session.release();
  const [still, ...moved] = outputs;
  let most = 0;
  for (let voxel = Math.floor(size / 2) - 4; voxel < size / 2 + 4; voxel++)
    most = Math.max(most, moved.filter((output) => output[place(voxel)] !== still![place(voxel)]).length);
  return most;
}

describe("receptive field", () => {
  const linear: Architecture = {
    name: "linear",
    description: "",
    source: "",
    build(g, x, outputs) {
      const coarse = g.convolution(g.averagePool(g.convolution(x, "a", 2)), "b", 2, { kernel: [5, 3, 1] });
      const fine = g.transposedConvolution(coarse, "c", 2, { stride: [2, 2, 2] });
      return g.add(
        g.convolution(fine, "d", outputs, { kernel: [1, 1, 1] }),
        g.upsampleNearest(g.convolution(coarse, "e", outputs)),
      );
    },
  };

  test.each([0, 1, 2] as const)("is the input that really moves an output along axis %i", async (axis) => {
    expect(receptiveField(buildNetwork(linear, { outputs: 1 }))[axis]).toBe(await seenBy(linear, axis, 40));
  });

  test("is that of the widest kernel for a network of slices", () => {
    expect(receptiveField(buildNetwork(architectureNamed("unet"), { outputs: 1 }))).toEqual([1, 26, 26]);
    expect(receptiveField(buildNetwork(architectureNamed("unet"), { outputs: 1, slices: 5 }))[0]).toBe(5);
  });
});
