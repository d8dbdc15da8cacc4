/** Segmenting of a feature set, for the commands that take one. */
import { join } from "node:path";
import { openDataset } from "../../data/dataset.js";
import type { Dataset } from "../../data/model.js";
import type { EngineName, Precision } from "../../engines/engine.js";
import { removeRecords } from "../../features/segment/ledger.js";
import { type Segmented, segmentAll } from "../../features/segment/segmentAll.js";
import { openSources, type Sources } from "../../features/segment/sources.js";
import type { MapsForm } from "../../features/segment/written.js";
import { readFeatureSet } from "../../features/set/featureSet.js";
import { isFeatureSet } from "../../features/set/path.js";
import type { FeatureSet } from "../../features/set/schema.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson } from "../../system/files.js";
import type { Reporter } from "../../system/reporter.js";
import { engineOf, openRuns, type TilingFlags, tilingOf } from "../detect/detectorOptions.js";
import type { engineOption } from "../shared/flags.js";
import { checkWritable, runNames, threadsOf } from "../shared/flags.js";
import { planChunks } from "../shared/queue/chunks.js";
import { checkIdle, doQueued } from "../shared/queue/doing.js";
import type { Queue } from "../shared/queue/flags.js";

/** Flags of `withDetectionFlags` as they are given. */
export interface DetectionFlags extends TilingFlags {
  readonly runs?: string | undefined;
  readonly spacing?: number | undefined;
  readonly tomogram?: string | undefined;
  readonly nan?: "blank" | undefined;
  readonly engine?: (typeof engineOption.choices)[number] | undefined;
  readonly precision?: Precision | undefined;
  readonly threads?: number | undefined;
  readonly allowCode?: string[] | undefined;
}

/** An opened feature set. */
export interface OpenedSet {
  readonly set: FeatureSet;
  readonly dataset: Dataset | undefined;
  readonly sources: Sources;
  readonly engine: EngineName;
  readonly threads: number;
  /** Whatever raw maps of models depend on besides model and tomogram, as text. */
  readonly settings: string;
}

/** Returns the one feature set among arguments; undefined where there are only checkpoints. @throws BadUsage for a mix */
export function featureSetAmong(given: readonly string[]): string | undefined {
  const sets = given.filter(isFeatureSet);
  if (sets.length === 0 || given.length === 1) return sets[0];
  throw new PickbenchError(
    "BadUsage",
    `${sets[0]} is a feature set, which goes alone: it names its own models; leave out the others`,
  );
}

/** Opens a feature set with all that it is made of; its sources are to be closed. */
export async function openSet(
  path: string,
  data: string | undefined,
  flags: DetectionFlags,
  reporter: Reporter,
): Promise<OpenedSet> {
  const set = await readFeatureSet(path);
  const hasModels = set.features.some(({ model }) => model !== undefined);
  const threads = threadsOf(flags.threads);
  const tiling = tilingOf(flags);
  const opened = data === undefined ? undefined : await openDataOf(data, flags, hasModels, reporter);
  const engine = await engineOf(flags.engine);
  const { precision, tomogram, nan, allowCode, spacing } = flags;
  const options = { engine, threads, precision, tomogram, nan, tiling, allowCode };
  const runs = opened?.runs ?? (flags.runs === undefined ? undefined : runNames("runs", flags.runs));
  const dataset = opened?.dataset;
  const sources = await openSources({ set, dataset, runs, options, reporter });
  const parts = { engine, threads, precision, tomogram, nan, tiling, spacing };
  return { set, dataset, sources, engine, threads, settings: hasModels ? canonicalJson(parts) : "" };
}

async function openDataOf(
  data: string,
  { runs, spacing }: DetectionFlags,
  hasModels: boolean,
  reporter: Reporter,
): Promise<{ dataset: Dataset; runs: string[] | undefined }> {
  if (hasModels) return openRuns(data, runs, reporter, spacing);
  const dataset = await openDataset(data, { prefer: "test", spacing, reporter });
  return { dataset, runs: runs === undefined ? undefined : runNames("runs", runs) };
}

/** Flags of the commands that segment a set. */
type SetFlags = DetectionFlags & {
  readonly data: string | undefined;
  readonly out: string;
  readonly overwrite: boolean;
};

/** Segments a set as `segment` and `predict` do. */
export async function segmentSet(
  path: string,
  flags: SetFlags,
  {
    form,
    labels,
    reporter,
    isPart = false,
  }: { form: MapsForm; labels: boolean; reporter: Reporter; isPart?: boolean },
): Promise<Segmented> {
  const { data, out, overwrite } = flags;
  if (form.voxels !== undefined && form.format !== "mrc")
    throw new PickbenchError(
      "BadUsage",
      `--voxels is of MRC files, and --format ${form.format} writes float32; leave it out, or add --format mrc`,
    );
  await checkWritable("out", out, "folder");
  const { set, dataset, sources, settings } = await openSet(path, data, flags, reporter);
  try {
    return await reporter.stoppable("step", () =>
      segmentAll({ set, sources, dataset, out, form, labels, overwrite, settings, reporter, isPart }),
    );
  } finally {
    await sources.close();
  }
}

/** Hands the runs out, some a task; the last task finds them finished and says what is in them. */
export async function segmentQueued(
  queue: Queue,
  command: string,
  features: string,
  { json, ...flags }: SetFlags & { readonly json: boolean | undefined },
  reporter: Reporter,
): Promise<void> {
  const { out, overwrite } = flags;
  await checkWritable("out", out, "folder");
  if (overwrite) await checkIdle(out);
  const { sources } = await openSet(features, flags.data, flags, reporter);
  const runs = sources.runs.map(({ run }) => run);
  await sources.close();
  if (overwrite) await removeRecords(out, runs);
  const planned = planChunks(queue, runs, [join(out, "features.json")], { joining: { overwrite: true } });
  await doQueued(queue, { command, out, overwrite, json, reporter, ...planned });
}
