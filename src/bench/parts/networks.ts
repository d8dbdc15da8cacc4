/** Bench part: training step and inference of each network, beside PyTorch. */
import { z } from "zod";
import type { Network } from "../../nets/architecture.js";
import { networkCost } from "../../nets/cost.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { type BenchOptions, type BenchPart, type BenchRow, measured } from "../measured.js";
import { alternatingMedians } from "../medians.js";
import { findPython, peerModules, servePeer } from "../peer.js";
import { openInference, openTraining } from "../training.js";

/** Number of outputs: the challenge's six types and the background. */
export const outputs = 7;
const peerFile = "torch_unet.py";
/**
 * Passes of a training step: forward, and for each convolution two gradients of as much arithmetic, of input and
 * kernel.
 */
export const passesOfTraining = 3;
const timing = z.object({ ms: z.number().positive() });

/** Times a training step with AdamW and cross entropy, and an inference, on one patch, as the peer does. */
export const part: BenchPart = {
  async run(options) {
    const python = options.peers ? await findPython(peerModules.torch) : null;
    if (options.peers && python === null)
      options.reporter.note("no python3 with torch is installed: networks are timed without their peer");
    const rows: BenchRow[] = [];
    for (const name of options.nets)
      for (const size of options.sizes) {
        options.reporter.note(`networks: ${name} at ${size}³`);
        rows.push(await timeNetwork(name, size, options, python));
      }
    return rows;
  },
};

async function timeNetwork(
  name: string,
  size: number,
  { threads, steps, engine, peak, reporter }: BenchOptions,
  python: string | null,
): Promise<BenchRow> {
  const spec = { architecture: name, outputs };
  const network = await loadNetwork(spec);
  checkSize(network, size);
  const patch = [size, size, size] as const;
  const peer = python === null ? null : await startPeer(reporter, python, network, size, threads);
  try {
    const timed = async (work: "train" | "infer", open: typeof openTraining) => {
      const workload = await open(spec, patch, threads, engine);
      const ask = peer && (async () => timing.parse(await peer.ask(work)).ms);
      const medians = await alternatingMedians(steps, workload.run, ask).finally(workload.release);
      const gflop = networkCost(network, patch).gflop * (work === "train" ? passesOfTraining : 1);
      return measured(work, medians, { voxels: size ** 3, gflop }, peak);
    };
    return {
      net: name,
      ...(engine !== "onnx-cpu" && { engine }),
      size,
      threads,
      params: network.parameterCount,
      peer: peer && "torch",
      ...(await timed("train", openTraining)),
      ...(await timed("infer", openInference)),
    };
  } finally {
    await peer?.stop();
  }
}

async function startPeer(
  reporter: Reporter,
  python: string,
  network: Network,
  size: number,
  threads: number,
) {
  const args = { net: network.architecture, size, threads, outputs };
  const flags = Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const peer = await servePeer(reporter, python, peerFile, [...flags, "--serve"]);
  const { params } = z.object({ params: z.number() }).parse(peer.greeting);
  if (params === network.parameterCount) return peer;
  await peer.stop();
  throw new Error(`${network.architecture} has ${network.parameterCount} parameters, its peer ${params}`);
}

/** Checks that a network takes cubes of this edge. @throws PickbenchError BadUsage where it does not */
export function checkSize({ architecture, multiple }: Network, size: number): void {
  if (size > 0 && multiple.every((step) => size % step === 0)) return;
  throw new PickbenchError(
    "BadUsage",
    `--size ${size} does not suit ${architecture}, which takes multiples of ${Math.max(...multiple)}; give another`,
  );
}
