/** Bringing one run's entry up to date: what its files' stamps say has changed is measured again, the rest stays. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { findTomogram, tomogramsNamed, usualTomogram } from "../data/dataset.js";
import type { Dataset, Run, TomogramRef } from "../data/model.js";
import { readPickedTruth } from "../data/picks.js";
import { ensureLocal } from "../data/remote/mirror.js";
import { isPickbenchError, PickbenchError } from "../system/errors.js";
import { canonicalJson, writeWhole } from "../system/files.js";
import { type FeatureFacts, type ParticleFacts, readEntry, type SurveyEntry, writeEntry } from "./entry.js";
import { type Summary, summarySource } from "./export/summaryStar.js";
import type { SurveySettings } from "./folder.js";
import type { MapOpener, ScaledMap, StoresByRun } from "./maps.js";
import type { MeasuredRun, MeasureTask } from "./measure/measureRun.js";
import { isWholeParquet, type PicksWriter } from "./picks/parquet.js";
import { picksOfRun } from "./picks/runPicks.js";
import type { FilesByRun, PicksReader } from "./picks/sources.js";
import { imagesPath, picksPath, projectionImage, sliceImage } from "./places.js";
import { stampOf, stampOfFiles } from "./stamps.js";

/** What all runs of a build share. */
interface BuildContext {
  readonly folder: string;
  readonly dataset: Dataset;
  readonly settings: SurveySettings;
  readonly stores: StoresByRun;
  readonly files: FilesByRun;
  readonly summary: Summary | undefined;
  readonly opener: MapOpener;
  readonly reader: PicksReader;
  readonly writer: PicksWriter;
  readonly measure: (task: MeasureTask) => Promise<MeasuredRun>;
}

/**
 * Brings a run's entry up to date.
 *
 * @returns whether it changed
 * @throws PickbenchError for files that are faulty
 */
export async function updateRun(run: Run, context: BuildContext): Promise<boolean> {
  const { folder, files } = context;
  const before = await entryBefore(folder, run.name);
  const { tomogram, features } = await updatedVolumes(run, before, context);
  const stamp = stampOf([
    await truthStamp(run, context.dataset),
    files.get(run.name)?.stamp ?? null,
    tomogram?.stamp ?? null,
  ]);
  const isKept =
    before?.picks.stamp === stamp &&
    (before.picks.rows === 0 || (await isWholeParquet(picksPath(folder, run.name))));
  const { picks, particles } = isKept
    ? { picks: before.picks, particles: before.particles.filter(({ source }) => source !== summarySource) }
    : await updatedPicks(run, tomogram, stamp, context);
  const given = context.summary?.runs.get(run.name);
  const entry: SurveyEntry = {
    ...{ version: 1, run: run.name, tomogram },
    features: [...features, ...givenFeatures(features, given, context)].sort(byName),
    ...{ picks, particles: [...particles, ...givenParticles(given)] },
  };
  await removeImages(folder, entry);
  if (before && canonicalJson(before) === canonicalJson(entry)) return false;
  await writeEntry(folder, entry);
  return true;
}

const byName = (a: FeatureFacts, b: FeatureFacts): number => (a.name < b.name ? -1 : 1);

/** A damaged entry, or one of another version, is as good as none. */
const entryBefore = (folder: string, run: string): Promise<SurveyEntry | undefined> =>
  readEntry(folder, run).catch((error: unknown) => {
    if (isPickbenchError(error, "BadDataset")) return undefined;
    throw error;
  });

/** Measures the run's tomogram and maps where they changed. */
async function updatedVolumes(
  run: Run,
  before: SurveyEntry | undefined,
  { folder, dataset, settings, stores, opener, measure }: BuildContext,
): Promise<Pick<SurveyEntry, "tomogram" | "features">> {
  const { threshold, dust, scale } = settings;
  const ref = tomogramOf(run, settings);
  if (ref) await ensureLocal(ref.path, dataset.access);
  const stamp =
    ref && (await stampOfFiles([ref.path], [ref.tomoType, ref.givenSpacing ?? null, ref.nan ?? null]));
  const isNew = ref !== undefined && before?.tomogram?.stamp !== stamp;
  const known = ref ? (before?.tomogram ?? null) : null;
  const kept: FeatureFacts[] = [];
  const maps: ScaledMap[] = [];
  const stamps = new Map<string, string>();
  for (const store of stores.get(run.name) ?? []) {
    stamps.set(store, await stampOfFiles([store], [threshold, dust, scale ?? null]));
    const same =
      before?.features.filter(({ path, stamp: its }) => path === store && its === stamps.get(store)) ?? [];
    if (same.length > 0) kept.push(...same);
    else maps.push(...(await opener.open(store)));
  }
  if (!isNew && maps.length === 0) {
    checkTwice(run.name, kept);
    return { tomogram: known, features: kept };
  }
  const measured = await measure({ tomogram: isNew ? ref : null, maps, settings: { threshold, dust } });
  const tomogram =
    measured.tomogram && ref && stamp
      ? { stamp, path: ref.path, type: ref.tomoType, ...measured.tomogram.facts }
      : known;
  const features = maps.map(
    (map, at): FeatureFacts => ({
      ...{ name: map.type, stamp: stamps.get(map.store)!, path: map.store },
      ...{ scale: map.scale ?? null, voxelType: map.voxelType },
      ...measured.features[at]!.facts,
    }),
  );
  const all = [...kept, ...features];
  checkTwice(run.name, all);
  for (const feature of features) checkSize(feature, tomogram);
  const images = imagesPath(folder, run.name);
  if (measured.tomogram) await writeWhole(join(images, sliceImage), measured.tomogram.picture);
  for (const [at, { name }] of features.entries())
    await writeWhole(join(images, projectionImage(name)), measured.features[at]!.picture);
  return { tomogram, features: all };
}

/** The reconstruction that was asked for; else the usual one, else the first. */
function tomogramOf(run: Run, { tomogram, nan }: SurveySettings): TomogramRef | undefined {
  if (run.tomograms.length === 0) return undefined;
  const ref =
    tomogram === undefined
      ? (tomogramsNamed(run, usualTomogram)[0] ?? run.tomograms[0]!)
      : findTomogram(run, tomogram);
  return nan === undefined ? ref : { ...ref, nan };
}

/** @throws PickbenchError BadDataset where two maps are of one feature */
function checkTwice(run: string, features: readonly FeatureFacts[]): void {
  const seen = new Map<string, string>();
  for (const { name, path } of features) {
    const other = seen.get(name);
    if (other !== undefined)
      throw new PickbenchError(
        "BadDataset",
        `${path} and ${other} are both maps of ${name} in ${run}; leave one out`,
        { path },
      );
    seen.set(name, path);
  }
}

/** Sizes of a map and its tomogram differ by no more than this share, and this many of the tomogram's voxels. */
const sizeShare = 0.03;
const sizeVoxels = 2;

/** @throws PickbenchError BadDataset where a map does not cover its tomogram: the rim that binning drops aside */
function checkSize({ name, path, size }: FeatureFacts, tomogram: SurveyEntry["tomogram"]): void {
  if (tomogram === null || size === null) return;
  const { shape, spacing } = tomogram;
  const whole = shape.map((voxels, axis) => voxels * spacing[axis]!);
  const isFit = whole.every(
    (length, axis) => Math.abs(size[axis]! - length) <= sizeShare * length + sizeVoxels * spacing[axis]!,
  );
  if (isFit) return;
  const text = (lengths: readonly number[]) => lengths.map((length) => length.toFixed(0)).join("×");
  throw new PickbenchError(
    "BadDataset",
    `${path}: the map of ${name} is ${text(size)} Å along z, y, x, and its tomogram ${tomogram.path} ${text(whole)} Å; is it another tomogram's, or has one of them a wrong voxel size? Give --spacing, or another --maps`,
    { path },
  );
}

/** Stamp of the picks in the data set itself. */
const truthStamp = ({ name, annotations = [] }: Run, { roots }: Dataset): Promise<string> =>
  stampOfFiles([
    ...roots.map((root) => join(root, "ExperimentRuns", name, "Picks")),
    ...annotations.map(({ path }) => path),
  ]);

async function updatedPicks(
  run: Run,
  tomogram: SurveyEntry["tomogram"],
  stamp: string,
  { folder, dataset, files, reader, writer }: BuildContext,
): Promise<{ readonly picks: SurveyEntry["picks"]; readonly particles: ParticleFacts[] }> {
  const truth = (await readPickedTruth({ ...dataset, runs: [run] })).get(run.name) ?? null;
  const { rows, particles } = await picksOfRun(run.name, files.get(run.name)?.files ?? [], {
    truth: { picks: truth, particles: dataset.particles },
    ...{ tomogram, reader },
  });
  await writer.write(picksPath(folder, run.name), rows);
  return { picks: { stamp, rows: rows.length }, particles };
}

type Given = NonNullable<ReturnType<Summary["runs"]["get"]>>;

/** Features that a summary has and no map: their soft volumes alone are known. */
function givenFeatures(
  measured: readonly FeatureFacts[],
  given: Given | undefined,
  { settings, summary }: BuildContext,
): FeatureFacts[] {
  return [...(given?.features ?? [])]
    .filter(([name]) => !measured.some((each) => each.name === name))
    .map(([name, softPercent]) => ({
      ...{ name, stamp: summary!.stamp, path: settings.summary!, scale: null, voxelType: null, size: null },
      ...{ softPercent, softVolume: null, percent: null, volume: null, components: null, largest: null },
    }));
}

const givenParticles = (given: Given | undefined): ParticleFacts[] =>
  [...(given?.particles ?? [])].map(([type, count]) => ({
    ...{ source: summarySource, type, count, score: null, verdicts: null, context: [] },
  }));

/** Removes projections of features that are there no longer. */
async function removeImages(folder: string, { run, features }: SurveyEntry): Promise<void> {
  const images = imagesPath(folder, run);
  const names = await readdir(images).catch(() => []);
  const wanted = new Set([sliceImage, ...features.map(({ name }) => projectionImage(name))]);
  for (const name of names) if (!wanted.has(name)) await rm(join(images, name), { force: true });
}
