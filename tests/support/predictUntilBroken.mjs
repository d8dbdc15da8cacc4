// A process of its own: predicts until its second slab is refused, while the next row of tiles is computed, and then
// closes the predictor ("close") or ends ("exit", with code 7) that many ms later.
import { openPredictor } from "../../dist/infer/predict/predictor.js";
import { buildNetwork } from "../../dist/nets/architecture.js";
import { architectureNamed } from "../../dist/nets/library/catalogue.js";
import { initialWeights, layOut, namedWeights } from "../../dist/nets/weights.js";

const [how, delay] = process.argv.slice(2);
const layout = layOut(buildNetwork(architectureNamed("plain"), { outputs: 1 }).parameters);
const weights = namedWeights(layout, initialWeights(layout, 0));
const network = { network: { architecture: "plain", outputs: 1 }, activation: "sigmoid", weights };
const predictor = await openPredictor([{ ...network, channels: ["a"], radii: null }], {
  tile: [32, 64, 64],
  overlap: 8,
  flips: false,
  rotations: false,
  engine: "onnx-cpu",
  threads: 2,
});
const shape = [96, 128, 128];
const data = new Float32Array(96 * 128 * 128).map((_, at) => Math.sin(at));
let slabs = 0;
try {
  await predictor.predict({ data, shape, spacing: [10, 10, 10] }, () => {
    if (++slabs === 2) throw new Error("the disk is full");
  });
} catch (error) {
  console.log(error.message);
}
await new Promise((resolve) => setTimeout(resolve, Number(delay)));
if (how === "exit") process.exit(7);
await predictor.close();
console.log("closed");
