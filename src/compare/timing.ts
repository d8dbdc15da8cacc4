import { openInference } from "../bench/inference.js";
import { alternatingMedians } from "../bench/medians.js";
import type { EngineName } from "../engines/engine.js";
import { loadNetwork } from "../nets/catalogue.js";
import type { Shape3 } from "../volume.js";
import { fitted } from "./entrant.js";

/** Inference times of a network with one output, its weights as first drawn. */
export interface NetworkTimes {
  /** Milliseconds per slice of 511×720 voxels, the size that Ais reports for. */
  readonly sliceMs: number;
  /** Milliseconds per patch of 64³ voxels. */
  readonly patchMs: number;
}

const runs = 3;

/** A size is rounded up to what the network takes; the time is that of what was computed, per slice that it holds. */
export async function timeNetwork(
  architecture: string,
  engine: EngineName,
  threads: number,
): Promise<NetworkTimes> {
  const spec = { architecture, outputs: 1 };
  const { multiple } = await loadNetwork(spec);
  const time = async (patch: Shape3): Promise<number> => {
    const { run, release } = await openInference(spec, patch, threads, engine);
    return (await alternatingMedians(runs, run, null).finally(release)).ours;
  };
  const slices = fitted([1, 511, 720], multiple);
  return { sliceMs: (await time(slices)) / slices[0], patchMs: await time(fitted([64, 64, 64], multiple)) };
}
