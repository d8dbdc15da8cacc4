/** What is measured on cards beside single steps: a tomogram whose size fits the time, and data to train on. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { simulateDataset } from "../../data/simulate/simulateDataset.js";
import { type Shape3, voxelCount } from "../../domain/volume.js";

/** Sizes of a scaled tomogram are multiples of this, and at least as large. */
const step = 16;

/** Scales a shape down, all its axes alike, to at most so many voxels, but not below 16×16×16. */
export function scaledShape(most: Shape3, voxels: number): Shape3 {
  const factor = Math.min(1, Math.cbrt(voxels / voxelCount(most)));
  if (factor === 1) return most;
  return most.map((length) =>
    Math.min(length, Math.max(step, Math.floor((length * factor) / step) * step)),
  ) as unknown as Shape3;
}

/** An experiment and its data. */
export interface TrainedSubject {
  readonly experiment: string;
  readonly data: string;
  readonly steps: number;
}

const largestPhantom: Shape3 = [48, 160, 160];
/** As small as a few particles have room in. */
const smallestPhantom: Shape3 = [40, 64, 64];

/**
 * Writes three phantoms and an experiment on them of fixed steps, the whole chain: training, thresholds on one, picks and
 * score on another.
 */
export async function writeTrained(
  folder: string,
  { net, size, steps, most }: { net: string; size: number; steps: number; most: Shape3 | undefined },
): Promise<TrainedSubject> {
  const shape = largestPhantom.map((length, axis) =>
    Math.max(smallestPhantom[axis]!, Math.min(length, most?.[axis] ?? length)),
  ) as unknown as Shape3;
  const data = join(folder, "phantoms");
  const counts = new Map([
    ...["beta-amylase", "beta-galactosidase", "thyroglobulin", "virus-like-particle"].map(
      (type) => [type, 0] as const,
    ),
    ["apo-ferritin", 2] as const,
  ]);
  await simulateDataset({
    out: data,
    runs: 3,
    shape,
    spacing: 10,
    seed: 0,
    part: "train",
    flat: true,
    counts,
  });
  const patch = shape.map((length) => Math.min(length, size));
  const experiment = join(folder, "card.yaml");
  const settings = {
    name: "card",
    network: net,
    splits: { train: 1, tune: 1, holdout: 1 },
    types: ["apo-ferritin"],
    patch: { shape: patch, batch: 1 },
    loss: [{ kind: "crossEntropy", backgroundWeight: 0.1 }],
    evaluate: { times: 0 },
    watch: { share: 0 },
    predict: { tile: shape.map((length) => Math.min(length, Math.max(32, 2 * size))), overlap: 8 },
    picking: { thresholds: [0.1, 0.3], minVolumes: [0.05] },
    budget: `${steps} steps`,
  };
  await writeFile(experiment, JSON.stringify(settings));
  return { experiment, data, steps };
}
