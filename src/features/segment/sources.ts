/** Where the maps of a feature set come from: ready maps on disk, and models, of which each runs once for all its features. */
import { findRun } from "../../data/dataset.js";
import { tomogramStamp } from "../../data/manifest.js";
import type { Dataset } from "../../data/model.js";
import { isOneGrid, type Shape3, type Spacing3 } from "../../domain/volume.js";
import { type FeatureMap, findFeatureMaps } from "../../infer/maps/featureMaps.js";
import { openProbabilities } from "../../infer/predict/probabilityStores.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashFile, hashOf } from "../../system/files.js";
import { suggestion } from "../../system/nearest.js";
import type { Reporter } from "../../system/reporter.js";
import { readSettings } from "../../train/checkpoint/checkpoint.js";
import { modelPath } from "../../train/checkpoint/models.js";
import { type Detector, type DetectorOptions, openDetector } from "../../train/submit/detector.js";
import { coloursOf } from "../set/colours.js";
import type { Feature, FeatureSet } from "../set/schema.js";

/** A model and the features that it segments. */
export interface Model {
  readonly path: string;
  readonly sha256: string;
  /** Its outputs by the place of the feature in the set. */
  readonly outputs: ReadonlyMap<number, string>;
  /** What it adds to positions that are picked, Å along x, y, z. */
  readonly offset: readonly [x: number, y: number, z: number];
}

/** What a run's maps lie on. */
export interface Grid {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Å per voxel as copick's file names have it. */
  readonly voxelSpacing: number;
}

/** A run that can be segmented: all its maps and tomograms are there, on one grid. */
export interface FoundRun extends Grid {
  readonly run: string;
  /** Ready maps by the place of the feature in the set. */
  readonly maps: ReadonlyMap<number, FeatureMap>;
  /** Changes whenever a map or tomogram does. */
  readonly stamp: string;
}

/** What a set's maps are made with, besides the set. */
export interface SourcesRequest {
  readonly set: FeatureSet;
  /** Absent where all maps are ready. */
  readonly dataset?: Dataset | undefined;
  /** Runs; all that there are if absent. */
  readonly runs?: readonly string[] | undefined;
  /** Paths of ready maps of all features, in place of what the set says, and how they are scaled. */
  readonly instead?: { readonly paths: readonly string[]; readonly scale?: number | undefined } | undefined;
  readonly options: DetectorOptions;
  readonly reporter: Reporter;
}

/** The sources of a set, opened. */
export interface Sources {
  readonly models: readonly Model[];
  readonly runs: readonly FoundRun[];
  /** Opens a model; it stays open until another is asked for. */
  detectorOf(model: Model): Promise<Detector>;
  close(): Promise<void>;
}

/**
 * Finds what a set needs of every run, before any is segmented.
 *
 * @throws PickbenchError BadUsage where a model has no such output, or models have no data; BadDataset where a run lacks a
 * map, or its maps are of several shapes or spacings
 */
export async function openSources(request: SourcesRequest): Promise<Sources> {
  const { set, dataset, options } = request;
  const models = request.instead ? [] : await modelsOf(set);
  if (models.length > 0 && dataset === undefined)
    throw new PickbenchError(
      "BadUsage",
      `the set's model ${models[0]!.path} segments tomograms, and there are none; name the data set with --data`,
    );
  const maps = await readyMaps(request);
  const runs = runsOf(request, maps);
  let open: { readonly path: string; readonly detector: Detector } | undefined;
  const close = async (): Promise<void> => {
    const last = open;
    open = undefined;
    await last?.detector.close();
  };
  const detectorOf = async ({ path }: Model): Promise<Detector> => {
    if (open?.path === path) return open.detector;
    await close();
    open = { path, detector: await openDetector([path], options) };
    return open.detector;
  };
  const seen = new Map<string, Seen[]>(runs.map((run) => [run, []]));
  try {
    for (const model of models)
      for (const run of runs)
        seen.get(run)!.push(await seenTomogram(set, model, await detectorOf(model), dataset!, run));
    for (const run of runs)
      for (const [at, map] of maps.get(run) ?? []) seen.get(run)!.push(await seenMap(set, at, map));
    const found = runs.map((run) => foundRun(run, maps.get(run) ?? new Map(), seen.get(run)!));
    return { models, runs: found, detectorOf, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Groups a set's models by their files. @throws as `openSources` */
async function modelsOf({ features }: FeatureSet): Promise<Model[]> {
  const models = new Map<string, Map<number, string>>();
  for (const [at, { name, model, output = name }] of features.entries()) {
    if (model === undefined) continue;
    const path = await modelPath(model);
    const outputs = models.get(path) ?? new Map<number, string>();
    models.set(path, outputs.set(at, output));
  }
  return Promise.all(
    [...models].map(async ([path, outputs]) => {
      const { picking, features: segmented = [], experiment } = await readSettings(path);
      const known = [...picking.keys(), ...segmented.map(({ name }) => name)];
      for (const [at, output] of outputs) {
        if (known.includes(output)) continue;
        const meant = suggestion(output, known) || `; it has ${known.join(", ")}: name one with output`;
        throw new PickbenchError(
          "BadUsage",
          `${features[at]!.name}: ${path} has no output ${JSON.stringify(output)}${meant}`,
          { path },
        );
      }
      return { path, sha256: await hashFile(path), outputs, offset: experiment.data.offset };
    }),
  );
}

type ReadyMaps = ReadonlyMap<string, ReadonlyMap<number, FeatureMap>>;

/** Finds the ready maps of each run. */
async function readyMaps({ set: { features }, runs, instead, reporter }: SourcesRequest): Promise<ReadyMaps> {
  const groups = new Map<string, number[]>();
  const placeOf = ({ maps, scale }: Feature) =>
    instead ?? (maps === undefined ? undefined : { paths: [maps], scale });
  for (const [at, feature] of features.entries()) {
    const place = placeOf(feature);
    if (place === undefined) continue;
    const key = canonicalJson(place);
    groups.set(key, [...(groups.get(key) ?? []), at]);
  }
  const byRun = new Map<string, Map<number, FeatureMap>>();
  for (const places of groups.values()) {
    const { paths, scale } = placeOf(features[places[0]!]!)!;
    const channels = places.map((at) => features[at]!.channel ?? features[at]!.name);
    const found = await findFeatureMaps(paths, { features: [...new Set(channels)], runs, scale, reporter });
    for (const map of found)
      for (const [index, at] of places.entries()) {
        if (channels[index] !== map.type) continue;
        const ofRun = byRun.get(map.run) ?? new Map<number, FeatureMap>();
        byRun.set(map.run, ofRun.set(at, map));
      }
  }
  return byRun;
}

/** Lists the runs to segment. @throws PickbenchError BadDataset where one of them lacks a map */
function runsOf({ set, dataset, runs: asked, instead }: SourcesRequest, maps: ReadyMaps): readonly string[] {
  const runs = asked ??
    dataset?.runs.flatMap(({ name, tomograms }) => (tomograms.length > 0 ? [name] : [])) ?? [...maps.keys()];
  for (const run of runs)
    for (const [at, { name, maps: path }] of set.features.entries()) {
      if ((path === undefined && !instead) || maps.get(run)?.has(at)) continue;
      throw new PickbenchError(
        "BadDataset",
        `${instead?.paths.join(", ") ?? path}: no map of ${name} of run ${run}; make it, or choose others with --runs`,
      );
    }
  return runs;
}

/** A map or tomogram that was looked at. */
interface Seen extends Grid {
  readonly what: string;
  readonly stamp: string;
}

async function seenTomogram(
  { features }: FeatureSet,
  { sha256, outputs }: Model,
  detector: Detector,
  dataset: Dataset,
  run: string,
): Promise<Seen> {
  findRun(dataset, run);
  const reader = await detector.find(dataset, run);
  const { shape, spacing, ref } = reader;
  const names = [...outputs.keys()].map((at) => features[at]!.name);
  return {
    what: `the tomogram of ${names.join(", ")} (${ref.path})`,
    shape,
    spacing,
    voxelSpacing: ref.voxelSpacing ?? spacing[2],
    stamp: canonicalJson([sha256, [...outputs], await tomogramStamp(reader)]),
  };
}

async function seenMap({ features }: FeatureSet, at: number, map: FeatureMap): Promise<Seen> {
  const { reader } = await openProbabilities(map.store);
  const { shape, spacing } = reader;
  const stamp = canonicalJson([at, map.channel, map.scale ?? null, await tomogramStamp(reader)]);
  const what = `the map of ${features[at]!.name} (${map.store})`;
  return { what, shape, spacing, voxelSpacing: spacing[2], stamp };
}

function foundRun(run: string, maps: ReadonlyMap<number, FeatureMap>, seen: readonly Seen[]): FoundRun {
  const [first, ...others] = seen;
  const sizes = ({ shape, spacing }: Seen): string =>
    `${shape.join("×")} voxels of ${spacing.map((length) => Number(length.toPrecision(5))).join("×")} Å`;
  for (const other of others) {
    if (!isOneGrid(other, first!))
      throw new PickbenchError(
        "BadDataset",
        `${run}: ${other.what} has ${sizes(other)}, ${first!.what} ${sizes(first!)}; bring all maps of a run onto one grid`,
      );
  }
  const { shape, spacing, voxelSpacing } = first!;
  return {
    run,
    maps,
    shape,
    spacing,
    voxelSpacing,
    stamp: hashOf(canonicalJson(seen.map((each) => each.stamp))),
  };
}

/** Describes a set's features: names, labels, colours, and where their maps come from, files by their hashes. */
export function describeFeatures(set: FeatureSet, models: readonly Model[]): Record<string, unknown>[] {
  const colours = coloursOf(set);
  return set.features.map(({ name, maps, channel, output }, at) => {
    const model = models.find(({ outputs }) => outputs.has(at));
    const source = model
      ? { model: model.sha256, output: output ?? name }
      : { maps: maps ?? "", channel: channel ?? name };
    return { name, label: at + 1, colour: colours.get(name), source };
  });
}
