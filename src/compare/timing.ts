/** Inference times of networks, measured here and published for Ais. */
import { alternatingMedians } from "../bench/medians.js";
import { openInference } from "../bench/training.js";
import type { Shape3 } from "../domain/volume.js";
import type { EngineName } from "../engines/engine.js";
import { loadNetwork } from "../nets/library/catalogue.js";
import { fitted } from "./entrant.js";

/** Inference times of a network with one output and its initial weights. */
export interface NetworkTimes {
  /** Milliseconds per slice of 511×720 voxels, the size in Ais's table. */
  readonly sliceMs: number;
  /** Milliseconds per patch of 64³ voxels. */
  readonly patchMs: number;
}

/**
 * Times a network. A size is rounded up to one that the network takes; the time is that of the computed size, per
 * slice.
 *
 * @param runs how often each size is timed; the median counts
 */
export async function timeNetwork(
  architecture: string,
  engine: EngineName,
  threads: number,
  runs = 3,
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

/**
 * A row of Ais's own table, measured on a Quadro P2200 (Last et al., eLife 2024, Table 1): another machine, other data
 * and another task, shown beside ours so that the order of the times can be compared.
 */
export interface PublishedRow {
  readonly parameters: number;
  readonly trainSeconds: number;
  /** Milliseconds per slice of 511×720 pixels. */
  readonly sliceMs: number;
  /** Binary cross entropy on Ais's validation images. */
  readonly loss: { readonly membrane: number; readonly carbon: number; readonly antibody: number };
}

const row = (
  parameters: number,
  trainSeconds: number,
  sliceMs: number,
  [membrane, carbon, antibody]: readonly [number, number, number],
): PublishedRow => ({ parameters, trainSeconds, sliceMs, loss: { membrane, carbon, antibody } });

/** Ais's table by architecture. */
export const aisTable: Readonly<Record<string, PublishedRow>> = {
  eman2: row(378_081, 38, 50, [0.044, 0.072, 0.01]),
  inceptionnet: row(550_529, 462, 295, [0.046, 0.12, 0.008]),
  unet: row(922_881, 132, 110, [0.013, 0.007, 0.001]),
  vggnet: row(1_493_059, 91, 85, [0.011, 0.125, 0.013]),
  resnet: row(4_887_265, 1533, 980, [0.047, 0.06, 0.014]),
  pix2pix: row(29_249_409, 793, 225, [0.05, 0.129, 0.016]),
};
