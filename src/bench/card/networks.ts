/** Training steps and inference of networks on every engine, beside PyTorch on the CPU and on CUDA. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { rounded } from "../../domain/numbers.js";
import { networkCost } from "../../nets/cost.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { type BenchRow, measured } from "../measured.js";
import { mediansOf } from "../medians.js";
import { checkSize, outputs, passesOfTraining } from "../parts/networks.js";
import { findPython, runPeer } from "../peer.js";
import { type CardScene, type MeasuredEngine, measureApart } from "./scene.js";

const works = ["train", "infer"] as const;
/** Networks that the peer knows. */
const peerNets = ["baseline", "plain"];
const peerFile = "torch_unet.py";
const peerAnswer = z.object({
  train_ms: z.number().positive(),
  infer_ms: z.number().positive(),
  train_mib: z.number().optional(),
  infer_mib: z.number().optional(),
});
type PeerAnswer = z.infer<typeof peerAnswer>;

/** PyTorch as it is here. */
export interface Torch {
  readonly python: string;
  readonly devices: readonly ("cuda" | "cpu")[];
}

/** Finds a Python with PyTorch, and whether that has CUDA. */
export async function findTorch(scene: CardScene): Promise<Torch | null> {
  const python = scene.options.peers ? await findPython(["torch"]) : null;
  if (python === null) {
    if (scene.options.peers) scene.say("no python3 with torch is installed: there is no peer");
    return null;
  }
  const asked = "import torch; print(torch.cuda.is_available())";
  const { stdout } = await promisify(execFile)(python, ["-c", asked], { timeout: 60_000 }).catch(() => ({
    stdout: "",
  }));
  const hasCuda = stdout.trim() === "True";
  if (!hasCuda) scene.say("PyTorch has no CUDA here: cards have no peer, the CPU has");
  return { python, devices: hasCuda ? ["cuda", "cpu"] : ["cpu"] };
}

/** Measures all networks at all sizes; a row an engine. */
export async function measureNetworks(scene: CardScene, torch: Torch | null): Promise<void> {
  const { nets, sizes } = scene.options;
  const cases = sizes.flatMap((size) => nets.map((net) => ({ net, size })));
  for (const { net, size } of cases) checkSize(await loadNetwork({ architecture: net, outputs }), size);
  const peers = (net: string) => (torch && peerNets.includes(net) ? torch.devices : []);
  const count = cases.reduce(
    (sum, { net }) => sum + peers(net).length + works.length * scene.engines.length,
    0,
  );
  scene.timetable.begin(0.55, count);
  for (const { net, size } of cases) {
    const answers = new Map<string, PeerAnswer>();
    for (const device of peers(net)) {
      const answer = await askPeer(scene, torch!.python, net, size, device);
      if (answer) answers.set(device, answer);
    }
    for (const engine of scene.engines) {
      const peer = answers.get(engine.isCard ? "cuda" : "cpu");
      const row = await networkRow(scene, engine, net, size, peer);
      if (row) scene.rows.push(row);
    }
  }
}

async function askPeer(
  scene: CardScene,
  python: string,
  net: string,
  size: number,
  device: "cuda" | "cpu",
): Promise<PeerAnswer | undefined> {
  const { threads, steps } = scene.options;
  const outcome = await scene.attempt(`PyTorch on ${device}, ${net} at ${size}³`, async (limitMs, signal) => {
    const enough = limitMs / 1000 / (2 * works.length);
    const flags = { net, size, threads, steps, outputs, device, seconds: enough };
    const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return peerAnswer.parse(await runPeer(scene.reporter, python, peerFile, args, signal));
  });
  return outcome && "result" in outcome ? outcome.result : undefined;
}

async function networkRow(
  scene: CardScene,
  engine: MeasuredEngine,
  net: string,
  size: number,
  peer: PeerAnswer | undefined,
): Promise<BenchRow | undefined> {
  const { threads, steps, peak } = scene.options;
  const network = await loadNetwork({ architecture: net, outputs });
  const gflop = networkCost(network, [size, size, size]).gflop;
  let fields: BenchRow = {};
  const failures: string[] = [];
  for (const work of works) {
    const outcome = await scene.attempt(
      `${engine.engine}, ${work} ${net} at ${size}³`,
      async (limitMs, signal) => {
        const job = { engine: engine.engine, net, outputs, size, threads, work, runs: steps };
        return measureApart({ ...job, enoughMs: limitMs / 4 }, signal);
      },
    );
    if (outcome === undefined) continue;
    if ("failed" in outcome) {
      failures.push(`${work}: ${outcome.failed}`);
      continue;
    }
    const { times, openMs, firstMs } = outcome.result;
    const beside = peer && [peer[`${work}_ms`]];
    const done = {
      voxels: size ** 3,
      gflop: gflop * (work === "train" ? passesOfTraining : 1),
    };
    fields = {
      ...fields,
      ...measured(work, mediansOf(times, beside ?? null), done, peak),
      [`${work}_open_s`]: rounded(openMs / 1000, 2),
      [`${work}_first_s`]: rounded(firstMs / 1000, 2),
      [`${work}_card_mib`]: scene.cardMiB(engine),
      ...(peer?.[`${work}_mib`] !== undefined && { [`peer_${work}_mib`]: peer[`${work}_mib`]! }),
    };
  }
  if (Object.keys(fields).length === 0 && failures.length === 0) return undefined;
  return {
    what: "network",
    net,
    engine: engine.engine,
    runs_on: engine.runsOn,
    ...engine.card,
    size,
    threads,
    peer: peer ? `torch ${engine.isCard ? "cuda" : "cpu"}` : null,
    ...fields,
    failed: failures.length > 0 ? failures.join("; ") : null,
  };
}

/** Returns the voxels per s of inference that were measured on an engine at the largest patch; null where none were. */
export function inferenceSpeed({ rows }: CardScene, engine: string, net: string): number | null {
  const timed = rows.filter((row) => row.engine === engine && row.net === net && Number(row.infer_ms) > 0);
  const largest = timed.toSorted((a, b) => Number(b.size) - Number(a.size))[0];
  return largest === undefined ? null : Number(largest.size) ** 3 / (Number(largest.infer_ms) / 1000);
}
