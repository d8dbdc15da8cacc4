/**
 * Segments all features of a set in all runs. The room `segment` brings maps together, applies the set's rules, and writes
 * conditioned maps and identities.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../../data/model.js";
import { ownUserId } from "../../formats/copickPicks.js";
import { createOmeZarr } from "../../formats/zarr/writer.js";
import { openFeatureMap } from "../../infer/maps/featureMaps.js";
import {
  copickPath,
  createProbabilities,
  type ProbabilityFormat,
  type ProbabilityTarget,
  probabilityPaths,
} from "../../infer/predict/probabilityFiles.js";
import { type Dilation, openDilation } from "../../infer/rules/pool.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashOf, writeWhole } from "../../system/files.js";
import { withLock } from "../../system/lock.js";
import { checkedName, checkLinks, inside } from "../../system/paths/names.js";
import { readText } from "../../system/paths/opening.js";
import { checkFree } from "../../system/paths/overwriting.js";
import type { Reporter } from "../../system/reporter.js";
import { ownVersion } from "../../system/version.js";
import { rgbOf } from "../set/colours.js";
import { featureSetHash, setForFolder } from "../set/featureSet.js";
import type { FeatureSet } from "../set/schema.js";
import { type Conditioned, conditionRun, type RawRun } from "./conditioned.js";
import { findRecord, type Measure, type SegmentedRun, writeRecord } from "./ledger.js";
import { rawMaps } from "./modelMaps.js";
import { describeFeatures, type FoundRun, type Sources } from "./sources.js";

/** How conditioned maps are written. */
export type MapsForm = Pick<ProbabilityTarget, "session" | "zarr" | "voxels"> & {
  readonly format: ProbabilityFormat;
};

/** What to segment, and where to. */
export interface SegmentRequest {
  readonly set: FeatureSet;
  readonly sources: Sources;
  readonly dataset: Dataset | undefined;
  readonly out: string;
  readonly form: MapsForm;
  /** Whether to write one identity a voxel too. */
  readonly labels: boolean;
  readonly overwrite: boolean;
  /** Engine, tiles and whatever else raw maps depend on, as text. */
  readonly settings: string;
  readonly reporter: Reporter;
}

/** What was segmented. */
export interface Segmented {
  readonly runs: readonly SegmentedRun[];
  /** Runs of an earlier call. */
  readonly skipped: readonly string[];
  /** File with names, labels, colours and the set. */
  readonly configuration: string;
}

const scratchName = ".scratch";
const configurationName = "features.json";

/**
 * Segments all runs that are not finished. Raw maps of models lie in a scratch folder meanwhile; each run's record is written
 * once its files are whole.
 *
 * @throws PickbenchError BadUsage where something else is there; Stopped when the user asks to stop
 */
export async function segmentAll(request: SegmentRequest): Promise<Segmented> {
  const { out, sources, overwrite, reporter } = request;
  await mkdir(out, { recursive: true });
  return withLock(join(out, "segment.lock"), out, async () => {
    const plan = await planRuns(request);
    const waiting = plan.filter(({ record }) => record === undefined);
    const skipped = plan.flatMap(({ record, found }) => (record ? [found.run] : []));
    await checkFree(
      waiting.flatMap(({ files }) => files),
      overwrite,
    );
    await checkLinks(
      out,
      waiting.flatMap(({ files }) => files),
    );
    const configuration = await writeConfiguration(request);
    if (skipped.length > 0)
      reporter.note(
        `${out}: ${skipped.length} of ${plan.length} runs are finished and skipped: ${skipped.join(", ")}`,
      );
    const dilation = openDilation();
    const runs: SegmentedRun[] = [];
    try {
      for (const { found, key, record } of plan)
        runs.push(record ?? (await segmentRun(request, found, key, dilation)));
    } catch (error) {
      if (!reporter.signal.aborted) throw error;
      throw new PickbenchError(
        "Stopped",
        `stopped with ${skipped.length + runs.filter(({ run }) => !skipped.includes(run)).length} of ${sources.runs.length} runs finished; give the same command again to go on from there`,
      );
    } finally {
      await dilation.close();
    }
    await rm(join(out, scratchName), { recursive: true, force: true });
    return { runs, skipped, configuration };
  });
}

interface PlannedRun {
  readonly found: FoundRun;
  readonly key: string;
  readonly files: readonly string[];
  readonly record: SegmentedRun | undefined;
}

async function planRuns(request: SegmentRequest): Promise<PlannedRun[]> {
  const { set, sources, out, form, labels, settings, overwrite } = request;
  const plan: PlannedRun[] = [];
  for (const found of sources.runs) {
    const made = [featureSetHash(set), found.stamp, settings, { ...form }, labels, ownVersion()];
    const key = hashOf(canonicalJson(made));
    const files = filesOf(request, found);
    plan.push({ found, key, files, record: overwrite ? undefined : await findRecord(out, found.run, key) });
  }
  return plan;
}

const targetOf = ({ set, out, form }: SegmentRequest, found: FoundRun): ProbabilityTarget => {
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

const filesOf = (request: SegmentRequest, found: FoundRun): string[] => [
  ...probabilityPaths(request.form.format, targetOf(request, found)),
  ...(request.labels ? [labelsPath(request, found)] : []),
];

/** Path of a run's identities, in copick's layout whatever the maps' format is. */
const labelsPath = ({ out, form }: SegmentRequest, { run, voxelSpacing }: FoundRun): string =>
  copickPath({ folder: out, run, voxelSpacing, session: form.session }, "features", "-multilabel");

async function segmentRun(
  request: SegmentRequest,
  found: FoundRun,
  key: string,
  dilation: Dilation,
): Promise<SegmentedRun> {
  const { set, out, reporter } = request;
  reporter.signal.throwIfAborted();
  const scratch = scratchOf(out, found.run);
  const raw = await rawRun(request, found, scratch);
  const conditioned = await conditionRun(set, raw, dilation.dilate, reporter);
  const features = await writeMaps(request, found, conditioned);
  const identities = request.labels ? await writeLabels(request, found, conditioned) : null;
  const record = await writeRecord(out, {
    run: found.run,
    key,
    files: filesOf(request, found),
    features,
    identities,
  });
  await rm(scratch, { recursive: true, force: true });
  return record;
}

/** Folder of a run's raw maps while it is segmented. */
const scratchOf = (out: string, run: string): string =>
  inside(join(out, scratchName), checkedName(run, { what: "run" }), { what: "run" });

/** Opens the raw maps of a run, those of models computed first, one model after another. */
export async function rawRun(
  {
    sources,
    dataset,
    settings,
    reporter,
  }: Pick<SegmentRequest, "sources" | "dataset" | "settings" | "reporter">,
  found: FoundRun,
  scratch: string,
): Promise<RawRun> {
  const maps = new Map(found.maps);
  for (const model of sources.models)
    for (const [at, map] of await rawMaps(model, {
      sources,
      dataset: dataset!,
      found,
      scratch,
      settings,
      reporter,
    }))
      maps.set(at, map);
  const places = [...maps.keys()].sort((a, b) => a - b);
  const readers = await Promise.all(places.map((at) => openFeatureMap(maps.get(at)!)));
  return { run: found.run, shape: found.shape, spacing: found.spacing, readers };
}

async function writeMaps(
  request: SegmentRequest,
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
        for (const value of values.get(name)!) if (value > threshold) count++;
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

async function writeLabels(
  request: SegmentRequest,
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
  const voxel = spacing[0] * spacing[1] * spacing[2];
  return Object.fromEntries(
    [...counts].map(([name, voxels]) => [name, { voxels, volume: voxels * voxel, share: voxels / all }]),
  );
}

/**
 * Writes what the maps and labels mean: a copick configuration's objects, with colours and hashes, and the set in full.
 *
 * @throws PickbenchError BadUsage where the folder holds maps of another set
 */
async function writeConfiguration(request: SegmentRequest): Promise<string> {
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
