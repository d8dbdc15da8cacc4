/** Ais's training sets as volumes, masks and an experiment that trains on them. */

import { join } from "node:path";
import { stringify } from "yaml";
import { unknown } from "../../domain/maskValues.js";
import { angstrom } from "../../domain/units.js";
import { openScnt, type ScntBox, type TrainingSet } from "../../formats/ais/scnt.js";
import { createMrc } from "../../formats/mrc/writer.js";
import { writeVolume } from "../../formats/voxelTypes.js";
import { PickbenchError } from "../../system/errors.js";
import { writeFolderWhole, writeWhole } from "../../system/files.js";
import { inside, nameFault } from "../../system/paths/names.js";
import { experimentNameOf } from "../experiment/experimentName.js";

/** What a training set became. */
export interface ImportedSet {
  readonly feature: string;
  readonly boxes: number;
  readonly boxSize: number;
  readonly boxDepth: number;
  /** Å per pixel. */
  readonly spacing: number;
  /** Runs, one a tomogram, with their numbers of boxes. */
  readonly runs: readonly { readonly name: string; readonly boxes: number }[];
  /** Reconstructions, the annotated one first. */
  readonly tomograms: readonly string[];
  /** Kinds of input that lacked boxes, and were left out. */
  readonly leftOut: readonly string[];
}

/** Planes at least of a run's volume, and of the patches that are drawn from it. */
const leastPlanes = 8;

/**
 * Writes a training set as a data set: for each tomogram a run whose volumes are its boxes, one behind the other along z,
 * and a mask of the same grid that is known in the boxes' labelled planes alone; and an experiment that trains on them.
 *
 * @param folder is written whole or not at all
 * @param name of the feature; the set's own, if absent, where it has one
 * @throws PickbenchError BadDataset where the set is damaged, BadUsage where its feature has no one name
 */
export async function importSet(path: string, folder: string, name?: string): Promise<ImportedSet> {
  const set = await openScnt(path);
  try {
    const feature = featureOf(path, set, name);
    const groups = grouped(set.boxes);
    const tomograms = set.flavours.map((flavour) => flavour.slice("x_".length));
    const runs = [...groups].map(([run, boxes]) => ({ name: run, boxes: boxes.length }));
    const { box_size: boxSize, box_depth: boxDepth, apix: spacing } = set.metadata;
    const imported: ImportedSet = {
      feature,
      boxes: set.boxes.length,
      boxSize,
      boxDepth,
      spacing,
      runs,
      tomograms,
      leftOut: set.partial,
    };
    await writeFolderWhole(folder, async (partial) => {
      for (const [run, boxes] of groups) await writeRun(set, partial, run, boxes);
      await writeWhole(join(partial, "experiment.yaml"), experimentOf(imported));
    });
    return imported;
  } finally {
    await set.close();
  }
}

function featureOf(path: string, { metadata }: TrainingSet, given: string | undefined): string {
  const [only, ...others] = metadata.features;
  const name = given ?? (others.length === 0 ? only : undefined);
  if (name === undefined)
    throw new PickbenchError(
      "BadUsage",
      `${path}: its labels are of ${metadata.features.length === 0 ? "no named feature" : metadata.features.join(", ")} together; give --name for what is learned`,
      { path },
    );
  const fault = nameFault(name);
  if (fault === undefined) return name;
  throw new PickbenchError(
    "BadUsage",
    `${path}: its feature ${JSON.stringify(name)} cannot be a file's name (${fault}); give --name`,
    { path },
  );
}

/** Groups boxes by tomogram, whose name becomes the run's. */
function grouped(boxes: readonly ScntBox[]): ReadonlyMap<string, readonly ScntBox[]> {
  const groups = new Map<string, { readonly name: string; readonly boxes: ScntBox[] }>();
  const names = new Set<string>();
  for (const box of boxes) {
    const known = groups.get(box.tomogram);
    if (known) {
      known.boxes.push(box);
      continue;
    }
    const plain = box.tomogram.replace(/[^A-Za-z0-9._-]/g, "-").replace(/^[.-]+|[.]+$/g, "");
    let free = plain;
    for (let at = groups.size + 1; nameFault(free) !== undefined || names.has(free); at++) free = `set${at}`;
    names.add(free);
    groups.set(box.tomogram, { name: free, boxes: [box] });
  }
  return new Map([...groups.values()].map(({ name, boxes: own }) => [name, own]));
}

async function writeRun(
  set: TrainingSet,
  folder: string,
  run: string,
  boxes: readonly ScntBox[],
): Promise<void> {
  const { box_size: size, box_depth: depth, apix } = set.metadata;
  const origin = { what: "tomogram", remedy: "rename it in Ais" };
  const each = angstrom(apix);
  const planes = Math.max(leastPlanes, boxes.length * depth);
  const options = { shape: [planes, size, size] as const, spacing: [each, each, each] as const };
  for (const flavour of set.flavours) {
    const path = inside(folder, ["volumes", run, `${flavour.slice("x_".length)}.mrc`], origin);
    await stack(path, options, boxes, (box) => set.image(flavour, box), depth);
  }
  const label = async (box: ScntBox): Promise<Float32Array> => {
    const values = new Float32Array(depth * size * size).fill(unknown);
    values.set(await set.label(box), Math.floor(depth / 2) * size * size);
    return values;
  };
  const path = inside(folder, ["masks", `${run}.mrc`], origin);
  await stack(path, { ...options, mode: 0 }, boxes, label, depth, unknown);
}

/** Writes boxes one behind the other; planes that are left are the last box's, or of one value. */
async function stack(
  path: string,
  options: Parameters<typeof createMrc>[1],
  boxes: readonly ScntBox[],
  read: (box: ScntBox) => Promise<Float32Array>,
  depth: number,
  fill?: number,
): Promise<void> {
  const writer = await createMrc(path, options);
  const [planes, height, width] = options.shape;
  await writeVolume(writer, async () => {
    let z = 0;
    let last = new Float32Array(0);
    for (const box of boxes) {
      last = (await read(box)) as Float32Array<ArrayBuffer>;
      await writer.writeSlab(z, last);
      z += depth;
    }
    const plane = last.slice(-height * width);
    if (fill !== undefined) plane.fill(fill);
    for (; z < planes; z++) await writer.writeSlab(z, plane);
  });
}

/** Divisor of the sizes that the drafted network takes. */
const multiple = 4;
const largestPatch = 64;

function experimentOf({ feature, boxSize, boxDepth, runs, tomograms }: ImportedSet): string {
  const side = Math.max(multiple, Math.floor(Math.min(boxSize, largestPatch) / multiple) * multiple);
  const [tune, holdout] = [runs.length > 1 ? 1 : 0, runs.length > 2 ? 1 : 0];
  const experiment = {
    name: experimentNameOf(feature, "-of-ais"),
    network: boxDepth === 1 ? "unet" : { architecture: "unet", slices: boxDepth },
    data: { tomogram: tomograms[0], ...(tomograms.length > 1 ? { trainOn: tomograms } : {}) },
    splits: { train: "rest", tune, holdout },
    types: [],
    features: [{ name: feature, masks: "masks/{run}.mrc", ignore: unknown }],
    patch: { shape: [leastPlanes, side, side] },
    loss: [{ kind: "binaryCrossEntropy" }],
    budget: "20m",
  };
  const head = [
    "Trains on an Ais training set: boxes lie one behind the other along z, and what nobody labelled is unknown.",
    `pickbench train experiment.yaml --data volumes`,
  ];
  return `${head.map((line) => `# ${line}\n`).join("")}${stringify(experiment)}`;
}
