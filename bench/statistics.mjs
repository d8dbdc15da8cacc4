// A network's inference with each tile's own statistics of normalisation, and with those of a tomogram, in turns.
//
//   node bench/statistics.mjs [--net baseline] [--shapes 64,64,64/96,96,96] [--threads 1] [--rounds 7]
//
// Needs dist/ (npm run build). Prints medians in ms, and µs a voxel, by tile.
import { parseArgs } from "node:util";
import { median } from "../dist/bench/medians.js";
import { loadEngine } from "../dist/engines/load.js";
import { withTomogramStatistics } from "../dist/infer/predict/statistics.js";
import { loadNetwork } from "../dist/nets/library/catalogue.js";
import { initialWeights, layOut, namedWeights } from "../dist/nets/weights.js";

const text = (value) => ({ type: "string", default: value });
const { values } = parseArgs({
  options: { net: text("baseline"), shapes: text("64,64,64/96,96,96"), threads: text("1"), rounds: text("7") },
});
const [threads, rounds] = [Number(values.threads), Number(values.rounds)];
const network = await loadNetwork({ architecture: values.net, outputs: 7 });
const layout = layOut(network.parameters);
const weights = namedWeights(layout, initialWeights(layout, 0));
const engine = await loadEngine("onnx-cpu");
const noise = (count) => Float32Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898) * 1.4);

for (const shape of values.shapes.split("/")) {
  const patch = shape.split(",").map(Number);
  const voxels = patch.reduce((a, b) => a * b);
  const tile = noise(voxels);
  const small = [64, 64, 64];
  const fitted = await withTomogramStatistics(engine, {
    ...{ network, weights, patch: small, threads },
    tiles: [noise(64 ** 3)],
  });
  const options = { patch, threads, activation: "softmax", offsets: 0 };
  const loaded = {
    tile: await engine.load({ network, weights, ...options }),
    tomogram: await engine.load({ ...fitted, ...options }),
  };
  const times = { tile: [], tomogram: [] };
  for (let round = 0; round <= rounds; round++)
    for (const [kind, each] of Object.entries(loaded)) {
      const begun = performance.now();
      await each.run(tile);
      if (round > 0) times[kind].push(performance.now() - begun);
    }
  const each = Object.entries(times).map(([kind, all]) => {
    const ms = median(all);
    return `${kind} ${ms.toFixed(0)} ms, ${((1000 * ms) / voxels).toFixed(3)} µs a voxel`;
  });
  const ratios = times.tomogram.map((ms, at) => ms / times.tile[at]);
  console.log(`${shape}: ${each.join("; ")}; ratio ${median(ratios).toFixed(2)}`);
  for (const one of Object.values(loaded)) await one.close();
}
