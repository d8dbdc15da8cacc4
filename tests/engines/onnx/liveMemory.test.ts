import { expect, test } from "vitest";
import { checkTrainingFits, fittingTraining, outgrownTraining } from "../../../src/engines/memory.js";
import { Emitter, int } from "../../../src/engines/onnx/graph/emitter.js";
import { liveBytes } from "../../../src/engines/onnx/graph/liveMemory.js";
import { trainingMiB } from "../../../src/engines/onnx/memory.js";
import type { LossBuilder } from "../../../src/engines/trainable.js";
import { buildLoss } from "../../../src/train/experiment/losses.js";

const kilo = 1024;

/** Input of 1,024 numbers, 4 KiB; what is written on it. */
function bytesOf(write: (e: Emitter, x: ReturnType<Emitter["input"]>) => void): number {
  const e = new Emitter();
  write(e, e.input("x", [kilo]));
  return liveBytes(e.parts()) / kilo;
}

test("an operation that cannot write over its input holds both; the input of the graph stays to the end", () => {
  expect(bytesOf((e, x) => e.output("y", x))).toBe(4);
  expect(bytesOf((e, x) => e.output("y", e.transpose(x, [0])))).toBe(8);
  const chain = bytesOf((e, x) => {
    let y = x;
    for (let at = 0; at < 5; at++) y = e.transpose(y, [0]);
    e.output("y", y);
  });
  expect(chain).toBe(4 + 8);
});

test("elementwise operations write over what nobody else reads, and reshapes copy nothing", () => {
  expect(bytesOf((e, x) => e.output("y", e.unary("Relu", e.unary("Relu", e.transpose(x, [0])))))).toBe(8);
  expect(bytesOf((e, x) => e.output("y", e.reshape(e.transpose(x, [0]), [32, 32])))).toBe(8 + 16 / kilo);
  const kept = bytesOf((e, x) => {
    const t = e.transpose(x, [0]);
    const r = e.unary("Relu", t);
    e.output("y", e.concat([t, r], 0));
  });
  expect(kept).toBe(4 + 4 + 4 + 8);
  expect(bytesOf((e, x) => e.output("y", e.unary("Relu", x)))).toBe(8);
});

test("truth values take a byte, constants count once, and a sum frees what it summed", () => {
  const masked = bytesOf((e, x) =>
    e.output("y", e.op("Cast", [e.op("Greater", [x, x], [kilo])], [kilo], [int("to", 1)])),
  );
  expect(masked).toBe(4 + 1 + 4);
  const constant = bytesOf((e, x) => {
    const c = e.floats(new Float32Array(2 * kilo), [2 * kilo], "c");
    e.output("y", e.concat([x, c, c], 0));
  });
  expect(constant).toBe(4 + 8 + 20);
  expect(() => liveBytes({ nodes: [], initializers: [], inputs: [], outputs: [] })).toThrow(/sizes/);
});

const loss: LossBuilder = (graph, inputs) =>
  buildLoss(graph, [{ kind: "crossEntropy", weight: 1, backgroundWeight: 1 }], {
    ...inputs,
    activation: "softmax",
  });
const spec = {
  network: { architecture: "plain", outputs: 3 },
  optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 },
  samples: 4,
  patch: [16, 32, 32] as const,
};
const asked = { engine: "onnx-cuda", spec, buildLoss: loss } as const;

test("a training step takes at least weights, moments and activations: more than inference, in step with the batch", async () => {
  const [four, two, one] = await Promise.all(
    [4, 2, 1].map((samples) => trainingMiB({ ...spec, samples }, loss, "cuda")),
  );
  expect((four! - two!) / (two! - one!)).toBeCloseTo(2, 1);
  expect(one!).toBeGreaterThan((353_643 * 4 * 8) / 2 ** 20);
});

test("a training that cannot fit the card is refused with the batch that can; what fits is let through", async () => {
  const needed = await trainingMiB(spec, loss, "cuda");
  const card = { index: 0, name: "Small", driver: "535", usedMiB: 0, memoryMiB: Math.ceil(needed) };
  await checkTrainingFits(asked, card);
  await checkTrainingFits(asked, null);
  const small = { ...card, memoryMiB: Math.floor(needed * 0.7) };
  await expect(checkTrainingFits(asked, small)).rejects.toMatchObject({
    tag: "OutOfMemory",
    message: expect.stringMatching(
      /^a training step of plain on 4 × 16×32×32 voxels takes at least \d+ MiB, and the card is Small with \d+ MiB: set patch\.batch=2, which takes at least \d+ MiB$/,
    ),
  });
});

test("the batch is halved first, then the patch's longest axis, to the network's multiple; in the end nothing fits", async () => {
  const one = await trainingMiB({ ...spec, samples: 1 }, loss, "cuda");
  const fitting = await fittingTraining(asked, one * 0.8);
  expect(fitting).toMatchObject({ samples: 1, patch: [16, 32, 16] });
  expect(await fittingTraining(asked, 1)).toBeNull();
  const thrown = new Error("CUDA failure 2: out of memory ; GPU=0 ; hostname=secret");
  const fault = await outgrownTraining({ ...asked, spec: { ...spec, samples: 1 } }, thrown, null);
  expect(fault.message).toMatch(
    /^a training step of plain on 1 × 16×32×32 voxels does not fit the memory of onnx-cuda \(CUDA failure 2: out of memory\): set patch\.shape=\[\d+,\d+,\d+\], which takes at least \d+ MiB$/,
  );
});
