// Simulates data sets, for programs that import pickbench.

import { type CellFeature, cellFeatures } from "../data/simulate/cell/features.js";
import { edgeRange, isWithin, type Range, simulationRanges } from "../data/simulate/ranges.js";
import { defaultRanges, readRanges, withFixed } from "../data/simulate/rangesFile.js";
import { rootsOf, type SimulatedRun, simulateDataset as simulate } from "../data/simulate/simulateDataset.js";
import { challengeParticles } from "../domain/particles.js";
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
  /** YAML file of ranges from which each tomogram's imaging is drawn; wide ones by default. */
  readonly ranges?: string;
  /** Noise relative to the dose's shot noise, over the ranges'; 0 is none. */
  readonly noise?: number;
  /** Writes the reconstructions of the even and of the odd tilts too, `wbp-even` and `wbp-odd`. */
  readonly halves?: boolean;
  /**
   * `cell` puts the particles among membranes, filaments, gold, carbon and ice, and writes a segmentation of each; in a
   * `solution`, the default, they are alone with other proteins.
   */
  readonly scene?: "solution" | "cell";
  /** Features of every cell; by default all, each in most cells. */
  readonly features?: readonly CellFeature[];
  /** Share of a cell's cytosol that is small proteins, 0 to 0.25; drawn by default. */
  readonly crowding?: number;
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
  checkSettings(settings);
  const { scene, features, noise, crowding } = options;
  const drawn = options.ranges === undefined ? defaultRanges : await readRanges(options.ranges);
  const ranges = withFixed(drawn, { noise, crowding });
  const cell = scene === "cell" ? { cell: features === undefined ? {} : { features } } : {};
  const made = { ...settings, ranges, ...cell };
  const runs = await simulate(made);
  return { ...rootsOf(made), runs };
}

function checkSettings(
  settings: Required<Pick<SimulateOptions, "runs" | "spacing" | "seed" | "shape">> & SimulateOptions,
): void {
  const { runs, spacing, seed, shape, counts = new Map<string, number>(), noise } = settings;
  check("runs", runs, simulationRanges.runs);
  check("spacing", spacing, simulationRanges.spacing);
  check("seed", seed, simulationRanges.seed);
  for (const size of shape) check("shape", size, edgeRange(spacing));
  for (const [type, count] of counts) {
    checkType(type);
    check(`counts of ${type}`, count, simulationRanges.count);
  }
  if (noise !== undefined) check("noise", noise, simulationRanges.noise);
  checkCell(settings);
}

function checkCell({ scene = "solution", features, crowding }: SimulateOptions): void {
  if (scene !== "solution" && scene !== "cell")
    throw new PickbenchError("BadUsage", `scene is ${String(scene)}, wanted solution or cell`);
  const given = features !== undefined ? "features" : crowding !== undefined ? "crowding" : undefined;
  if (scene === "solution" && given !== undefined)
    throw new PickbenchError("BadUsage", `${given} is of cells alone: add scene: "cell", or leave it out`);
  for (const feature of features ?? [])
    if (!cellFeatures.includes(feature))
      throw new PickbenchError(
        "BadUsage",
        `features has ${feature}, wanted some of ${cellFeatures.join(", ")}`,
      );
  if (crowding !== undefined) check("crowding", crowding, simulationRanges.crowding);
}

function check(name: string, value: number, range: Range): void {
  if (isWithin(value, range)) return;
  const { least, greatest, isWhole } = range;
  throw new PickbenchError(
    "BadUsage",
    `${name} is ${value}, wanted ${isWhole ? "whole numbers" : "a number"} from ${least} to ${greatest}`,
  );
}

function checkType(type: string): void {
  const names = challengeParticles.map(({ name }) => name);
  if (names.includes(type)) return;
  throw new PickbenchError("BadUsage", `counts has ${type}, wanted one of ${names.join(", ")}`);
}
