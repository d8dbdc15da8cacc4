/** Writes what is segmented of a run, and what the files mean. */

import { join } from "node:path";
import { voxelVolume } from "../../domain/volume.js";
import { ownUserId } from "../../formats/copickPicks.js";
import { createOmeZarr } from "../../formats/zarr/writer.js";
import {
  copickPath,
  createProbabilities,
  type ProbabilityFormat,
  type ProbabilityTarget,
  probabilityPaths,
} from "../../infer/predict/probabilityFiles.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, writeWhole } from "../../system/files.js";
import { readText } from "../../system/paths/opening.js";
import { ownVersion } from "../../system/version.js";
import { rgbOf } from "../set/colours.js";
import { featureSetHash, setForFolder } from "../set/featureSet.js";
import type { FeatureSet } from "../set/schema.js";
import type { Conditioned } from "./conditioned.js";
import type { Measure } from "./ledger.js";
import { describeFeatures, type FoundRun, type Sources } from "./sources.js";

/** How conditioned maps are written. */
export type MapsForm = Pick<ProbabilityTarget, "session" | "zarr" | "voxels"> & {
  readonly format: ProbabilityFormat;
};

/** What is written, and where to. */
export interface WriteRequest {
  readonly set: FeatureSet;
  readonly sources: Pick<Sources, "models">;
  readonly out: string;
  readonly form: MapsForm;
  /** Whether to write one identity a voxel too. */
  readonly labels: boolean;
  readonly overwrite: boolean;
}

const configurationName = "features.json";

const targetOf = ({ set, out, form }: WriteRequest, found: FoundRun): ProbabilityTarget => {
  const names = set.features.map(({ name }) => name);
  const { run, shape, spacing, voxelSpacing } = found;
  const { format: _, ...rest } = form;
  return {
    ...rest,
    folder: out,
    run,
    types: names,
    features: names,
    particles: [],
    shape,
    spacing,
    voxelSpacing,
  };
};

/** Lists the files of a run, before any is written. */
export const filesOf = (request: WriteRequest, found: FoundRun): string[] => [
  ...probabilityPaths(request.form.format, targetOf(request, found)),
  ...(request.labels ? [labelsPath(request, found)] : []),
];

/** Path of a run's identities, in copick's layout whatever the maps' format is. */
const labelsPath = ({ out, form }: WriteRequest, { run, voxelSpacing }: FoundRun): string =>
  copickPath({ folder: out, run, voxelSpacing, session: form.session }, "features", "-multilabel");

/** Writes a run's conditioned maps; returns how much of it lies above each feature's threshold. */
export async function writeMaps(
  request: WriteRequest,
  found: FoundRun,
  conditioned: Conditioned,
): Promise<Record<string, Measure>> {
  const { set } = request;
  const counts = new Map<string, number>();
  const files = await createProbabilities(request.form.format, targetOf(request, found));
  try {
    await conditioned.eachSlab(async ({ zStart, values }) => {
      for (const { name, threshold } of set.features) {
        let count = counts.get(name) ?? 0;
        const above = Math.fround(threshold);
        for (const value of values.get(name)!) if (value > above) count++;
        counts.set(name, count);
      }
      await files.writeSlab(zStart, values);
    });
    await files.close();
  } catch (error) {
    await files.discard();
    throw error;
  }
  return measures(counts, found);
}

/** Writes a run's identities; returns how many voxels each feature has, and none. */
export async function writeLabels(
  request: WriteRequest,
  found: FoundRun,
  conditioned: Conditioned,
): Promise<Record<string, Measure>> {
  const { set, form } = request;
  const { shape, spacing } = found;
  const counts = new Float64Array(set.features.length + 1);
  const writer = await createOmeZarr(labelsPath(request, found), {
    ...{ shape, spacing, format: form.zarr, voxelType: "uint8", downsampling: "nearest" },
  });
  try {
    await conditioned.eachLabels(async (zStart, labels) => {
      for (const label of labels) counts[label] = counts[label]! + 1;
      await writer.writeSlab(zStart, Float32Array.from(labels));
    });
    await writer.close();
  } catch (error) {
    await writer.discard();
    throw error;
  }
  const names = ["unknown", ...set.features.map(({ name }) => name)];
  return measures(new Map(names.map((name, label) => [name, counts[label]!])), found);
}

function measures(
  counts: ReadonlyMap<string, number>,
  { shape, spacing }: FoundRun,
): Record<string, Measure> {
  const all = shape[0] * shape[1] * shape[2];
  const voxel = voxelVolume(spacing);
  return Object.fromEntries(
    [...counts].map(([name, voxels]) => [name, { voxels, volume: voxels * voxel, share: voxels / all }]),
  );
}

/**
 * Writes what the maps and labels mean: a copick configuration's objects, with colours and hashes, and the set in full.
 *
 * @throws PickbenchError BadUsage where the folder holds maps of another set
 */
export async function writeConfiguration(request: WriteRequest): Promise<string> {
  const { sources, out, overwrite, form } = request;
  const path = join(out, configurationName);
  const set = setForFolder(request.set, out);
  const features = describeFeatures(set, sources.models);
  const objects = set.features.map(({ name, picking }, at) => ({
    name,
    is_particle: picking !== undefined,
    label: at + 1,
    color: [...rgbOf(String(features[at]!.colour)), 255],
    radius: null,
  }));
  const text = `${canonicalJson({
    config_type: "filesystem",
    name: "features",
    version: "1.0.0",
    user_id: ownUserId,
    session_id: form.session,
    overlay_root: "local://.",
    pickable_objects: objects,
    pickbench: {
      format: "pickbench features 1",
      version: ownVersion(),
      features,
      set,
      hash: featureSetHash(set),
    },
  })}\n`;
  const there = await readText(path).catch(() => undefined);
  if (there === text) return path;
  if (there !== undefined && !overwrite)
    throw new PickbenchError(
      "BadUsage",
      `${out} holds maps of another feature set, or of other models, as ${path} says; give another --out, or --overwrite`,
      { path },
    );
  await writeWhole(path, text);
  return path;
}
