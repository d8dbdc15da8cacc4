// A process of its own: breaks off a training thread's second step ("close"), or ends while it goes on ("exit", with
// code 7), that many ms after its begin.
import { startThread } from "../../dist/system/threads/threads.js";

const [how, delay] = process.argv.slice(2);
const patch = [32, 64, 64];
const voxels = 32 * 64 * 64;
const thread = startThread(new URL("../../dist/train/fit/trainWorker.js", import.meta.url));
const step = (number) =>
  thread.call("step", {
    batch: {
      input: new Float32Array(voxels).map((_, at) => Math.sin(at)),
      target: new Float32Array(2 * voxels).fill(1, 0, voxels),
      weight: new Float32Array(voxels).fill(1),
    },
    step: number,
    rate: 1e-3,
    averageDecay: 0.5,
  });
const optimiser = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clipNorm: 1 };
const network = { architecture: "plain", outputs: 2 };
await thread.call("open", {
  engine: "onnx-cpu",
  spec: { network, optimiser, samples: 1, patch, seed: 1, threads: 2 },
  losses: [{ kind: "crossEntropy" }],
  activation: "softmax",
  offsetWeight: null,
});
await step(0);
const second = step(1).catch((error) => console.log(error.message));
await new Promise((resolve) => setTimeout(resolve, Number(delay)));
if (how === "exit") process.exit(7);
await thread.close();
await second;
