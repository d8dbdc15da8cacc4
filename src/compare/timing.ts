import { median } from "../bench/medians.js";
import type { EngineName } from "../engines/engine.js";
import { loadEngine } from "../engines/load.js";
import { loadNetwork } from "../nets/catalogue.js";
import { initialWeights, layOut, namedWeights } from "../nets/weights.js";
import { randomFor } from "../random.js";
import type { Shape3 } from "../volume.js";

/** Inference times of a network with one output, its weights as first drawn. */
export interface NetworkTimes {
  /** Milliseconds per slice of 511×720 voxels, the size that Ais reports for. */
  readonly sliceMs: number;
  /** Milliseconds per patch of 64³ voxels. */
  readonly patchMs: number;
}

const slice = [511, 720] as const;
const warmUps = 1;
const runs = 3;

/** A size is rounded up to what the network takes; the time is that of what was computed, per slice that it holds. */
export async function timeNetwork(
  architecture: string,
  engine: EngineName,
  threads: number,
): Promise<NetworkTimes> {
  const spec = { architecture, outputs: 1 };
  const network = await loadNetwork(spec);
  const up = (size: number, axis: 0 | 1 | 2) =>
    Math.ceil(size / network.multiple[axis]) * network.multiple[axis];
  const time = (patch: Shape3) => timePatch(architecture, patch, engine, threads);
  const slices: Shape3 = [network.multiple[0], up(slice[0], 1), up(slice[1], 2)];
  return {
    sliceMs: (await time(slices)) / slices[0],
    patchMs: await time([up(64, 0), up(64, 1), up(64, 2)]),
  };
}

async function timePatch(
  architecture: string,
  patch: Shape3,
  engine: EngineName,
  threads: number,
): Promise<number> {
  const network = await loadNetwork({ architecture, outputs: 1 });
  const layout = layOut(network.parameters);
  const weights = namedWeights(layout, initialWeights(layout, 0));
  const { load } = await loadEngine(engine);
  const loaded = await load({ network, weights, activation: "sigmoid", offsets: 0, patch, threads });
  try {
    const random = randomFor(0, "compare/image");
    const image = Float32Array.from({ length: patch[0] * patch[1] * patch[2] }, () => random.normal());
    const times: number[] = [];
    for (let run = 0; run < warmUps + runs; run++) {
      const from = performance.now();
      await loaded.run(image);
      if (run >= warmUps) times.push(performance.now() - from);
    }
    return median(times);
  } finally {
    await loaded.close();
  }
}
