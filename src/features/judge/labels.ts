/** Identities that `segment --labels` wrote. The room `judge` holds identities against true masks. */

import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { z } from "zod";
import { findRun } from "../../data/dataset.js";
import { featuresOf } from "../../data/masks/features.js";
import { readMask } from "../../data/masks/read.js";
import type { Dataset, TomogramReader } from "../../data/model.js";
import type { Position } from "../../domain/units.js";
import { voxelVolume } from "../../domain/volume.js";
import { parseJson } from "../../formats/json.js";
import { openProbabilities } from "../../infer/predict/probabilityStores.js";
import { type IdentityConfusion, IdentityCounter } from "../../score/masks/identities.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { slashed } from "../../system/paths/home.js";
import { readText } from "../../system/paths/opening.js";
import { readRecord } from "../segment/ledger.js";

/** A folder of identities: features by label, and a volume of labels a run. */
export interface LabelFolder {
  /** Names of features, whose labels are 1, 2, … in this order. */
  readonly names: readonly string[];
  /** Runs with the path of each one's labels. */
  readonly runs: ReadonlyMap<string, string>;
}

const configurationSchema = z.looseObject({
  pickable_objects: z.array(z.looseObject({ name: z.string(), label: z.number().int().positive() })).min(1),
  pickbench: z.looseObject({ hash: z.string() }),
});

/**
 * Opens what `segment --labels` wrote.
 *
 * @throws PickbenchError BadDataset where it is none, has no labels, or has some of another set than `features.json` describes
 */
export async function openLabels(folder: string): Promise<LabelFolder> {
  const path = join(folder, "features.json");
  const bad = (what: string, cause?: unknown) =>
    new PickbenchError(
      "BadDataset",
      `${folder}: ${what}; wanted a folder that pickbench segment --labels wrote`,
      {
        path: folder,
        cause,
      },
    );
  const text = await readText(path).catch((error: unknown) => {
    throw bad(`its features.json cannot be read (${messageOf(error)})`, error);
  });
  const parsed = configurationSchema.safeParse(parseJson(text, { path }));
  if (!parsed.success) throw bad("its features.json names no labels", parsed.error);
  const names = parsed.data.pickable_objects.map(({ name }) => name);
  if (parsed.data.pickable_objects.some(({ label }, at) => label !== at + 1))
    throw bad("its labels are not 1, 2, … in order");
  const runs = new Map<string, string>();
  for (const run of (await readdir(join(folder, "ExperimentRuns")).catch(() => [])).sort()) {
    const inside = join(folder, "ExperimentRuns", run, "Segmentations");
    const found = (await readdir(inside).catch(() => [])).filter((name) =>
      name.endsWith("_features-multilabel.zarr"),
    );
    if (found.length > 1) throw bad(`run ${run} has labels of several sessions`);
    if (found[0] === undefined) continue;
    const own = join(inside, found[0]);
    const record = await readRecord(folder, run);
    if (!record?.files.includes(slashed(relative(folder, own))) || record.set !== parsed.data.pickbench.hash)
      throw new PickbenchError(
        "BadDataset",
        `${own}: unfinished, or of another feature set than ${path} describes; segment ${run} again with --labels --overwrite`,
        { path: own },
      );
    runs.set(run, own);
  }
  if (runs.size === 0) throw bad("it holds no labels");
  return { names, runs };
}

/** Returns the name of what a label means. */
export const nameOfLabel = ({ names }: Pick<LabelFolder, "names">, label: number): string =>
  label === 0 ? "unknown" : names[label - 1]!;

/** Returns, for each run with labels, the name of what lies at a position in Å; "outside" beyond the volume. */
export async function placesIn(
  labels: LabelFolder,
  runs: readonly string[],
): Promise<ReadonlyMap<string, (position: Position) => string>> {
  const places = new Map<string, (position: Position) => string>();
  for (const run of runs) {
    const path = labels.runs.get(run);
    if (path === undefined) continue;
    const { data, shape, spacing } = await readLabels(labels, path);
    const bytes = Uint8Array.from(data);
    places.set(run, ({ x, y, z }) => {
      const at = [z / spacing[0], y / spacing[1], x / spacing[2]].map(Math.floor);
      if (at.some((index, axis) => index < 0 || index >= shape[axis]!)) return "outside";
      return nameOfLabel(labels, bytes[(at[0]! * shape[1] + at[1]!) * shape[2] + at[2]!]!);
    });
  }
  return places;
}

/** Labels of a run, all in memory. */
export interface Labels extends Pick<TomogramReader, "shape" | "spacing" | "ref"> {
  readonly data: Float32Array;
}

/** Reads a run's labels. @throws PickbenchError BadDataset for a voxel that is no feature's label */
export async function readLabels({ names }: Pick<LabelFolder, "names">, path: string): Promise<Labels> {
  const { reader } = await openProbabilities(path);
  const { data } = await reader.readAll();
  const wrong = data.find((label) => !Number.isInteger(label) || label < 0 || label > names.length);
  if (wrong === undefined) return { ...reader, data };
  throw new PickbenchError(
    "BadDataset",
    `${path}: holds ${wrong}, wanted labels from 0 to ${names.length}, as its features.json says; segment it again`,
    { path },
  );
}

/**
 * Counts what voxels of each true mask were taken for, over runs that both have.
 *
 * @throws PickbenchError BadDataset where no run has a mask of a feature
 */
export async function judgeLabels(
  labels: LabelFolder,
  dataset: Dataset,
  asked: readonly string[] | undefined,
): Promise<
  IdentityConfusion & { readonly runs: readonly string[]; readonly withoutTruth: readonly string[] }
> {
  const counter = new IdentityCounter(labels.names);
  const runs =
    asked ?? [...labels.runs.keys()].filter((run) => dataset.runs.some(({ name }) => name === run));
  const judged: string[] = [];
  const known = new Set<string>();
  for (const run of runs) {
    findRun(dataset, run);
    const path = labels.runs.get(run);
    if (path === undefined)
      throw new PickbenchError(
        "BadDataset",
        `no labels of run ${run}; there is ${[...labels.runs.keys()].join(", ")}`,
      );
    const { data, ...grid } = await readLabels(labels, path);
    const masks = new Map<string, Uint8Array>();
    for (const name of labels.names) {
      const mask = await readMask(dataset, run, featuresOf([name])[0]!, grid);
      if (mask) masks.set(name, mask.voxels);
    }
    if (masks.size === 0) continue;
    for (const name of masks.keys()) known.add(name);
    const { spacing } = grid;
    counter.add(data, masks, voxelVolume(spacing));
    judged.push(run);
  }
  if (judged.length === 0)
    throw new PickbenchError(
      "BadDataset",
      `the truth has no mask of ${labels.names.join(", ")} in any run with labels; name features as the masks are named`,
    );
  return {
    ...counter.confusion(),
    runs: judged,
    withoutTruth: labels.names.filter((name) => !known.has(name)),
  };
}
