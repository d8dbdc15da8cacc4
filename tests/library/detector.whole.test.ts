import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomFor } from "../../src/domain/random.js";
import {
  type Dataset,
  type Detector,
  defaultPicking,
  openDataset,
  openDetector,
  pickParticles,
  simulateDataset,
} from "../../src/index.js";
import { loadNetwork } from "../../src/nets/library/catalogue.js";
import { networkOf, writeCheckpoint } from "../../src/train/checkpoint/checkpoint.js";
import { checkExperiment } from "../../src/train/experiment/experiment.js";
import { networksOf } from "../../src/train/fit/networks.js";

const shape = [40, 48, 64] as const;

let folder: string;
let dataset: Dataset;
let detector: Detector;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickbench-detector-"));
  const options = { runs: 1, shape, spacing: 10, counts: new Map([["ribosome", 1]]), part: "test" as const };
  const { runs } = await simulateDataset(folder, options);
  expect(runs).toMatchObject([{ name: "TS_T1", counts: { ribosome: 1 } }]);
  dataset = await openDataset(folder, { part: "test" });
  const path = join(folder, "best.safetensors");
  await writeRandomCheckpoint(path, dataset);
  detector = await openDetector(path, { engine: "onnx-cpu", threads: 1 });
});
afterAll(async () => {
  await detector?.close();
  await rm(folder, { recursive: true, force: true });
});

async function writeRandomCheckpoint(path: string, { particles }: Dataset): Promise<void> {
  const choice = { name: "tiny", network: "plain", splits: { train: 1 }, types: ["ribosome"] };
  const experiment = checkExperiment({ ...choice, loss: [{ kind: "crossEntropy" }], budget: "1 step" }, path);
  const member = networksOf(experiment, particles, { architecture: "plain" })[0]!;
  const random = randomFor(1, "tests/library", 0);
  const { parameterCount } = await loadNetwork(member.network);
  const weights = Float32Array.from({ length: parameterCount }, () => 0.2 * random.normal());
  const settings = { ...defaultPicking(member.types[0]!), threshold: 0.5, minVolume: 0 };
  await writeCheckpoint(path, ["all"], {
    experiment,
    spacing: 10,
    networks: [await networkOf(member, weights)],
    picking: new Map([["ribosome", settings]]),
    tuneScore: null,
  });
}

test("predicts whole volumes of probabilities, by type", async () => {
  const told: number[] = [];
  const volumes = await detector.predict(dataset, "TS_T1", (done) => told.push(done));
  expect(detector.types).toEqual(["ribosome"]);
  expect([...volumes.keys()]).toEqual(["ribosome"]);
  const volume = volumes.get("ribosome")!;
  expect(volume.shape).toEqual(shape);
  expect(volume.spacing).toEqual([10, 10, 10]);
  const greatest = volume.data.reduce((most, value) => Math.max(most, value), 0);
  const least = volume.data.reduce((most, value) => Math.min(most, value), 1);
  expect(least).toBeGreaterThan(0);
  expect(least).toBeLessThan(0.5);
  expect(greatest).toBeGreaterThan(0.5);
  expect(greatest).toBeLessThanOrEqual(1);
  expect(told.length).toBeGreaterThan(0);
});

test("detects what is picked from its volumes with its settings", async () => {
  const volumes = await detector.predict(dataset, "TS_T1");
  const { picks } = pickParticles(volumes.get("ribosome")!, detector.settings.get("ribosome")!);
  const detected = await detector.detect(dataset, "TS_T1");
  expect(picks.length).toBeGreaterThan(0);
  expect(detected).toEqual(picks.map(({ x, y, z, score }) => ({ type: "ribosome", x, y, z, score })));
});

test("refuses what cannot be simulated or opened, by the option's name", async () => {
  const out = join(folder, "other");
  await expect(simulateDataset(out, { spacing: 30 })).rejects.toThrow("spacing is 30, wanted");
  await expect(simulateDataset(out, { shape: [16, 64, 64] })).rejects.toThrow("shape is 16, wanted");
  await expect(simulateDataset(out, { runs: 0.5 })).rejects.toThrow("runs is 0.5, wanted whole numbers");
  await expect(simulateDataset(out, { noise: -1 })).rejects.toThrow("noise is -1, wanted");
  const counts = (type: string, count: number) => simulateDataset(out, { counts: new Map([[type, count]]) });
  await expect(counts("ribosme", 3)).rejects.toThrow("counts has ribosme, wanted one of apo-ferritin");
  await expect(counts("ribosome", 1.5)).rejects.toThrow("counts of ribosome is 1.5, wanted whole numbers");
  await expect(openDetector(join(folder, "none.safetensors"))).rejects.toMatchObject({
    tag: "BadCheckpoint",
  });
});
