import { z } from "zod";
import type { Batch } from "../data/patchSpec.js";
import { loadEngine } from "../engines/load.js";
import { PickbenchError } from "../errors.js";
import type { Network } from "../nets/architecture.js";
import { loadNetwork, type NetworkSpec } from "../nets/catalogue.js";
import { randomFor } from "../random.js";
import { buildLoss } from "../train/losses.js";
import type { Shape3 } from "../volume.js";
import { noise, openInference, type Workload } from "./inference.js";
import { alternatingMedians } from "./medians.js";
import { type BenchOptions, type BenchPart, type BenchRow, ratio, rounded } from "./part.js";
import { findPython, servePeer } from "./peer.js";

/** The challenge's six types and the background. */
const outputs = 7;
const peerFile = "torch_unet.py";
const timing = z.object({ ms: z.number().positive() });

/** A training step with AdamW and cross entropy, and an inference, on one patch of one sample, as the peer does them. */
export const part: BenchPart = {
  async run(options) {
    const python = options.peers ? await findPython(["torch"]) : null;
    if (options.peers && python === null)
      options.note("no python3 with torch is installed: networks are timed without their peer");
    const rows: BenchRow[] = [];
    for (const name of options.nets)
      for (const size of options.sizes) {
        options.note(`networks: ${name} at ${size}³`);
        rows.push(await timeNetwork(name, size, options, python));
      }
    return rows;
  },
};

async function timeNetwork(
  name: string,
  size: number,
  { threads, steps }: BenchOptions,
  python: string | null,
): Promise<BenchRow> {
  const spec = { architecture: name, outputs };
  const network = await loadNetwork(spec);
  checkSize(network, size);
  const peer = python === null ? null : await startPeer(python, network, size, threads);
  try {
    const median = async (work: "train" | "infer", open: typeof openTraining) => {
      const workload = await open(spec, [size, size, size], threads);
      const ask = peer && (async () => timing.parse(await peer.ask(work)).ms);
      return alternatingMedians(steps, workload.run, ask).finally(workload.release);
    };
    const train = await median("train", openTraining);
    const infer = await median("infer", openInference);
    return {
      net: name,
      size,
      threads,
      params: network.parameterCount,
      train_ms: rounded(train.ours, 1),
      infer_ms: rounded(infer.ours, 1),
      peer: peer && "torch",
      peer_train_ms: train.peer && rounded(train.peer, 1),
      peer_infer_ms: infer.peer && rounded(infer.peer, 1),
      train_ratio: ratio(train.ours, train.peer),
      infer_ratio: ratio(infer.ours, infer.peer),
    };
  } finally {
    await peer?.stop();
  }
}

function checkSize({ architecture, multiple }: Network, size: number): void {
  if (size > 0 && multiple.every((step) => size % step === 0)) return;
  throw new PickbenchError(
    "BadUsage",
    `--size ${size} does not suit ${architecture}, which takes multiples of ${Math.max(...multiple)}; give another`,
  );
}

async function startPeer(python: string, network: Network, size: number, threads: number) {
  const args = { net: network.architecture, size, threads, outputs };
  const flags = Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const peer = await servePeer(python, peerFile, [...flags, "--serve"]);
  const { params } = z.object({ params: z.number() }).parse(peer.greeting);
  if (params === network.parameterCount) return peer;
  await peer.stop();
  throw new Error(`${network.architecture} has ${network.parameterCount} parameters, its peer ${params}`);
}

const optimiser = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1e9 };
const rate = 1e-3;
const averageDecay = 0.999;

async function openTraining(spec: NetworkSpec, patch: Shape3, threads: number): Promise<Workload> {
  const engine = await loadEngine("onnx-cpu");
  const trainer = await engine.openTrainer(
    { network: spec, optimiser, samples: 1, patch, seed: 0, threads },
    (graph, inputs) => buildLoss(graph, [crossEntropy], { ...inputs, activation: "softmax" }),
  );
  const batch = noiseBatch(patch);
  let step = 0;
  return {
    async run() {
      const { loss } = await trainer.step(batch, step++, rate, averageDecay);
      if (!Number.isFinite(loss))
        throw new Error(`${spec.architecture}: the loss of step ${step} is ${loss}`);
    },
    release: () => trainer.close(),
  };
}

const crossEntropy = { kind: "crossEntropy", weight: 1, backgroundWeight: 1 } as const;

/** Noise with a random class in every voxel. */
function noiseBatch(patch: Shape3): Batch {
  const input = noise(patch);
  const voxels = input.length;
  const target = new Float32Array(outputs * voxels);
  const random = randomFor(0, "bench/classes");
  for (let voxel = 0; voxel < voxels; voxel++) target[random.integer(outputs) * voxels + voxel] = 1;
  return { input, target, weight: new Float32Array(voxels).fill(1) };
}
