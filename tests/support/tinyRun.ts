/** A tiny data set and experiment that train within seconds. */
import { cp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { simulateDataset } from "../../src/data/simulate/simulateDataset.js";
import { cached } from "./cached.js";

/** Names of the tiny data set's runs, in the order in which splits share them out. */
export const tinyRuns = ["TS_S1", "TS_S2", "TS_S3", "TS_S4"];

const counts = new Map([
  ["apo-ferritin", 6],
  ["beta-amylase", 0],
  ["beta-galactosidase", 1],
  ["ribosome", 2],
  ["thyroglobulin", 1],
  ["virus-like-particle", 1],
]);

const phantoms = {
  runs: 4,
  shape: [40, 64, 64],
  spacing: 10,
  seed: 1,
  part: "train",
  flat: true,
  counts,
} as const;

/** Simulates four tomograms that a network processes in seconds: two to train on, one to tune on, one to hold out. */
export async function tinyDataset(folder: string): Promise<string> {
  const recipe = JSON.stringify({ ...phantoms, counts: [...counts] });
  const made = await cached("tiny", recipe, async (out) => {
    await simulateDataset({ ...phantoms, out });
  });
  const out = join(folder, "data");
  await cp(made, out, { recursive: true, preserveTimestamps: true });
  return out;
}

/** Two evaluations, where a test is about more than one: each opens a network anew, half of what a tiny run takes. */
export const evaluatedTwice = { times: 2, from: 0.5 } as const;

/** An experiment of a few steps on a network that takes milliseconds for one; `changes` replace whole keys. */
export async function tinyExperiment(
  path: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const experiment = {
    name: "tiny",
    network: await tinyNetwork(dirname(path)),
    splits: { train: 2, tune: 1, holdout: 1 },
    types: ["apo-ferritin", "ribosome"],
    patch: { shape: [16, 32, 32] },
    loss: [{ kind: "crossEntropy", backgroundWeight: 0.1 }],
    optimiser: { rate: 3e-3, warmupSteps: 2, average: 0.9 },
    evaluate: { times: 1, from: 0.5 },
    predict: { tile: [40, 64, 64], overlap: 8 },
    picking: { thresholds: [0.1, 0.3], minVolumes: [0.05] },
    budget: "12 steps",
    ...changes,
  };
  await writeFile(path, JSON.stringify(experiment));
  return path;
}

/** The file that declares the network of experiments in a folder. */
export const tinyCode = (folder: string): string => join(folder, "two-layers.mjs");

/** Flags by which a command runs the code of the network of experiments in a folder. */
export const allowTiny = (folder: string): string[] => ["--allow-code", tinyCode(folder)];

/** Writes a network of two layers into the folder of an experiment, for its `network`. */
async function tinyNetwork(folder: string): Promise<{ readonly file: string }> {
  await writeFile(
    tinyCode(folder),
    `export default {
      name: "two-layers",
      build: (g, x, outputs) =>
        g.convolution(g.relu(g.convolution(x, "first", 6)), "head", outputs, { kernel: [1, 1, 1] }),
    };`,
  );
  return { file: "two-layers.mjs" };
}
