/** Runs a model over a tomogram into a scratch store, so that rules can read its maps slab by slab. */
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../../data/model.js";
import { createOmeZarr } from "../../formats/zarr/writer.js";
import { type FeatureMap, type MapReader, openFeatureMap } from "../../infer/maps/featureMaps.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashOf } from "../../system/files.js";
import { type Reporter, startCounting } from "../../system/reporter.js";
import { unlessAborted } from "../../train/submit/detectAll.js";
import { oddities } from "../../train/submit/oddities.js";
import type { RawRun } from "./conditioned.js";
import type { FoundRun, Model, Sources } from "./sources.js";

/** What a model is run on, and where its raw maps are kept. */
export interface ModelWork {
  readonly sources: Sources;
  readonly dataset: Dataset;
  readonly found: FoundRun;
  /** The run's own scratch folder. */
  readonly scratch: string;
  /** Everything that raw maps depend on besides model and tomogram, as text. */
  readonly settings: string;
  readonly reporter: Reporter;
}

/**
 * Returns a model's raw maps by the place of each feature in the set; a store that an earlier call has finished is taken
 * as it is.
 *
 * @throws the signal's reason once the reporter's signal is aborted, after the tile
 */
export async function rawMaps(model: Model, work: ModelWork): Promise<ReadonlyMap<number, FeatureMap>> {
  const { found, scratch, settings } = work;
  const types = [...new Set(model.outputs.values())].sort();
  const key = hashOf(canonicalJson([model.sha256, types, found.stamp, settings]));
  const store = join(scratch, `${key.slice(0, 24)}.zarr`);
  await mkdir(scratch, { recursive: true });
  if (!(await stat(store).catch(() => undefined))) await predictInto(store, types, model, work);
  return new Map(
    [...model.outputs].map(([at, output]) => [
      at,
      { store, run: found.run, type: output, channel: types.indexOf(output) },
    ]),
  );
}

async function predictInto(
  store: string,
  types: readonly string[],
  model: Model,
  work: ModelWork,
): Promise<void> {
  const { sources, dataset, found, reporter } = work;
  const { run, shape, spacing } = found;
  const detector = await sources.detectorOf(model);
  const views = await detector.read(dataset, run);
  for (const line of oddities(run, views[0]!, detector.contrast)) reporter.note(line);
  const writer = await createOmeZarr(store, { shape, spacing, channels: types, chunkShape: [32, 128, 128] });
  const progress = startCounting(reporter, `predicting ${types.join(", ")} of ${run}`, "tiles");
  const predicting = detector.predictor.predict(
    views,
    async ({ zStart, values }) => {
      for (const [channel, type] of types.entries())
        await writer.writeSlab(zStart, values.get(type)!, channel);
    },
    progress.update,
  );
  try {
    await unlessAborted(predicting, reporter.signal);
    await writer.close();
  } catch (error) {
    await sources.close();
    await predicting.catch(() => undefined);
    await writer.discard();
    throw error;
  } finally {
    progress.stop();
  }
}

/** What a run's raw maps come from. */
export type RawRequest = Pick<ModelWork, "sources" | "settings" | "reporter"> & {
  readonly dataset: Dataset | undefined;
};

/** How far beyond 0 and 1 values may lie, as interpolation leaves them. */
const overshoot = 0.1;

/** Opens a map whose values have to be probabilities: thresholds and comparisons mean nothing for others. */
async function openProbable(map: FeatureMap): Promise<MapReader> {
  const reader = await openFeatureMap(map);
  return {
    ...reader,
    async readSlab(zStart, zEnd) {
      const values = await reader.readSlab(zStart, zEnd);
      const odd = values.find((value) => value < -overshoot || value > 1 + overshoot);
      if (odd === undefined) return values;
      throw new PickbenchError(
        "BadDataset",
        `${map.store}: its map of ${map.type} in run ${map.run} holds ${odd}, wanted probabilities from 0 to 1; say with scale which value stands for 1, or bring the maps there`,
        { path: map.store },
      );
    },
  };
}

/**
 * Opens the raw maps of a run, those of models computed first, one model after another.
 *
 * @throws PickbenchError BadDataset, from a reader, where values lie beyond 0 and 1
 */
export async function rawRun(
  { sources, dataset, settings, reporter }: RawRequest,
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
  const readers = await Promise.all(places.map((at) => openProbable(maps.get(at)!)));
  return { run: found.run, shape: found.shape, spacing: found.spacing, readers };
}
