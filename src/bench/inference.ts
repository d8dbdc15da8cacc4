import type { EngineName } from "../engines/engine.js";
import { loadEngine } from "../engines/load.js";
import { loadNetwork, type NetworkSpec } from "../nets/catalogue.js";
import { initialWeights, layOut, namedWeights } from "../nets/weights.js";
import { randomFor } from "../random.js";
import { type Shape3, voxelCount } from "../volume.js";

/** One piece of work to be timed, and what it holds. */
export interface Workload {
  run(): Promise<void>;
  release(): Promise<void>;
}

/** Grey values as a normalised tomogram has them. */
export function noise(patch: Shape3): Float32Array {
  const random = randomFor(0, "bench/image");
  return Float32Array.from({ length: voxelCount(patch) }, () => random.normal());
}

/** A network with its first weights, run on one patch. */
export async function openInference(
  spec: NetworkSpec,
  patch: Shape3,
  threads: number,
  engineName: EngineName = "onnx-cpu",
): Promise<Workload> {
  const engine = await loadEngine(engineName);
  const network = await loadNetwork(spec);
  const layout = layOut(network.parameters);
  const weights = namedWeights(layout, initialWeights(layout, 0));
  const loaded = await engine.load({ network, weights, activation: "none", offsets: 0, patch, threads });
  const image = noise(patch);
  return {
    async run() {
      await loaded.run(image);
    },
    release: () => loaded.close(),
  };
}
