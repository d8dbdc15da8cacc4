// Simulates data sets, for programs that import pickbench.

import { rootsOf, type SimulatedRun, simulateDataset as simulate } from "../data/simulate/simulateDataset.js";
import type { Shape3 } from "../domain/volume.js";
import { PickbenchError } from "../system/errors.js";
import type { Reporter } from "../system/reporter.js";

/** How a data set is simulated. */
export interface SimulateOptions {
  /** Number of tomograms; 5 by default. */
  readonly runs?: number;
  /** Voxels along z, y, x; 96 × 256 × 256 by default, no edge shorter than 400 Å. */
  readonly shape?: Shape3;
  /** Å per voxel, 4 to 25; 10.012 by default, as in the challenge. */
  readonly spacing?: number;
  /** The same seed gives the same bytes; 0 by default. */
  readonly seed?: number;
  /** `train`, the default, has its picks beside its tomograms; the truth of `test` goes into the folder `truth`. */
  readonly part?: "train" | "test";
  /** Particles of a type per tomogram, by the particle's name; the others are drawn. */
  readonly counts?: ReadonlyMap<string, number>;
  /** Noise relative to the challenge's tomograms; 1 by default, 0 is none. */
  readonly noise?: number;
  /** Replaces phantoms that an earlier call left there. */
  readonly overwrite?: boolean;
  /** Hears of each tomogram that is done. */
  readonly reporter?: Reporter | undefined;
}

/** A data set that was simulated. */
export interface SimulatedDataset {
  /** The folder of the tomograms. */
  readonly staticRoot: string;
  /** The folder of the picks. */
  readonly overlayRoot: string;
  readonly runs: readonly SimulatedRun[];
}

/** Å that an edge must have at least for the largest particle to fit into the ice. */
const leastEdge = 400;

/**
 * Simulates a data set of tomograms with known particles in a folder, one tomogram per worker thread at a time;
 * `openDataset` opens the folder.
 *
 * @throws BadUsage where an option is out of its range or the folder holds other data
 */
export async function simulateDataset(out: string, options: SimulateOptions = {}): Promise<SimulatedDataset> {
  const settings = {
    ...{ out, runs: 5, shape: [96, 256, 256] as const, spacing: 10.012444196428572, seed: 0 },
    part: "train" as const,
    ...options,
  };
  check("runs", settings.runs, 1, 10_000, true);
  check("spacing", settings.spacing, 4, 25);
  check("seed", settings.seed, 0, 2 ** 32, true);
  for (const size of settings.shape)
    check("shape", size, Math.ceil(leastEdge / settings.spacing), 2048, true);
  const runs = await simulate(settings);
  return { ...rootsOf(settings), runs };
}

function check(name: string, value: number, least: number, greatest: number, isWhole = false): void {
  if (value >= least && value <= greatest && (!isWhole || Number.isInteger(value))) return;
  throw new PickbenchError(
    "BadUsage",
    `${name} is ${value}, wanted ${isWhole ? "whole numbers" : "a number"} from ${least} to ${greatest}`,
  );
}
