// Where the time of a training step or an inference goes: ONNX Runtime's own times by kind of node.
//
//   node bench/profile.mjs [--net baseline] [--size 64] [--work train|infer] [--threads 1] [--nodes 10]
//
// Needs dist/ (npm run build). Prints medians over six runs after two, and the floor: the step's operations over the measured peak of
// blocked convolutions on one image of 48 channels, on as many threads.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import ort from "onnxruntime-node";
import { median, timeOf } from "../dist/bench/medians.js";
import { openInference, openTraining } from "../dist/bench/training.js";
import { toBlocks, convolveBlocks } from "../dist/engines/onnx/convolution/imageConvolution.js";
import { Emitter } from "../dist/engines/onnx/graph/emitter.js";
import { machineBlock, openSession } from "../dist/engines/onnx/session.js";
import { networkCost } from "../dist/nets/cost.js";
import { loadNetwork } from "../dist/nets/library/catalogue.js";

const text = (value) => ({ type: "string", default: value });
const { values } = parseArgs({
  options: { net: text("baseline"), size: text("64"), work: text("train"), threads: text("1"), nodes: text("10") },
});
const [size, threads, shown] = [values.size, values.threads, values.nodes].map(Number);
const patch = [size, size, size];
const warmUp = 2;
const runs = 6;
const spec = { architecture: values.net, outputs: 7 };

/** Speed of direct blocked convolutions, GFLOP/s: 32 images of 32×32 voxels, 48 channels in and out, 3×3. */
async function convolutionPeak() {
  const block = await machineBlock();
  if (block === null) return null;
  const e = new Emitter();
  const images = e.input("x", [32, 48, 32, 32]);
  const weights = e.input("w", [48, 48, 1, 3, 3]);
  const shape = { pads: [1, 1, 1, 1], strides: [1, 1] };
  let map = toBlocks(e, images);
  const count = 8;
  for (let at = 0; at < count; at++) map = convolveBlocks(e, block, map, weights, null, null, shape);
  const sum = e.sum(map, [0, 1, 2, 3]);
  e.output("y", sum);
  const session = await openSession(e.parts(), { threads });
  const feed = ({ dims }) => ({ data: new Float32Array(dims.reduce((a, b) => a * b)).fill(1e-3), dims });
  const feeds = { x: feed(images), w: feed(weights) };
  const times = [];
  for (let run = 0; run < 9; run++) times.push(await timeOf(() => session.run(feeds)));
  await session.release();
  return (count * 2 * 9 * 48 * 48 * 32 ** 3) / 1e6 / Math.min(...times);
}

/** Runs the work with ONNX Runtime's profiler on, and returns the events of its nodes. */
async function profiled() {
  const folder = mkdtempSync(join(tmpdir(), "pickbench-profile-"));
  const { create } = ort.InferenceSession;
  ort.InferenceSession.create = (model, options) =>
    create.call(ort.InferenceSession, model, {
      ...options,
      enableProfiling: true,
      profileFilePrefix: join(folder, "run"),
    });
  try {
    const open = values.work === "train" ? openTraining : openInference;
    const work = await open(spec, patch, threads);
    for (let run = 0; run < warmUp + runs; run++) await work.run();
    await work.release();
    const events = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
    return events
      .map((each) => each.filter(({ cat, name }) => cat === "Node" && name.endsWith("_kernel_time")))
      .sort((a, b) => b.length - a.length)[0];
  } finally {
    ort.InferenceSession.create = create;
    rmSync(folder, { recursive: true, force: true });
  }
}

const shapes = (tensors) =>
  tensors.map((tensor) => Object.values(tensor)[0].join("×")).join(", ");
const peak = await convolutionPeak();
const nodes = new Map();
for (const { name, dur, args } of await profiled()) {
  const node = nodes.get(name) ?? { kind: args.op_name, shape: shapes(args.input_type_shape), times: [] };
  node.times.push(dur / 1000);
  nodes.set(name, node);
}
const timed = [...nodes.values()].map((node) => ({ ...node, ms: median(node.times.slice(warmUp)) }));
const total = timed.reduce((sum, { ms }) => sum + ms, 0);
const kinds = new Map();
for (const { kind, ms } of timed) {
  const known = kinds.get(kind) ?? { kind, count: 0, ms: 0 };
  kinds.set(kind, { kind, count: known.count + 1, ms: known.ms + ms });
}
const gflop = networkCost(await loadNetwork(spec), patch).gflop * (values.work === "train" ? 3 : 1);
console.log(`${values.net}, ${size}³, ${values.work}, ${threads} threads: ${total.toFixed(1)} ms in nodes`);
if (peak !== null)
  console.log(
    `floor of direct convolutions: ${gflop.toFixed(1)} GFLOP at ${peak.toFixed(0)} GFLOP/s, ${((gflop / peak) * 1000).toFixed(1)} ms: ${(gflop / peak / total * 1000).toFixed(2)} of it`,
  );
for (const { kind, count, ms } of [...kinds.values()].sort((a, b) => b.ms - a.ms))
  if (ms > total / 200)
    console.log(`${ms.toFixed(1).padStart(9)} ms ${((ms / total) * 100).toFixed(1).padStart(5)} %  ${kind} (${count})`);
console.log("the longest nodes:");
for (const { kind, shape, ms } of timed.sort((a, b) => b.ms - a.ms).slice(0, shown))
  console.log(`${ms.toFixed(1).padStart(9)} ms  ${kind} ${shape}`);
