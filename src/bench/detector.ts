/** Checkpoints for the bench: one with initial weights, and descriptions of given ones. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { challengeParticles } from "../domain/particles.js";
import type { Shape3 } from "../domain/volume.js";
import { loadEngine } from "../engines/load.js";
import { trainingLayout } from "../engines/trainable.js";
import type { PickingSettings } from "../infer/pick/picking.js";
import type { AnyNetwork, PredictNetwork } from "../infer/predict/predictor.js";
import { symmetries } from "../infer/predict/testTime.js";
import { networkCost } from "../nets/cost.js";
import { loadNetwork } from "../nets/library/catalogue.js";
import { initialWeights } from "../nets/weights.js";
import type { CodeLeave } from "../train/checkpoint/allowedCode.js";
import { networkOf, readCheckpoint, writeCheckpoint } from "../train/checkpoint/checkpoint.js";
import { readExperiment } from "../train/experiment/experiment.js";
import type { Experiment } from "../train/experiment/schema.js";
import { networksOf } from "../train/fit/networks.js";
import { untunedPicking } from "../train/fit/tunePicking.js";
import { challengeSpacing } from "./particleVolume.js";
import { noise } from "./training.js";

const recipe = fileURLToPath(new URL("../../experiments/unet3d-baseline.yaml", import.meta.url));
const patch: Shape3 = [64, 64, 64];
/** Share of voxels to be picked from: somewhat more than the challenge's particles of one type fill. */
const foregroundShare = 0.001;

/** Returns the checkpoints that were named; without any, one of first weights that it writes into the folder. */
export async function checkpointsToMeasure(
  named: readonly string[],
  folder: string,
): Promise<readonly string[]> {
  if (named.length > 0) return named;
  const first = join(folder, "first.safetensors");
  await writeFirstCheckpoint(first);
  return [first];
}

/**
 * Writes a checkpoint of the `baseline` recipe with initial weights. Its thresholds keep a thousandth of the voxels of
 * noise, so that picking has as much work as in a tomogram.
 *
 * @param seed seed of the weights
 */
export async function writeFirstCheckpoint(path: string, seed = 0): Promise<void> {
  const experiment = await readExperiment(recipe);
  const [own] = networksOf(experiment, challengeParticles, { architecture: "baseline" });
  const weights = initialWeights(trainingLayout(await loadNetwork(own!.network)), seed);
  const network = await networkOf(own!, weights);
  const thresholds = await foregroundThresholds(network);
  const picking = new Map<string, PickingSettings>();
  for (const [at, type] of network.channels.entries()) {
    const particle = challengeParticles.find(({ name }) => name === type);
    if (particle)
      picking.set(particle.name, { ...untunedPicking(experiment, particle), threshold: thresholds[at]! });
  }
  const checkpoint = { experiment, spacing: challengeSpacing, networks: [network], picking, tuneScore: null };
  await writeCheckpoint(path, [own!.name], checkpoint);
}

/** Returns, by output, the value that the foreground share of a patch of noise exceeds. */
async function foregroundThresholds(given: PredictNetwork): Promise<number[]> {
  const { weights, activation } = given;
  const network = await loadNetwork(given.network);
  const engine = await loadEngine("onnx-cpu");
  const loaded = await engine.load({ network, weights, activation, offsets: 0, patch, threads: 1 });
  const output = await loaded.run(noise(patch));
  await loaded.close();
  const plane = patch[1] * patch[2];
  return given.channels.map((_, channel) => {
    const values: number[] = [];
    for (let z = 0; z < patch[0]; z++) {
      const at = (z * network.outputs + channel) * plane;
      for (const value of output.subarray(at, at + plane)) values.push(value);
    }
    return values.sort((a, b) => b - a)[Math.floor(values.length * foregroundShare)]!;
  });
}

/** Summary of the predicting checkpoints. */
export interface DescribedCheckpoints {
  /** Experiment of the first checkpoint, which sets what is predicted on and how. */
  readonly experiment: Experiment;
  readonly networks: string;
  /** Arithmetic in 10⁹ operations, as if no tiles overlapped; unknown for a network trained elsewhere. */
  readonly gflopPerVoxel: number | undefined;
}

/** Summarises the checkpoints that a bench part predicts with. */
export async function describeCheckpoints(
  paths: readonly string[],
  leave: CodeLeave,
): Promise<DescribedCheckpoints> {
  const checkpoints = await Promise.all(paths.map((path) => readCheckpoint(path, leave)));
  const { experiment } = checkpoints[0]!;
  const { flips, rotations, halfTurn } = experiment.predict;
  const images = symmetries(flips, rotations, halfTurn).length;
  const networks = checkpoints.flatMap((checkpoint) => checkpoint.networks);
  const costs = await Promise.all(networks.map(gflopPerVoxel));
  const sum = costs.every((cost) => cost !== undefined) ? costs.reduce((a, b) => a + b, 0) : undefined;
  return { experiment, networks: networks.map(nameOf).join("+"), gflopPerVoxel: sum && images * sum };
}

const nameOf = (network: AnyNetwork): string =>
  "external" in network ? network.external.file : network.network.architecture;

async function gflopPerVoxel(given: AnyNetwork): Promise<number | undefined> {
  if ("external" in given) return undefined;
  const network = await loadNetwork(given.network);
  const cube = network.multiple.map((step) => 4 * step) as [number, number, number];
  return networkCost(network, cube).gflop / (cube[0] * cube[1] * cube[2]);
}
