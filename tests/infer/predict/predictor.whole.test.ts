import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { type Shape3, type Volume, voxelCount } from "../../../src/domain/volume.js";
import {
  openPredictor,
  type PredictedSlab,
  type PredictNetwork,
} from "../../../src/infer/predict/predictor.js";
import { predictMaps } from "../../../src/infer/predict/probabilityMaps.js";
import { buildNetwork } from "../../../src/nets/architecture.js";
import { architectureNamed } from "../../../src/nets/library/catalogue.js";
import { initialWeights, layOut, namedWeights } from "../../../src/nets/weights.js";

const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;

function noise(shape: Shape3, seed = 0): Volume {
  const random = randomFor(seed, "noise");
  return { data: Float32Array.from({ length: voxelCount(shape) }, () => random.normal()), shape, spacing };
}

/** `plain` with first weights; with `bias`, whatever it sees it answers those logits. */
function plain(
  channels: readonly (string | null)[],
  {
    seed = 0,
    bias,
    activation = "sigmoid",
  }: { seed?: number; bias?: number[]; activation?: "sigmoid" | "softmax" } = {},
): PredictNetwork {
  const outputs = channels.length;
  const layout = layOut(buildNetwork(architectureNamed("plain"), { outputs }).parameters);
  const weights = namedWeights(layout, initialWeights(layout, seed));
  if (bias) {
    weights.get("head.weight")!.fill(0);
    weights.get("head.bias")!.set(bias);
  }
  return { network: { architecture: "plain", outputs }, activation, weights, channels, radii: null };
}

const settings = {
  tile: [16, 16, 16],
  overlap: 4,
  flips: false,
  rotations: false,
  engine: "onnx-cpu",
  threads: 2,
} as const;
const rounded = (value: number) => Math.fround(Math.round(value * 65535) / 65535);

test("a network that answers one number gives it at every voxel", async () => {
  const shape: Shape3 = [21, 37, 18];
  const predictor = await openPredictor([plain([null, "b", "a"], { bias: [0, 1, -1] })], settings);
  const slabs: PredictedSlab[] = [];
  const progress: [number, number][] = [];
  await predictor.predict(
    noise(shape),
    (slab) => {
      slabs.push(slab);
    },
    (done, total) => progress.push([done, total]),
  );
  await predictor.close();
  expect(predictor.types).toEqual(["a", "b"]);
  let z = 0;
  for (const slab of slabs) {
    expect(slab.zStart).toBe(z);
    z += slab.shape[0];
    for (const [type, logit] of [
      ["a", -1],
      ["b", 1],
    ] as const) {
      const values = slab.values.get(type)!;
      expect(values).toHaveLength(voxelCount(slab.shape));
      const wanted = rounded(1 / (1 + Math.exp(-logit)));
      for (const value of values) if (Math.abs(value - wanted) > 1.01 / 65535) expect(value).toBe(wanted);
    }
  }
  expect(z).toBe(shape[0]);
  expect(progress.at(-1)![0]).toBe(progress.at(-1)![1]);
});

test("maps equal the slabs in every bit, and an ensemble's are the mean of its members'", async () => {
  const volume = noise([18, 20, 20]);
  const members = [plain(["a", null], { seed: 1 }), plain(["a", null], { seed: 2 })];
  const maps: Float32Array[] = [];
  for (const networks of [...members.map((member) => [member]), members]) {
    const predictor = await openPredictor(networks, { ...settings, flips: true });
    const map = (await predictMaps(predictor, volume)).volume("a").data;
    const again = new Float32Array(map.length);
    await predictor.predict(volume, ({ zStart, values }) => again.set(values.get("a")!, zStart * 400));
    await predictor.close();
    expect(map).toEqual(again);
    maps.push(map);
  }
  const [first, second, both] = maps as [Float32Array, Float32Array, Float32Array];
  let apart = 0;
  for (let i = 0; i < both.length; i++) {
    apart = Math.max(apart, Math.abs(first[i]! - second[i]!));
    expect(Math.abs(both[i]! - (first[i]! + second[i]!) / 2)).toBeLessThan(1.1 / 65535);
  }
  expect(apart).toBeGreaterThan(0.01);
});

test("maps are the same in every bit on any count of threads", async () => {
  const volume = noise([40, 36, 30], 4);
  const networks = [plain(["a", null], { seed: 1 }), plain(["a", "b"], { seed: 2 })];
  for (const asked of [
    {},
    { statistics: "tomogram" },
    { precision: "int8" },
    { averaging: "logits", flips: true },
  ] as const) {
    const maps: Float32Array[] = [];
    for (const threads of [1, 2, 5]) {
      const predictor = await openPredictor(networks, { ...settings, ...asked, threads });
      maps.push((await predictMaps(predictor, volume)).volume("a").data);
      expect((await predictMaps(predictor, volume)).volume("a").data).toEqual(maps[0]);
      await predictor.close();
    }
  }
});

test("8 bits give the same twice, near what floats give, whatever was predicted before", async () => {
  // One tile, which is what the network is measured on: what is left between the two is rounding.
  const volume = noise([64, 64, 64], 1);
  const networks = [plain(["a", "b", null], { seed: 3, activation: "softmax" })];
  const predicted = async (
    precision: "float32" | "int8",
    before: readonly Volume[],
  ): Promise<Float32Array> => {
    const predictor = await openPredictor(networks, { ...settings, tile: [64, 64, 64], precision });
    for (const each of before) await predictMaps(predictor, each);
    const { data } = (await predictMaps(predictor, volume)).volume("a");
    await predictor.close();
    return data;
  };
  const floats = await predicted("float32", []);
  const bytes = await predicted("int8", []);
  const other = noise([24, 24, 24], 2);
  other.data.forEach((value, at) => {
    other.data[at] = 3 * value + 1;
  });
  expect(await predicted("int8", [other])).toEqual(bytes);
  expect(bytes).not.toEqual(floats);
  const sorted = floats.toSorted();
  const spread = sorted.at(-1)! - sorted[0]!;
  const apart = floats.reduce((sum, value, at) => sum + Math.abs(value - bytes[at]!), 0) / floats.length;
  expect(apart).toBeLessThan(0.02 * spread);
});

test("statistics of the tomogram are the tile's where it is one tile, and others where it is more", async () => {
  const predicted = async (
    shape: Shape3,
    statistics: "tile" | "tomogram",
    before: readonly Volume[] = [],
  ): Promise<Float32Array> => {
    const volume = noise(shape);
    // Bright below: what a tile holds depends on where it lies.
    volume.data.forEach((value, at) => {
      volume.data[at] = value + (at < 32 ** 3 ? 3 : 0);
    });
    const predictor = await openPredictor([plain(["a"], { seed: 7 })], {
      ...settings,
      tile: [64, 64, 64],
      statistics,
    });
    for (const other of before) await predictMaps(predictor, other);
    const maps = await predictMaps(predictor, volume);
    await predictor.close();
    return maps.volume("a").data;
  };
  const apart = (a: Float32Array, b: Float32Array): number =>
    a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
  const cube: Shape3 = [64, 64, 64];
  const afterAnother = await predicted(cube, "tomogram", [noise([64, 80, 64], 1)]);
  expect(apart(await predicted(cube, "tile"), afterAnother)).toBeLessThan(1e-4);
  const long: Shape3 = [64, 64, 120];
  expect(apart(await predicted(long, "tile"), await predicted(long, "tomogram"))).toBeGreaterThan(1e-3);
});

test("an engine that computes in floats refuses 8 bits", async () => {
  await expect(
    openPredictor([plain(["a"])], { ...settings, engine: "tfjs", precision: "int8" }),
  ).rejects.toThrow(
    "precision int8: engine tfjs computes in 32-bit floats; choose engine onnx-cpu or precision float32",
  );
});

test("a network whose weights are NaN is refused", async () => {
  const predictor = await openPredictor([plain(["a"], { bias: [Number.NaN] })], settings);
  await expect(predictMaps(predictor, noise([8, 8, 8]))).rejects.toMatchObject({ tag: "NotFinite" });
  await predictor.close();
});

const breaking = fileURLToPath(new URL("../../support/predictUntilBroken.mjs", import.meta.url));

test.each([
  ["close", 0, "closed"],
  ["close", 30, "closed"],
  ["exit", 30, ""],
] as const)("a prediction broken off within a tile ends in order: %s after %i ms", (how, delay, last) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [breaking, how, String(delay)], {
    encoding: "utf8",
    timeout: 250_000,
  });
  expect({ stdout: stdout.trim().split("\n"), stderr, status }).toEqual({
    stdout: ["the disk is full", last].filter((line) => line !== ""),
    stderr: "",
    status: how === "exit" ? 7 : 0,
  });
});
