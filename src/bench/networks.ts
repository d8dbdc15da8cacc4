import { z } from "zod";
import { inferenceGraph } from "../engines/onnx/inferenceGraph.js";
import { type Array5, machineBlock, openSession } from "../engines/onnx/session.js";
import { type Trainable, trainingGraph } from "../engines/onnx/trainingGraph.js";
import { PickbenchError } from "../errors.js";
import { buildNetwork, type Network } from "../nets/architecture.js";
import { architectureNamed } from "../nets/catalogue.js";
import { initialWeights, layOut, namedWeights, type ParameterLayout } from "../nets/weights.js";
import { randomFor } from "../random.js";
import { buildLoss } from "../train/losses.js";
import type { Shape3 } from "../volume.js";
import { alternatingMedians } from "./medians.js";
import { type BenchOptions, type BenchPart, type BenchRow, ratio, rounded } from "./part.js";
import { findPython, servePeer } from "./peer.js";

/** The challenge's six types and the background. */
const outputs = 7;
const peerFile = "torch_unet.py";
const timing = z.object({ ms: z.number().positive() });

/** One piece of work to be timed, and what it holds. */
interface Workload {
  run(): Promise<void>;
  release(): Promise<void>;
}

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
  const network = buildNetwork(architectureNamed(name), outputs);
  checkSize(network, size);
  const peer = python === null ? null : await startPeer(python, network, size, threads);
  try {
    const median = async (work: "train" | "infer", open: typeof openTraining) => {
      const workload = await open(network, [size, size, size], threads);
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

async function openTraining(network: Network, patch: Shape3, threads: number): Promise<Workload> {
  const { trainable, batch } = trainingWork(network, patch);
  const layout = layOut(network.parameters);
  const graph = trainingGraph(trainable, layout, optimiser, 1, patch, await machineBlock());
  const session = await openSession(graph, { threads });
  let state = firstState(layout);
  let step = 0;
  return {
    async run() {
      step++;
      const results = await session.run({ ...state, ...batch, ...stepValues(step) });
      const loss = results.loss!.data[0]!;
      if (!Number.isFinite(loss))
        throw new Error(`${network.architecture}: the loss of step ${step} is ${loss}`);
      state = Object.fromEntries(Object.keys(state).map((name) => [name, results[`new.${name}`]!]));
    },
    release: () => session.release(),
  };
}

function firstState(layout: ParameterLayout): Record<string, Array5> {
  const weights = initialWeights(layout, 0);
  const dims = [layout.total];
  return {
    weights: { data: weights, dims },
    moment1: { data: new Float32Array(layout.total), dims },
    moment2: { data: new Float32Array(layout.total), dims },
    average: { data: weights.slice(), dims },
  };
}

function stepValues(step: number): Record<string, Array5> {
  const values = {
    rate,
    correction1: 1 / (1 - optimiser.beta1 ** step),
    correction2: 1 / (1 - optimiser.beta2 ** step),
    averageDecay: 0.999,
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { data: Float32Array.of(value), dims: [1] }]),
  );
}

/** Cross entropy on noise with a random class in every voxel. */
function trainingWork(
  network: Network,
  patch: Shape3,
): { trainable: Trainable; batch: Record<string, Array5> } {
  const { graph, logits } = network;
  const target = graph.input("target", outputs);
  const voxelWeight = graph.input("voxelWeight", 1);
  const spec = { kind: "crossEntropy", weight: 1, backgroundWeight: 1 } as const;
  const loss = buildLoss(graph, [spec], { logits, target, voxelWeight, background: true });
  const batchInputs = new Map([
    ["image", 1],
    ["target", outputs],
    ["voxelWeight", 1],
  ]);
  const image = noise(patch);
  const voxels = image.data.length;
  const classes = new Float32Array(outputs * voxels);
  const random = randomFor(0, "bench/classes");
  for (let voxel = 0; voxel < voxels; voxel++) classes[random.integer(outputs) * voxels + voxel] = 1;
  const batch = {
    image,
    target: { data: classes, dims: [1, outputs, ...patch] },
    voxelWeight: { data: new Float32Array(voxels).fill(1), dims: [1, 1, ...patch] },
  };
  return { trainable: { network, loss, batchInputs }, batch };
}

function noise(patch: Shape3): Array5 {
  const random = randomFor(0, "bench/image");
  const data = Float32Array.from({ length: patch[0] * patch[1] * patch[2] }, () => random.normal());
  return { data, dims: [1, 1, ...patch] };
}

async function openInference(network: Network, patch: Shape3, threads: number): Promise<Workload> {
  const layout = layOut(network.parameters);
  const weights = namedWeights(layout, initialWeights(layout, 0));
  const graph = inferenceGraph(network, weights, "none", 1, patch, await machineBlock());
  const session = await openSession(graph, { threads });
  const image = noise(patch);
  return {
    async run() {
      await session.run({ image });
    },
    release: () => session.release(),
  };
}
